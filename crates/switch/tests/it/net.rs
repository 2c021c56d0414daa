//! A switch with ports and a clock, and frames to send through it.

use core::time::Duration;

use switch::{
    Arrival, Did, Directed, DropReason, Endpoint, Header, Learned, Mac, Nti, Policy, PortId, Sep,
    Settings, Svc, Switch, Tier, Verdict,
};

pub(crate) const ALICE: Mac = Mac([2, 0, 0, 0, 0, 0xA]);
pub(crate) const BOB: Mac = Mac([2, 0, 0, 0, 0, 0xB]);
pub(crate) const CAROL: Mac = Mac([2, 0, 0, 0, 0, 0xC]);
pub(crate) const EVERYBODY: Mac = Mac::BROADCAST;

pub(crate) struct Net {
    pub(crate) switch: Switch,
    pub(crate) now: Duration,
}

impl Net {
    pub(crate) fn new() -> Net {
        Net::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Net {
        Net {
            switch: Switch::new(settings, 7),
            now: Duration::from_secs(1000),
        }
    }

    /// A port with this did, whose policy `adjust` may change.
    pub(crate) fn port(&mut self, number: u16, adjust: impl FnOnce(&mut Policy)) -> PortId {
        let mut policy = Policy::new(did(number));
        adjust(&mut policy);
        self.switch.add_port(policy).expect("a good policy")
    }

    pub(crate) fn ports<const N: usize>(&mut self) -> [PortId; N] {
        let mut number = 0;
        [(); N].map(|()| {
            number += 1;
            self.port(number, |_| ())
        })
    }

    pub(crate) fn change(&mut self, port: PortId, adjust: impl FnOnce(&mut Policy)) {
        let mut policy = self.switch.policy(port).expect("a port").clone();
        adjust(&mut policy);
        self.switch
            .replace_policy(port, policy)
            .expect("a good policy");
    }

    pub(crate) fn send(&mut self, frame: &Frame) -> Result<Verdict, DropReason> {
        let bytes = frame.bytes();
        let arrival = Arrival {
            port: frame.port,
            tier: frame.tier,
            nti: frame.nti,
            directed: frame.directed,
            header: Header::parse(&bytes)?,
            length: frame.length,
        };
        self.switch.decide(&arrival, self.now)
    }

    /// Sends a frame only for the table to learn from.
    pub(crate) fn hear(&mut self, frame: &Frame) {
        let verdict = self.send(frame).expect("a frame that goes somewhere");
        assert_eq!(verdict.learned, Learned::New);
    }

    /// Where a frame goes, as numbers.
    pub(crate) fn reached(&mut self, frame: &Frame) -> Result<Vec<PortId>, DropReason> {
        self.send(frame).map(|verdict| verdict.to.iter().collect())
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    pub(crate) fn known(&self) -> usize {
        self.switch.entries(self.now).count()
    }
}

/// A frame on its way into the switch.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) port: PortId,
    pub(crate) source: Mac,
    pub(crate) destination: Mac,
    pub(crate) vlan: u16,
    pub(crate) nti: Option<Nti>,
    pub(crate) tier: Tier,
    pub(crate) directed: Option<Directed>,
    pub(crate) length: usize,
    pub(crate) ethertype: u16,
    pub(crate) packet: Vec<u8>,
}

impl Frame {
    pub(crate) fn new(port: PortId, source: Mac, destination: Mac) -> Frame {
        Frame {
            port,
            source,
            destination,
            vlan: 0,
            nti: None,
            tier: Tier::MIN,
            directed: None,
            length: 60,
            ethertype: 0x0800,
            packet: vec![0; 8],
        }
    }

    pub(crate) fn vlan(self, vlan: u16) -> Frame {
        Frame { vlan, ..self }
    }

    pub(crate) fn nti(self, raw: u16) -> Frame {
        let nti = Nti::new(raw).ok();
        Frame { nti, ..self }
    }

    pub(crate) fn ethertype(self, ethertype: u16) -> Frame {
        Frame { ethertype, ..self }
    }

    pub(crate) fn length(self, length: usize) -> Frame {
        Frame { length, ..self }
    }

    pub(crate) fn to(self, did: u16, svc: u16, sep: Sep) -> Frame {
        let directed = Some(Directed {
            did: self::did(did),
            svc: self::svc(svc),
            sep,
        });
        Frame { directed, ..self }
    }

    /// With a UDP packet in it that comes from this port.
    pub(crate) fn udp(self, port: u16) -> Frame {
        let mut packet = vec![0; 28];
        packet[0] = 0x45;
        packet[9] = 17;
        packet[20..22].copy_from_slice(&port.to_be_bytes());
        Frame { packet, ..self }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = [self.destination.0, self.source.0].concat();
        if self.vlan != 0 {
            bytes.extend([0x81, 0]);
            bytes.extend(self.vlan.to_be_bytes());
        }
        bytes.extend(self.ethertype.to_be_bytes());
        bytes.extend(&self.packet);
        bytes
    }
}

pub(crate) fn did(raw: u16) -> Did {
    Did::new(raw).expect("a did")
}

pub(crate) fn nti(raw: u16) -> Nti {
    Nti::new(raw).expect("an nti")
}

pub(crate) fn svc(raw: u16) -> Svc {
    Svc::new(raw).expect("a svc")
}

pub(crate) fn sep(raw: u8) -> Sep {
    Sep::new(raw).expect("a sep")
}

pub(crate) fn endpoint(service: u16, member: u8) -> Endpoint {
    Endpoint {
        svc: svc(service),
        sep: sep(member),
    }
}
