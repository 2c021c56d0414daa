//! What our client sends on the doorbell.

use descsock_wire::{
    ConnectRequest, Extras, Form, Mapping, Misuse, Registration, Request, Svc, Text, TextSize,
    Version,
};

use crate::samples::{TEXT, connect, header, system};

fn text_client() -> Registration {
    Registration {
        form: Form::Text,
        path: Text::from("/var/hugepages/descsock.000"),
        mapping: Mapping::new(139_637_976_727_552, 67_112_959).expect("a mapping"),
        num_sep: 1,
        pid: 1,
        service_id: Svc::LACPD,
        service_name: Text::default(),
        extras: Extras::empty(),
    }
}

fn system_client() -> Registration {
    Registration {
        form: Form::Binary {
            version: Version::V2,
        },
        path: Text::from("/var/hugepages/descsock.tap0"),
        mapping: Mapping::new(0x7f00_0000_0000, 1 << 30).expect("a mapping"),
        num_sep: 1,
        pid: 12_345,
        service_id: Svc::FIRST_TENANT,
        service_name: Text::from("tap0"),
        extras: Extras::empty(),
    }
}

#[test]
fn the_text_form_is_text_a_nul_and_zeros() {
    for (size, len) in [(TextSize::Short, 256), (TextSize::Long, 512)] {
        let mut expected = TEXT.to_vec();
        expected.resize(len, 0);
        assert_eq!(text_client().encode_text(size), Ok(expected));
    }
}

#[test]
fn the_system_form_is_the_sample_with_zeros_for_garbage() {
    let encoded = system_client().encode_system().expect("it fits");
    let mut expected = system();
    expected[21..80].fill(0);
    expected[129..1100].fill(0);
    expected[1104..].fill(0);
    assert_eq!(encoded[..], expected);
}

#[test]
fn the_other_requests_are_the_samples() {
    let request = ConnectRequest {
        version: Version::V1,
        tenant_id: 3,
        mapping: Mapping::new(0x1000, 0x80_0000).expect("a mapping"),
        num_sep: 1,
        pid: 7,
    };
    assert_eq!(request.encode()[..], connect());
    assert_eq!(Request::encode_info(Version::V2)[..], header(16, 2, 3));
}

#[test]
fn a_text_that_does_not_fit_its_padding_is_refused() {
    let mut client = text_client();
    let spare = 512 - TEXT.len() - 1;
    let longest = "x".repeat(spare + client.path.as_bytes().len());
    client.path = Text::from(&*longest);
    assert_eq!(
        client.encode_text(TextSize::Long).map(|text| text.len()),
        Ok(512)
    );
    client.path = Text::from(&*format!("{longest}x"));
    let (bytes, limit) = (513, 512);
    let refused = Err(Misuse::TextTooLong { bytes, limit });
    assert_eq!(client.encode_text(TextSize::Long), refused);
}

#[test]
fn what_the_text_form_has_no_words_for_is_refused() {
    let mut client = text_client();
    client.path = Text::from("/tmp/a\nbase=0");
    let newline = Err(Misuse::PathNewline { at: 6 });
    assert_eq!(client.encode_text(TextSize::Long), newline);
    let named = Err(Misuse::NameInText { bytes: 4 });
    assert_eq!(system_client().encode_text(TextSize::Long), named);
}

#[test]
fn what_does_not_fit_the_system_form_is_refused() {
    let longest = Registration {
        path: Text::new(&[b'p'; 999]),
        service_name: Text::new(&[b'n'; 63]),
        ..system_client()
    };
    assert!(longest.encode_system().is_ok());
    let path = Registration {
        path: Text::new(&[b'p'; 1000]),
        ..longest.clone()
    };
    let (bytes, limit) = (1000, 999);
    let refused = Err(Misuse::PathTooLong { bytes, limit });
    assert_eq!(path.encode_system(), refused);
    let name = Registration {
        service_name: Text::new(&[b'n'; 64]),
        ..longest.clone()
    };
    let (bytes, limit) = (64, 63);
    let refused = Err(Misuse::NameTooLong { bytes, limit });
    assert_eq!(name.encode_system(), refused);
    let length = 1 << 32;
    let mapping = Registration {
        mapping: Mapping::new(0, length).expect("a mapping"),
        ..longest
    };
    let refused = Err(Misuse::MappingTooLong { length });
    assert_eq!(mapping.encode_system(), refused);
}
