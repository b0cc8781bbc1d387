//! `self-test`: does every gate and every family of rules still see a deceit?

use clap::Args;
use serde::Serialize;

use super::{FAILED, Global, Output, PASSED};
use crate::render::json;
use crate::text::counted;
use crate::workflow::self_test::{canaries, play, untested};

/// Arguments of `self-test`.
#[derive(Debug, Args)]
pub(super) struct SelfTest {}

/// The answer as scripts read it.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    tool: &'static str,
    verdict: &'static str,
    untested: Vec<String>,
    deceits: Vec<Deceit>,
}

#[derive(Serialize)]
struct Deceit {
    family: String,
    ask: String,
    does: String,
    finds: String,
    fault: Option<String>,
}

impl SelfTest {
    #[expect(clippy::unused_self, reason = "a command like the others")]
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let all = canaries()?;
        let untested = untested(&all);
        let (mut deceits, mut lines) = (Vec::new(), String::new());
        play(&all, |outcome| {
            let canary = &outcome.canary;
            let line = match &outcome.fault {
                None => format!("seen    {:<13}{}: somebody {}\n", canary.family, canary.ask, canary.does),
                Some(why) => {
                    format!("WRONG   {:<13}{}: somebody {}: {why}\n", canary.family, canary.ask, canary.does)
                }
            };
            if !output.look.quiet || outcome.fault.is_some() {
                lines.push_str(&line);
            }
            deceits.push(Deceit {
                family: canary.family.clone(),
                ask: canary.ask.clone(),
                does: canary.does.clone(),
                finds: canary.finds.clone(),
                fault: outcome.fault.clone(),
            });
        })?;
        let missed = deceits.iter().filter(|deceit| deceit.fault.is_some()).count();
        let good = missed == 0 && untested.is_empty();
        let verdict = if good { "passed" } else { "failed" };
        if is_json {
            let (schema, tool) = ("countersign.self-test/v1", env!("CARGO_PKG_VERSION"));
            output.print(&json::pretty(&Document { schema, tool, verdict, untested, deceits }))?;
            return Ok(if good { PASSED } else { FAILED });
        }
        for what in &untested {
            lines.push_str(&format!("WRONG   no deceit tests {what}\n"));
        }
        if !(good && output.look.quiet) {
            let seen = deceits.len() - missed;
            let verdict = verdict.to_uppercase();
            lines.push_str(&format!(
                "self-test: {verdict}: {} seen, {} wrong{}\n",
                counted(seen, "deceit"),
                missed + untested.len(),
                if good { "; their honest twins pass" } else { "" }
            ));
        }
        output.print(&lines)?;
        Ok(if good { PASSED } else { FAILED })
    }
}
