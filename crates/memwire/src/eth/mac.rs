//! An Ethernet address as an argument and in print.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// Six bytes, written `02:00:00:00:00:01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mac(pub(crate) [u8; 6]);

impl Mac {
    /// To everybody on the segment.
    pub(crate) const BROADCAST: Mac = Mac([0xff; 6]);

    /// A locally administered address that follows from an IP address: `02:00` and its four bytes.
    pub(crate) fn of(ip: Ipv4Addr) -> Mac {
        let [a, b, c, d] = ip.octets();
        Mac([0x02, 0x00, a, b, c, d])
    }

    /// Whether it names a group of stations; as a source it is invalid.
    pub(crate) fn is_group(self) -> bool {
        self.0[0] & 1 != 0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// The text is no Ethernet address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MacError;

impl fmt::Display for MacError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an Ethernet address is six bytes in hexadecimal, such as 02:00:00:00:00:01")
    }
}

impl std::error::Error for MacError {}

impl FromStr for Mac {
    type Err = MacError;

    fn from_str(text: &str) -> Result<Mac, MacError> {
        let mut parts = text.split([':', '-']);
        let mut bytes = [0; 6];
        for byte in &mut bytes {
            *byte = parts.next().and_then(pair).ok_or(MacError)?;
        }
        if parts.next().is_some() {
            return Err(MacError);
        }
        Ok(Mac(bytes))
    }
}

/// One or two hexadecimal digits; `from_str_radix` alone would take a sign.
fn pair(text: &str) -> Option<u8> {
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u8::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_as_it_was_written() {
        let text = "02:00:c6:12:00:fe";
        assert_eq!(text.parse::<Mac>().expect("valid").to_string(), text);
        assert_eq!("2-0-C6-12-0-FE".parse::<Mac>(), text.parse::<Mac>());
    }

    #[test]
    fn what_is_not_six_bytes_is_refused() {
        for text in [
            "",
            "02:00:00:00:00",
            "02:00:00:00:00:00:00",
            "+2:0:0:0:0:0",
            "0:0:0:0:0:100",
        ] {
            assert_eq!(text.parse::<Mac>(), Err(MacError), "{text:?}");
        }
    }

    #[test]
    fn the_address_that_follows_from_an_ip_address_is_local_and_of_one_station() {
        let mac = Mac::of(Ipv4Addr::new(198, 18, 0, 2));
        assert_eq!(mac.to_string(), "02:00:c6:12:00:02");
        assert!(!mac.is_group());
        assert!(Mac::BROADCAST.is_group());
    }
}
