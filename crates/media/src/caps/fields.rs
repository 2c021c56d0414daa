//! The `key=value` words of a stream description.

use std::str::FromStr;

use super::CapsError;
use crate::error::{Dimension, excerpt};

/// The words behind the kind, each with one `=`.
pub(super) struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    pub(super) fn read(line: &'a str) -> Result<Self, CapsError> {
        let pair = |word: &'a str| {
            word.split_once('=').ok_or_else(|| CapsError::Word {
                given: excerpt(word),
            })
        };
        line.split_ascii_whitespace()
            .map(pair)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The value of a key that has to be there exactly once.
    pub(super) fn value(&self, key: &'static str) -> Result<&'a str, CapsError> {
        let mut values = self
            .0
            .iter()
            .filter(|pair| pair.0 == key)
            .map(|pair| pair.1);
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            (None, _) => Err(CapsError::Missing { key }),
            (Some(_), Some(_)) => Err(CapsError::Twice { key }),
        }
    }

    pub(super) fn number<T: FromStr>(&self, key: &'static str) -> Result<T, CapsError> {
        let given = self.value(key)?;
        given.parse().map_err(|_| CapsError::Value {
            key,
            given: excerpt(given),
        })
    }

    pub(super) fn dimension(&self, key: &'static str, which: Dimension) -> Result<u32, CapsError> {
        let given = self.value(key)?;
        match crate::video::dimension(which, given) {
            Some(dimension) => Ok(dimension?),
            None => Err(CapsError::Value {
                key,
                given: excerpt(given),
            }),
        }
    }
}
