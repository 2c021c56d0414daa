//! Results on standard output: a table for people, one object on one line for machines.

use std::io::{self, Write as _};

use anyhow::Context as _;
use serde::Serialize;

use crate::cli::Common;
use crate::exit::ReaderGone;

/// Columns with a heading each. Those whose cells are all numbers are set to the right.
#[derive(Debug)]
pub(super) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(head: &[&'static str]) -> Self {
        let head = head.to_vec();
        Self {
            head,
            rows: Vec::new(),
        }
    }

    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    pub(super) fn render(&self) -> String {
        let columns: Vec<_> = (0..self.head.len()).map(|at| self.column(at)).collect();
        let head: Vec<_> = self.head.iter().map(ToString::to_string).collect();
        let lines = std::iter::once(&head).chain(&self.rows);
        lines.map(|cells| line(cells, &columns)).collect()
    }

    /// Its width, and whether it has numbers.
    fn column(&self, at: usize) -> (usize, bool) {
        let cells = || self.rows.iter().filter_map(|row| row.get(at));
        let width = cells().map(|cell| cell.chars().count()).max().unwrap_or(0);
        let digits = |cell: &String| {
            cell.chars()
                .all(|letter| letter.is_ascii_digit() || letter == ' ')
        };
        let is_number = !self.rows.is_empty() && cells().all(digits);
        (width.max(self.head[at].chars().count()), is_number)
    }
}

fn line(cells: &[String], columns: &[(usize, bool)]) -> String {
    let cells = cells.iter().zip(columns);
    let padded = cells.map(|(cell, &(width, is_number))| match is_number {
        true => format!("{cell:>width$}"),
        false => format!("{cell:width$}"),
    });
    let line = padded.collect::<Vec<_>>().join("  ");
    format!("{}\n", line.trim_end())
}

/// Says a result, as it is wanted.
pub(super) fn print<T: Serialize>(
    common: &Common,
    result: &T,
    people: impl FnOnce(&T) -> String,
) -> anyhow::Result<()> {
    let text = match common.json {
        true => serde_json::to_string(result).context("cannot write the result")? + "\n",
        false => people(result),
    };
    let mut stdout = io::stdout();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ReaderGone.into()),
        other => other.context("cannot write to standard output"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_under_each_other_and_words_begin_together() {
        let mut table = Table::new(&["port", "frames"]);
        table.row(["a".into(), "7".into()]);
        table.row(["longer".into(), "1 234".into()]);
        assert_eq!(
            table.render(),
            "port    frames\na            7\nlonger   1 234\n"
        );
        assert_eq!(Table::new(&["port", "frames"]).render(), "port  frames\n");
    }
}
