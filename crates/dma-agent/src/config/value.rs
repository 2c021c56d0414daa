//! Values that are more than TOML's own: octal modes, sizes, times, accounts, numbers of the switch and ranges of them.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use switch::{Did, Nti, OutOfRange, Svc};

/// Permissions of a file: `"0660"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Octal(pub(super) u32);

/// A size: `4096`, `"8 MiB"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes(pub(super) u64);

/// A time in seconds: `300`, `0.5`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seconds(pub(super) Duration);

/// A user or a group: `1000`, `"alice"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Account {
    Number(u32),
    Name(String),
}

/// One number of the switch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number<T>(pub(super) T);

/// Several, in ascending order: `[8, "10-20"]`, or `"all"`.
#[derive(Clone, Debug)]
pub(super) enum List<T> {
    All,
    These(Vec<T>),
}

/// What a number of the switch is called and made from.
pub(super) trait Checked: Copy + Ord {
    const WHAT: &'static str;
    fn checked(raw: u16) -> Result<Self, OutOfRange>;
}

macro_rules! checked {
    ($($number:ty = $what:literal),+) => {
        $(impl Checked for $number {
            const WHAT: &'static str = $what;
            fn checked(raw: u16) -> Result<Self, OutOfRange> {
                Self::new(raw)
            }
        })+
    };
}

checked!(Did = "a did", Nti = "an nti", Svc = "a service");

/// Reads a value by one visitor, which says what it expects.
macro_rules! visited {
    ($value:ty, $expecting:literal, $(fn $method:ident($got:ident: $from:ty) $body:block)+) => {
        impl<'de> Deserialize<'de> for $value {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Reader;
                impl Visitor<'_> for Reader {
                    type Value = $value;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    $(fn $method<E: Error>(self, $got: $from) -> Result<Self::Value, E> {
                        let read: Result<Self::Value, String> = $body;
                        read.map_err(E::custom)
                    })+
                }
                from.deserialize_any(Reader)
            }
        }
    };
}

visited! { Octal, "a file mode, octal and in quotes, such as \"0660\"",
    fn visit_str(text: &str) {
        match u32::from_str_radix(text, 8) {
            Ok(mode) if mode <= 0o777 => Ok(Octal(mode)),
            _ => Err(format!("{text:?} is no file mode: octal, \"0000\" to \"0777\"")),
        }
    }
}

visited! { Bytes, "a size in bytes, or such as \"8 MiB\"",
    fn visit_i64(bytes: i64) {
        u64::try_from(bytes).map(Bytes).map_err(|_| format!("{bytes} bytes: a size is not negative"))
    }
    fn visit_str(text: &str) {
        size(text).map(Bytes).ok_or_else(|| {
            format!("{text:?} is no size: a number of bytes, or one with KiB, MiB, GiB or TiB")
        })
    }
}

visited! { Seconds, "a time in seconds, such as 300 or 0.5",
    fn visit_i64(seconds: i64) {
        let positive = u64::try_from(seconds).map(|seconds| Seconds(Duration::from_secs(seconds)));
        positive.map_err(|_| format!("{seconds} s: a time is not negative"))
    }
    fn visit_f64(seconds: f64) {
        let time = Duration::try_from_secs_f64(seconds);
        time.map(Seconds).map_err(|_| format!("{seconds} s is no time: a number of seconds from 0"))
    }
}

visited! { Account, "a name, or a number from 0 to 4294967294",
    fn visit_i64(number: i64) {
        match u32::try_from(number) {
            Ok(number) if number != u32::MAX => Ok(Account::Number(number)),
            _ => Err(format!("{number} is nobody: from 0 to 4294967294")),
        }
    }
    fn visit_str(name: &str) {
        Ok(Account::Name(name.to_owned()))
    }
}

fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let unit = match text[digits.len()..].trim() {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        "TiB" => 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << unit)
}

fn number<T: Checked>(raw: i64) -> Result<T, String> {
    let most = i64::from(u16::MAX);
    // Out of range also for the switch, which knows the bounds.
    let raw = u16::try_from(raw.clamp(0, most)).map_err(|error| error.to_string())?;
    T::checked(raw).map_err(|error| error.to_string())
}

impl<'de, T: Checked> Deserialize<'de> for Number<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = i64::deserialize(from)?;
        number(raw).map(Number).map_err(D::Error::custom)
    }
}

/// A number, or all from one to another.
struct Span<T>(T, T);

impl<'de, T: Checked> Deserialize<'de> for Span<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<T: Checked> Visitor<'_> for Reader<T> {
            type Value = Span<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}, or several such as \"10-20\"", T::WHAT)
            }
            fn visit_i64<E: Error>(self, raw: i64) -> Result<Span<T>, E> {
                let one = number(raw).map_err(E::custom)?;
                Ok(Span(one, one))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Span<T>, E> {
                range(text).map_err(E::custom)
            }
        }
        from.deserialize_any(Reader(PhantomData))
    }
}

fn range<T: Checked>(text: &str) -> Result<Span<T>, String> {
    let wrong = || format!("{text:?} is no range: two numbers, such as \"10-20\"");
    let (first, last) = text.split_once('-').ok_or_else(wrong)?;
    let raw = |text: &str| text.trim().parse::<i64>().map_err(|_| wrong());
    let (first, last) = (number::<T>(raw(first)?)?, number::<T>(raw(last)?)?);
    match first <= last {
        true => Ok(Span(first, last)),
        false => Err(format!("{text:?} is empty: the smaller number comes first")),
    }
}

impl<'de, T: Checked> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Checked> Visitor<'de> for Reader<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers and ranges, such as [8, \"10-20\"], or \"all\"")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<List<T>, E> {
                match text {
                    "all" => Ok(List::All),
                    other => Err(E::custom(format!(
                        "{other:?}: a list in brackets, or \"all\""
                    ))),
                }
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(span) = list.next_element::<Span<T>>()? {
                    all.extend(within(&span));
                }
                all.sort_unstable();
                all.dedup();
                Ok(List::These(all))
            }
        }
        from.deserialize_any(Reader(PhantomData))
    }
}

fn within<T: Checked>(span: &Span<T>) -> impl Iterator<Item = T> + '_ {
    let all = (0..=u16::MAX).filter_map(|raw| T::checked(raw).ok());
    all.filter(|one| (span.0..=span.1).contains(one))
}
