//! What a peer process has counted, in the one line that it answers to `stats`.

/// `stats rx=N rx_bytes=N bad=N tx=N tx_bytes=N`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames received.
    pub rx: u64,
    /// Their bytes.
    pub rx_bytes: u64,
    /// Of these, not whole.
    pub bad: u64,
    /// Frames sent.
    pub tx: u64,
    /// Their bytes.
    pub tx_bytes: u64,
}

impl Counters {
    /// The counters, if the line has them.
    pub fn read(line: &str) -> Option<Counters> {
        let pairs = line.strip_prefix("stats ")?;
        let field = |name: &str| {
            let mut pairs = pairs.split(' ').filter_map(|pair| pair.split_once('='));
            let (_, value) = pairs.find(|(key, _)| *key == name)?;
            value.parse().ok()
        };
        Some(Counters {
            rx: field("rx")?,
            rx_bytes: field("rx_bytes")?,
            bad: field("bad")?,
            tx: field("tx")?,
            tx_bytes: field("tx_bytes")?,
        })
    }

    /// The line.
    pub fn line(&self) -> String {
        format!(
            "stats rx={} rx_bytes={} bad={} tx={} tx_bytes={}",
            self.rx, self.rx_bytes, self.bad, self.tx, self.tx_bytes
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let counters = Counters {
            rx: 5,
            rx_bytes: 320,
            bad: 1,
            tx: 7,
            tx_bytes: 448,
        };
        assert_eq!(Counters::read(&counters.line()), Some(counters));
        assert_eq!(Counters::read("up 1"), None);
    }
}
