//! The words that operators read: drop reasons, and what is wrong with a configuration.

use switch::{DropReason, Misuse};

use crate::net::{Net, did, endpoint, nti};

#[test]
fn the_names_of_all_drop_reasons() {
    let names: Vec<_> = DropReason::ALL.iter().map(|reason| reason.name()).collect();
    insta::assert_snapshot!(names.join("\n"));
}

#[test]
fn every_misuse_says_what_to_change() {
    let [port] = Net::new().ports();
    let all = [
        Misuse::TooManyPorts,
        Misuse::NoSuchPort { port },
        Misuse::DidTaken {
            did: did(7),
            by: port,
        },
        Misuse::DidIsAlias { did: did(4) },
        Misuse::DefaultNti { nti: nti(4095) },
        Misuse::SepNotFixed {
            endpoint: endpoint(10, 15),
        },
        Misuse::OfferedTwice {
            endpoint: endpoint(10, 1),
        },
        Misuse::EndpointTaken {
            endpoint: endpoint(10, 1),
            by: port,
        },
        Misuse::MirrorOffers,
    ];
    insta::assert_snapshot!(all.map(|misuse| misuse.to_string()).join("\n"));
}
