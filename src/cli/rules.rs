//! `explain` and `rules`.

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::{Format, Global, Output, PASSED};
use crate::check::{find, registered};
use crate::render::{explain, json, rules_markdown};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The rule's id, e.g. scope/outside
    rule: String,
}

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub(super) struct Rules {
    /// Print the manual page instead of the list
    #[arg(long)]
    markdown: bool,
}

impl Explain {
    pub(super) fn run(&self, output: &Output) -> anyhow::Result<u8> {
        let Some(entry) = find(&self.rule) else {
            let scored = registered()
                .iter()
                .map(|entry| entry.rule.id.as_str())
                .map(|id| (strsim::jaro_winkler(id, &self.rule), id));
            let near = scored.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(score, _)| *score > 0.7);
            let shown = crate::text::one_line(&self.rule, 80);
            match near {
                Some((_, near)) => bail!("there is no rule `{shown}`; did you mean `{near}`?"),
                None => bail!("there is no rule `{shown}`; `countersign rules` lists all"),
            }
        };
        output.print(&explain(&entry.rule))?;
        Ok(PASSED)
    }
}

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    level: &'a str,
    summary: &'a str,
    why: &'a str,
    remedy: &'a str,
    references: &'a [String],
    waivable_by: &'a [String],
}

impl Rules {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        let text = if self.markdown {
            rules_markdown()
        } else if global.format == Format::Json {
            let list = registered().iter().map(|entry| (entry.rule.id.as_str(), entry.rule.text()));
            let list: Vec<_> = list
                .map(|(id, text)| Listed {
                    id,
                    level: text.level.as_str(),
                    summary: &text.summary,
                    why: &text.why,
                    remedy: &text.remedy,
                    references: &text.references,
                    waivable_by: &text.waivable_by,
                })
                .collect();
            json::pretty(&list)
        } else {
            let lines = registered().iter().map(|entry| (entry.rule.id.as_str(), entry.rule.text()));
            lines
                .map(|(id, text)| format!("{id:<32} {:<8} {}\n", text.level.as_str(), text.summary))
                .collect()
        };
        output.print(&text)?;
        Ok(PASSED)
    }
}
