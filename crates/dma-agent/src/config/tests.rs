use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use switch::{Did, Nti, Settings};

use super::*;

fn accounts() -> Accounts {
    Accounts {
        passwd: "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n".into(),
        group: "root:x:0:\ntenants:x:77:alice\n".into(),
    }
}

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse_with(text, "agent.toml", &accounts())
}

fn good(text: &str) -> Config {
    parse(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_empty_file_says_what_holds_without_one() {
    assert_eq!(good(""), Config::default());
    assert_eq!(good("[caps]\n[fdb]\n[alias]\n"), Config::default());
}

#[test]
fn the_documented_example_holds_as_it_is_and_with_every_key_set() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/agent.toml");
    let text = std::fs::read_to_string(path).expect("the example is there");
    assert_eq!(
        good(&text),
        Config::default(),
        "nothing but defaults is set"
    );
    let mut set = String::new();
    for line in text.lines() {
        let key = line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
        let _ = writeln!(set, "{}", key.unwrap_or(line));
    }
    let config = good(&set);
    assert_eq!((config.doorbells.len(), config.ports.len()), (1, 7));
    assert_eq!(config.fdb, Settings::default());
    assert!(config.control.is_some() && config.metrics.is_some());
}

#[test]
fn a_doorbell_is_for_whom_its_file_says() {
    let config = good(
        "[[doorbell]]\npath = '/run/a.sock'\nmode = '0660'\ngroup = 'tenants'\n[[doorbell]]\npath = '@b'\n",
    );
    assert_eq!(config.doorbells[0].file.mode, 0o660);
    assert_eq!(config.doorbells[0].file.owner, Some((u32::MAX, 77)));
    assert_eq!(
        config.doorbells[1],
        SocketAt::new("@b".parse().expect("an address"))
    );
}

#[test]
fn rules_name_users_services_and_domains() {
    let config = good(
        "[[allow]]\nusers = ['alice', 7]\ngroups = ['tenants']\nservices = [1, '8-10']\nntis = ['100-101', 5]\n\
         roots = ['/dev/shm']\nisolated = true\nrings = false\n",
    );
    let rule = &config.admission.rules[0];
    assert_eq!(
        (&rule.uids[..], &rule.gids[..]),
        (&[1000, 7][..], &[77][..])
    );
    let services: Vec<_> = rule.services.iter().map(|svc| svc.raw()).collect();
    assert_eq!(services, [1, 8, 9, 10]);
    assert_eq!(rule.nti.raw(), 5, "the first, where 4095 is none of them");
    assert!(rule.isolated && rule.ntis.iter().count() == 3);
    assert!(!rule.rings && good("").admission.rules[0].rings);
}

#[test]
fn a_rule_that_names_nobody_is_for_the_agents_own_user() {
    let config = good("[[allow]]\nservices = [8]\n");
    let own = Admission::same_user().rules[0].uids.clone();
    assert_eq!(config.admission.rules[0].uids, own);
}

#[test]
fn sizes_and_times_have_units() {
    let config = good("[caps]\nbytes-per-user = '2 MiB'\n[fdb]\nageing = 0.5\ncapacity = 7\n");
    assert_eq!(config.admission.caps.bytes_per_uid, 2 << 20);
    assert_eq!(config.fdb.ageing, Duration::from_millis(500));
    assert_eq!(config.fdb.capacity, 7);
}

#[test]
fn classes_share_by_weights_or_the_highest_takes_it_all() {
    assert_eq!(
        good("[qos]\nscheduling = 'strict'\n").scheduling,
        Scheduling::Strict
    );
    let by_weight = good("[qos]\nweights = [1, 1, 3, 256]\n").scheduling;
    assert_eq!(by_weight.to_string(), "weighted 1:1:3:256");
}

#[test]
fn link_local_groups_are_flooded_when_it_is_said() {
    let config = good("[forwarding]\nflood-link-local = [0, 14, 0]\n");
    assert_eq!(
        (config.flood_link_local, good("").flood_link_local),
        (0x4001, 0)
    );
}

#[test]
fn did_4_means_learn_unless_something_else_is_said() {
    let did = |raw| Did::new(raw).expect("a did");
    assert_eq!(good("").aliases[&did(4)], AliasTo::Learn);
    assert!(good("[alias]\n4 = 'none'\n").aliases.is_empty());
    let port = "[[port]]\nname = 'four'\ntype = 'tap'\ndid = 4\n";
    assert!(good(port).aliases.is_empty(), "a port may have it");
    let config = good(&format!(
        "{port}[alias]\n5 = 'port four'\n6 = 'owners'\n7 = 'service 9'\n"
    ));
    assert_eq!(config.aliases[&did(5)], AliasTo::Port("four".into()));
    assert_eq!(config.aliases.len(), 3);
}

#[test]
fn a_port_knows_its_place() {
    let config = good(
        "[[port]]\nname = 'up'\ntype = 'packet'\ninterface = 'eth0'\npromiscuous = true\ndid = 9\nrole = 'uplink'\n\
         ntis = 'all'\nmtu = 9000\n[[port]]\nname = 'tape'\ntype = 'mirror'\npath = '/tmp/x'\nwatch = ['up']\n",
    );
    let [up, tape] = &config.ports[..] else {
        panic!("two ports: {config:?}")
    };
    assert_eq!(
        (up.role.clone(), up.mtu, up.nti),
        (PortRole::Uplink, Some(9000), Nti::DEFAULT)
    );
    assert_eq!(
        tape.role,
        PortRole::Mirror(Watched::Ports(vec!["up".into()]))
    );
}

/// Each text is wrong in one way; `|` begins a new line.
const WRONG: &[&str] = &[
    "doorbell = 1",
    "[doorbel]",
    "[[doorbell]]",
    "[[doorbell]]|path = \"\"",
    "[[doorbell]]|path = '/a'|mode = 660",
    "[[doorbell]]|path = '/a'|mode = '0999'",
    "[[doorbell]]|path = '@a'|mode = '0660'",
    "[[doorbell]]|path = '/a'|group = 'nobody-here'",
    "[[doorbell]]|path = '/a'|[[doorbell]]|path = '/a'",
    "[[doorbell]]|path = '/a'|colour = 'red'",
    "[[allow]]|users = ['bob']",
    "[[allow]]|users = [-1]",
    "[[allow]]|services = [20000]",
    "[[allow]]|services = ['9-8']",
    "[[allow]]|services = 'some'",
    "[[allow]]|ntis = [0]",
    "[[allow]]|ntis = []",
    "[[allow]]|nti = 4096",
    "[[allow]]|nti = 7|ntis = [8]",
    "[[allow]]|roots = ['dev']",
    "[caps]|clients-per-user = -1",
    "[caps]|bytes-per-user = '8 MB'",
    "[fdb]|ageing = -3",
    "[fdb]|capacity = 0",
    "[fdb]|size = 3",
    "[qos]|scheduling = 'fair'",
    "[qos]|weights = [1, 2, 3]",
    "[qos]|weights = [0, 1, 1, 1]",
    "[qos]|weights = [1, 1, 1, 257]",
    "[qos]|weights = 'equal'",
    "[qos]|scheduling = 'strict'|weights = [1, 1, 1, 1]",
    "[qos]|tiers = 4",
    "[forwarding]|flood-link-local = [16]",
    "[forwarding]|flood-link-local = 'all'",
    "[forwarding]|stp = true",
    "[alias]|2048 = 'learn'",
    "[alias]|4 = 'forget'",
    "[alias]|4 = 'port nowhere'",
    "[alias]|9 = 'learn'|[[port]]|name = 'a'|type = 'tap'|did = 9",
    "[[port]]|type = 'tap'",
    "[[port]]|name = 'a'",
    "[[port]]|name = ''|type = 'tap'",
    "[[port]]|name = 'a'|type = 'tun'",
    "[[port]]|name = 'a'|type = 'tap'|mtu = 70000",
    "[[port]]|name = 'a'|type = 'tap'|did = 0",
    "[[port]]|name = 'a'|type = 'tap'|socket = '/a'",
    "[[port]]|name = 'a'|type = 'tap'|role = 'boss'",
    "[[port]]|name = 'a'|type = 'tap'|watch = []",
    "[[port]]|name = 'a'|type = 'tap'|interface = 'longer-than-linux-takes'",
    "[[port]]|name = 'a'|type = 'tap'|mac = '02'",
    "[[port]]|name = 'a'|type = 'tap'|address = '10.0.0.1'",
    "[[port]]|name = 'a'|type = 'replay'|path = '/a'|pace = 'slow'",
    "[[port]]|name = 'a'|type = 'packet'",
    "[[port]]|name = 'a'|type = 'memif-server'|socket = ''",
    "[[port]]|name = 'a'|type = 'dump'",
    "[[port]]|name = 'a'|type = 'tap'|[[port]]|name = 'a'|type = 'tap'",
    "[[port]]|name = 'a'|type = 'tap'|did = 9|[[port]]|name = 'b'|type = 'tap'|did = 9",
    "[[port]]|name = 'a'|type = 'mirror'|path = '/a'|watch = ['b']",
    "[metrics]|listen = 'here'",
    "[metrics]",
    "[control]|mode = '0600'",
    "caps = {",
    "[fdb]|ageing = 3|ageing = 4",
];

#[test]
fn errors_name_the_place_and_the_key_and_say_what_is_allowed() {
    let mut said = String::new();
    for wrong in WRONG {
        let text = wrong.replace('|', "\n");
        let error = parse(&text).expect_err(wrong);
        let _ = writeln!(said, "{wrong}\n    {error}");
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_file_that_cannot_be_read_is_told_without_a_line() {
    let missing = Config::read(Path::new("/nowhere/agent.toml")).expect_err("no such file");
    assert!(
        missing
            .to_string()
            .starts_with("/nowhere/agent.toml: No such file"),
        "{missing}"
    );
    let endless = Config::read(Path::new("/dev/zero")).expect_err("not a file");
    assert_eq!(endless.to_string(), "/dev/zero: not a regular file");
}

#[test]
fn the_command_line_adds_to_the_file() {
    let source = ConfigSource {
        doorbells: vec![
            "@one".parse().expect("an address"),
            "@one".parse().expect("an address"),
        ],
        control: Some("@two".parse().expect("an address")),
        ..ConfigSource::default()
    };
    let config = source.load().expect("nothing is wrong");
    assert_eq!(config.doorbells.len(), 1);
    assert_eq!(
        config.control.map(|socket| socket.address.to_string()),
        Some("@two".into())
    );
}
