//! The registration as text: six lines and a blank one, then a NUL and padding without meaning.
//!
//! ```text
//! path=<file>\n base=<decimal>\n length=<decimal>\n num_sep=1\n pid=1\n svc_ids=<n>\n \n NUL garbage ..256 or ..512
//! ```
//!
//! Written here with spaces for the eye; there are none on the wire. Which of the two lengths the padding fills is not
//! to be seen, and a client of this form says nothing else on the doorbell: all behind the blank line is discarded.
//!
//! Source: the descsock wire, doorbell socket, text registration.

use crate::registration::{endpoints, path, service};
use crate::{Extras, Form, Limits, Mapping, Registration, Text, TextField, Violation};

/// How a text registration begins; a binary one would have to be 1.7 GB long to begin so.
pub(crate) const OPENING: &[u8; 5] = b"path=";

/// The registration in what has come, once its blank line is there.
pub(crate) fn parse(came: &[u8], limits: &Limits) -> Result<Option<Registration>, Violation> {
    let blank = came.windows(2).position(|pair| pair == b"\n\n");
    let Some(text) = blank.and_then(|end| came.get(..end)) else {
        return Ok(None);
    };
    let mut lines = text.split(|&byte| byte == b'\n');
    let mut value = |due| value_of(due, lines.next());

    let path = path(value(TextField::Path)?)?;
    let base = number(TextField::Base, value(TextField::Base)?)?;
    let length = number(TextField::Length, value(TextField::Length)?)?;
    let num_sep = small_number(TextField::NumSep, value(TextField::NumSep)?)?;
    let pid = small_number(TextField::Pid, value(TextField::Pid)?)?;
    let svc = number(TextField::SvcIds, value(TextField::SvcIds)?)?;
    if lines.next().is_some() {
        return Err(Violation::SurplusLine);
    }
    Ok(Some(Registration {
        form: Form::Text,
        path,
        mapping: Mapping::within(base, length, limits)?,
        num_sep: endpoints(num_sep, limits)?,
        pid,
        service_id: service(svc)?,
        service_name: Text::default(),
        extras: Extras::empty(),
    }))
}

fn value_of(due: TextField, line: Option<&[u8]>) -> Result<&[u8], Violation> {
    let line = line.and_then(|line| line.strip_prefix(due.word().as_bytes()));
    let value = line.and_then(|line| line.strip_prefix(b"="));
    value.ok_or(Violation::MissingField { due })
}

fn number(field: TextField, digits: &[u8]) -> Result<u64, Violation> {
    if digits.is_empty() {
        return Err(Violation::NoDigits { field });
    }
    if let Some(&byte) = digits.iter().find(|byte| !byte.is_ascii_digit()) {
        return Err(Violation::NotDecimal { field, byte });
    }
    let push = |number: u64, digit: &u8| {
        let number = number.checked_mul(10)?;
        number.checked_add(u64::from(digit - b'0'))
    };
    let number = digits.iter().try_fold(0, push);
    number.ok_or(Violation::NumberTooLarge {
        field,
        limit: u64::MAX,
    })
}

fn small_number(field: TextField, digits: &[u8]) -> Result<u32, Violation> {
    let limit = u32::MAX.into();
    u32::try_from(number(field, digits)?).map_err(|_| Violation::NumberTooLarge { field, limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_digits_and_fits_its_field() {
        let field = TextField::Length;
        assert_eq!(number(field, b"67112959"), Ok(67_112_959));
        assert_eq!(number(field, b"18446744073709551615"), Ok(u64::MAX));
        assert_eq!(number(field, b"007"), Ok(7));
        assert_eq!(number(field, b""), Err(Violation::NoDigits { field }));
        let byte = b'-';
        let signed = Err(Violation::NotDecimal { field, byte });
        assert_eq!(number(field, b"-1"), signed);
        for too_large in [&b"18446744073709551616"[..], b"99999999999999999999999"] {
            let limit = u64::MAX;
            let refused = Err(Violation::NumberTooLarge { field, limit });
            assert_eq!(number(field, too_large), refused);
        }
    }

    #[test]
    fn a_number_of_32_bits_is_refused_above_them() {
        let (field, limit) = (TextField::Pid, u64::from(u32::MAX));
        assert_eq!(small_number(field, b"4294967295"), Ok(u32::MAX));
        assert_eq!(
            small_number(field, b"4294967296"),
            Err(Violation::NumberTooLarge { field, limit })
        );
    }
}
