//! `memwire agent --check-config`: what is wrong with a file, without an agent.

use std::path::Path;

use dma_agent::config::Config;
use serde::Serialize;

use crate::cli::Common;
use crate::exit::misuse;
use crate::report::{Summary, Talk};

/// What a file that is right says.
#[derive(Debug, Serialize)]
struct Checked {
    file: String,
    doorbells: usize,
    rules: usize,
    ports: usize,
    aliases: usize,
}

pub(super) fn run(file: &Path, common: &Common) -> anyhow::Result<()> {
    let config = Config::read(file).map_err(misuse)?;
    Talk::new(common, false).result(&Checked {
        file: file.display().to_string(),
        doorbells: config.doorbells.len(),
        rules: config.admission.rules.len(),
        ports: config.ports.len(),
        aliases: config.aliases.len(),
    })
}

impl Summary for Checked {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let doorbells = match self.doorbells {
            0 => "the usual one".to_owned(),
            count => count.to_string(),
        };
        vec![
            ("nothing is wrong with", self.file.clone()),
            ("doorbells", doorbells),
            ("rules", self.rules.to_string()),
            ("ports", self.ports.to_string()),
            ("aliases", self.aliases.to_string()),
        ]
    }
}
