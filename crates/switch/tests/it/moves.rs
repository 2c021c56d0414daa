//! What can happen to a switch, in a world so small that everything meets everything.

use proptest::collection::vec;
use proptest::prelude::*;
use switch::{Alias, Directed, Endpoint, Flush, Mac, Nti, NtiSet, Sep, Settings, Tier};

use crate::net::{did, nti, sep, svc};

/// The group of bridges, whose protocol is that of service 3.
pub(crate) const SPANNING_TREE: Mac = Mac([0x01, 0x80, 0xC2, 0, 0, 0]);

/// Something that happens. Ports are named by when they were added, those that are gone too.
#[derive(Clone, Debug)]
pub(crate) enum Move {
    Send(Sent),
    Wait(u64),
    Age(usize),
    Flush(Flushed),
    Add(Wish),
    Replace(usize, Wish),
    Remove(usize),
    SetAlias(u16, Aliased),
    RemoveAlias(u16),
    Settings(Settings),
}

#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) port: usize,
    pub(crate) source: Mac,
    pub(crate) destination: Mac,
    pub(crate) vlan: u16,
    pub(crate) nti: Option<Nti>,
    pub(crate) tier: Tier,
    pub(crate) directed: Option<Directed>,
    pub(crate) length: usize,
    pub(crate) udp: u16,
}

/// A policy, as far as it does not name ports.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) did: u16,
    pub(crate) ntis: NtiSet,
    pub(crate) default_nti: Nti,
    pub(crate) mtu: usize,
    pub(crate) role: Wanted,
    pub(crate) isolated: bool,
    pub(crate) learn_cap: usize,
    pub(crate) services: Vec<Endpoint>,
}

#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    Local,
    Uplink,
    MirrorAll,
    Mirror(Vec<usize>),
}

#[derive(Clone, Debug)]
pub(crate) enum Aliased {
    Port(usize),
    Other(Alias),
}

#[derive(Clone, Debug)]
pub(crate) enum Flushed {
    Port(usize),
    Other(Flush),
}

pub(crate) fn moves() -> impl Strategy<Value = Vec<Move>> {
    let ports = vec(wish().prop_map(Move::Add), 2..7);
    let other = prop_oneof![
        60 => sent().prop_map(Move::Send),
        6 => (0_u64..30).prop_map(Move::Wait),
        2 => (0_usize..40).prop_map(Move::Age),
        1 => flushed().prop_map(Move::Flush),
        3 => wish().prop_map(Move::Add),
        4 => (port(), wish()).prop_map(|(port, wish)| Move::Replace(port, wish)),
        1 => port().prop_map(Move::Remove),
        3 => (0_u16..10, aliased()).prop_map(|(did, alias)| Move::SetAlias(did, alias)),
        1 => (0_u16..10).prop_map(Move::RemoveAlias),
        1 => settings().prop_map(Move::Settings),
    ];
    (ports, vec(other, 0..120)).prop_map(|(ports, others)| [ports, others].concat())
}

pub(crate) fn settings() -> impl Strategy<Value = Settings> {
    let tenths = prop_oneof![1 => Just(0), 9 => 1_u64..400];
    (tenths, 0_usize..8).prop_map(|(tenths, capacity)| Settings {
        ageing: core::time::Duration::from_millis(tenths * 100),
        capacity,
    })
}

fn port() -> impl Strategy<Value = usize> {
    0_usize..8
}

fn mac() -> impl Strategy<Value = Mac> {
    prop_oneof![
        12 => (0_u8..5).prop_map(|host| Mac([2, 0, 0, 0, 0, host])),
        1 => Just(Mac::BROADCAST),
        1 => Just(Mac([1, 0, 0x5E, 0, 0, 7])),
        1 => Just(SPANNING_TREE),
        1 => Just(Mac::ZERO),
    ]
}

fn domain() -> impl Strategy<Value = Nti> {
    prop_oneof![Just(nti(1)), Just(nti(64)), Just(nti(4095))]
}

fn service() -> impl Strategy<Value = Endpoint> {
    let number = prop_oneof![1 => Just(3_u16), 4 => 8_u16..10];
    (number, 0_u8..3).prop_map(|(service, member)| Endpoint {
        svc: svc(service),
        sep: sep(member),
    })
}

fn directed() -> impl Strategy<Value = Directed> {
    let member = prop_oneof![service().prop_map(|one| one.sep), Just(Sep::ANY)];
    (0_u16..10, 8_u16..11, member).prop_map(|(number, service, sep)| Directed {
        did: did(number),
        svc: svc(service),
        sep,
    })
}

fn sent() -> impl Strategy<Value = Sent> {
    let nti = prop_oneof![3 => Just(None), 2 => domain().prop_map(Some)];
    let directed = prop_oneof![2 => Just(None), 1 => directed().prop_map(Some)];
    let vlan = prop_oneof![Just(0), Just(5)];
    let tier = (0_u8..4).prop_map(|raw| Tier::new(raw).expect("a tier"));
    let addresses = (mac(), mac(), vlan);
    let rest = (nti, tier, directed, 50_usize..130, 0_u16..50);
    (port(), addresses, rest).prop_map(|(port, (source, destination, vlan), rest)| {
        let (nti, tier, directed, length, udp) = rest;
        Sent {
            port,
            source,
            destination,
            vlan,
            nti,
            tier,
            directed,
            length,
            udp,
        }
    })
}

fn wish() -> impl Strategy<Value = Wish> {
    let role = prop_oneof![
        8 => Just(Wanted::Local),
        2 => Just(Wanted::Uplink),
        1 => Just(Wanted::MirrorAll),
        1 => vec(port(), 0..3).prop_map(Wanted::Mirror),
    ];
    let ntis = prop_oneof![
        20 => vec(domain(), 1..3),
        1 => Just(NtiSet::all().iter().collect::<Vec<_>>())
    ];
    let mtu = prop_oneof![3 => Just(1500_usize), 1 => 60_usize..120];
    let services = prop_oneof![Just(vec![]), service().prop_map(|one| vec![one])];
    let first = (0_u16..10, ntis, mtu, role);
    (first, any::<bool>(), 0_usize..5, services).prop_map(|(first, isolated, cap, services)| {
        let (did, ntis, mtu, role) = first;
        Wish {
            did,
            default_nti: ntis[0],
            ntis: ntis.into_iter().collect(),
            mtu,
            role,
            isolated,
            learn_cap: cap,
            services,
        }
    })
}

fn aliased() -> impl Strategy<Value = Aliased> {
    prop_oneof![
        port().prop_map(Aliased::Port),
        Just(Aliased::Other(Alias::Learn)),
        Just(Aliased::Other(Alias::Owners)),
        Just(Aliased::Other(Alias::Service(svc(8)))),
    ]
}

fn flushed() -> impl Strategy<Value = Flushed> {
    prop_oneof![
        port().prop_map(Flushed::Port),
        Just(Flushed::Other(Flush::All)),
        domain().prop_map(|nti| Flushed::Other(Flush::Nti(nti))),
        mac().prop_map(|mac| Flushed::Other(Flush::Mac(mac))),
    ]
}
