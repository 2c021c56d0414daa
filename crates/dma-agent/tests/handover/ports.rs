//! Ports of the configuration: a TAP interface passes on as it is, everything else is opened anew.

use dma_agent::control::{Ask, Reply};

use crate::common::{Raw, frame};
use crate::dynasty::{Dynasty, eventually};
use crate::host::Host;

#[test]
fn a_tap_interface_stays_the_one_it_was_with_all_that_was_done_to_it() {
    let Some(host) = Host::new("a_tap_interface_stays_the_one_it_was") else {
        return;
    };
    let config = "[[port]]\nname = 'host'\ntype = 'tap'\ninterface = 'tap0'\ndid = 40\n";
    let mut agents = Dynasty::start_on(&host, config);
    // What an administrator does by hand is in no configuration.
    host.ip("address add 10.9.8.7/24 dev tap0");
    host.ip("neigh add 10.9.8.1 lladdr 02:00:00:00:00:0a dev tap0");
    let before = host.ip("-o link show tap0");
    let mut one = Raw::register_text(&agents.0, "one", 10, 256);
    one.post(1023);
    for number in 0..3 {
        one.send(&frame(0xFF, 0xA, number, 60), 'A', None);
        one.completion();
        eventually("the host gets it", || {
            (agents.port("host")?.sent == number + 1).then_some(())
        });
        agents = agents.succeed_on(&host);
    }
    assert_eq!(host.ip("-o link show tap0"), before, "the same interface");
    assert!(host.ip("-o address show tap0").contains("10.9.8.7/24"));
    let port = agents.port("host").expect("there");
    assert_eq!((port.kind.as_str(), port.did, port.lost), ("tap", 40, None));
    let from_host = || {
        let socket = std::net::UdpSocket::bind("10.9.8.7:0").expect("its address");
        socket.send_to(b"still here", "10.9.8.1:9").expect("sent")
    };
    host.run(from_host);
    let mut received = (0..).map(|at| one.receive(at).0);
    let found = received.find(|frame| frame.windows(10).any(|part| part == b"still here"));
    assert!(found.is_some(), "frames of the host come through");
}

#[test]
fn a_tap_interface_follows_the_configuration_of_the_successor() {
    let Some(host) = Host::new("a_tap_interface_follows_the_configuration_of_the_successor") else {
        return;
    };
    let tap = "[[port]]\nname = 'host'\ntype = 'tap'\ninterface = 'mine'\n";
    let mut agents = Dynasty::start_on(&host, tap);
    let index = host
        .ip("-o link show mine")
        .split(':')
        .next()
        .map(str::to_owned);
    agents.configure(&format!("{tap}mtu = 1400\naddress = '10.1.2.3/24'\n"));
    agents = agents.succeed_on(&host);
    let link = host.ip("-o link show mine");
    assert_eq!(link.split(':').next().map(str::to_owned), index);
    assert!(link.contains("mtu 1400"), "{link}");
    assert!(host.ip("-o address show mine").contains("10.1.2.3/24"));
    agents.configure("");
    agents = agents.succeed_on(&host);
    assert!(agents.port("host").is_none());
    assert!(
        !host.ip("-o link show").contains("mine"),
        "it goes with its port"
    );
}

#[test]
fn other_ports_are_opened_anew_and_stay_what_they_are_to_the_others() {
    let config = "[metrics]\nlisten = '127.0.0.1:0'\n\
        [[port]]\nname = 'vpp'\ntype = 'memif-server'\nsocket = 'DIR/vpp.sock'\n\
        [[port]]\nname = 'sink'\ntype = 'dump'\npath = 'DIR/sink.pcapng'\n";
    let mut agents = Dynasty::start(config);
    let dids = |agents: &Dynasty| {
        ["vpp", "sink"].map(|name| agents.port(name).map(|port| (port.did, port.lost)))
    };
    let before = dids(&agents);
    let mut one = Raw::register_text(&agents.0, "one", 10, 256);
    one.send(&frame(0xFF, 0xA, 1, 60), 'A', None);
    one.completion();
    let sent = agents.port("sink").expect("there").sent;
    assert_eq!(sent, 1);
    agents.succeed();
    assert_eq!(dids(&agents), before);
    assert!(agents.path("vpp.sock").exists(), "the successor listens");
    assert_eq!(agents.port("sink").expect("there").sent, 1);
    one.send(&frame(0xFF, 0xA, 2, 60), 'A', None);
    one.completion();
    assert_eq!(agents.port("sink").expect("there").sent, 2);
    let path = agents.path("sink.pcapng");
    let written = eventually("the file has both", || {
        let file = std::fs::read(&path).expect("there");
        let begin = |block: &[u8]| block == [0x0A, 0x0D, 0x0D, 0x0A];
        let sections = file.chunks_exact(4).filter(|block| begin(block)).count();
        (sections == 2).then_some(file)
    });
    for number in 1..=2 {
        let sent = frame(0xFF, 0xA, number, 60);
        let found = written.windows(60).any(|part| part == sent);
        assert!(found, "frame {number} is in the file");
    }
}

#[test]
fn a_port_that_cannot_be_opened_anew_is_lost_and_the_clients_are_not() {
    let config = "[[port]]\nname = 'sink'\ntype = 'dump'\npath = 'DIR/sub/sink.pcapng'\n";
    let dir = tempfile::tempdir().expect("a directory");
    let config = config.replace("DIR", &dir.path().display().to_string());
    let sub = dir.path().join("sub");
    std::fs::create_dir(&sub).expect("made");
    let mut agents = Dynasty::start(&config);
    let mut one = Raw::register_text(&agents.0, "one", 10, 256);
    let mut two = Raw::register_binary(&agents.0, "two", 11);
    two.post(1);
    std::fs::remove_dir_all(&sub).expect("removed");
    agents.succeed();
    let lost = agents.port("sink").expect("it stays").lost;
    assert!(lost.is_some_and(|why| why.contains("No such file")));
    one.send(&frame(0xB, 0xA, 1, 60), 'A', None);
    two.receive(0);
}

#[test]
fn clients_follow_the_rules_of_the_successor_as_after_a_reload() {
    let mut agents = Dynasty::start("");
    let mut one = Raw::register_text(&agents.0, "one", 10, 256);
    let mut two = Raw::register_binary(&agents.0, "two", 11);
    two.post(2);
    agents.configure("[[allow]]\nservices = [11]\nisolated = true\n[alias]\n16 = 'learn'\n");
    agents.succeed();
    let Reply::Ports(ports) = agents.ask(Ask::Ports) else {
        panic!("no ports");
    };
    let of = |name: &str| ports.iter().find(|port| port.name == name).expect("there");
    assert!(of("two").isolated, "the rule holds for it");
    assert!(
        !of("svc10-sep0").isolated,
        "it stays as it was until it leaves"
    );
    assert_ne!(of("svc10-sep0").did, 16, "which means something else now");
    one.send(&frame(0xB, 0xA, 1, 60), 'A', None);
    two.receive(0);
}
