//! `self-test`: does every gate and every family of rules still see a deceit?

use clap::Args;
use serde::Serialize;

use crate::cli::{FAILED, GlobalArgs, Output, PASSED};
use crate::render::json;
use crate::text::format_count;
use crate::workflow::self_test::{list_untested, load_cases, run_cases};

/// Arguments of `self-test`.
#[derive(Debug, Args)]
pub(crate) struct SelfTestArgs {}

/// The answer as scripts read it.
#[derive(Serialize)]
struct SelfTestOutput {
    schema: &'static str,
    tool: &'static str,
    verdict: &'static str,
    untested: Vec<String>,
    deceits: Vec<BypassCaseOutput>,
}

#[derive(Serialize)]
struct BypassCaseOutput {
    family: String,
    ask: String,
    does: String,
    finds: String,
    fault: Option<String>,
}

impl SelfTestArgs {
    #[expect(clippy::unused_self, reason = "a command like the others")]
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let all = load_cases()?;
        let untested = list_untested(&all);
        let (mut deceits, mut lines) = (Vec::new(), String::new());
        run_cases(&all, |outcome| {
            let canary = &outcome.case;
            let line = match &outcome.failure {
                None => format!("seen    {:<13}{}: somebody {}\n", canary.family, canary.ask, canary.does),
                Some(why) => {
                    format!("WRONG   {:<13}{}: somebody {}: {why}\n", canary.family, canary.ask, canary.does)
                }
            };
            if !output.human_options.quiet || outcome.failure.is_some() {
                lines.push_str(&line);
            }
            deceits.push(BypassCaseOutput {
                family: canary.family.clone(),
                ask: canary.ask.clone(),
                does: canary.does.clone(),
                finds: canary.finds.clone(),
                fault: outcome.failure.clone(),
            });
        })?;
        let missed = deceits.iter().filter(|deceit| deceit.fault.is_some()).count();
        let good = missed == 0 && untested.is_empty();
        let verdict = if good { "passed" } else { "failed" };
        if is_json {
            let (schema, tool) = ("countersign.self-test/v1", env!("CARGO_PKG_VERSION"));
            output.print(&json::pretty(&SelfTestOutput { schema, tool, verdict, untested, deceits }))?;
            return Ok(if good { PASSED } else { FAILED });
        }
        for what in &untested {
            lines.push_str(&format!("WRONG   no deceit tests {what}\n"));
        }
        if !(good && output.human_options.quiet) {
            let seen = deceits.len() - missed;
            let verdict = verdict.to_uppercase();
            lines.push_str(&format!(
                "self-test: {verdict}: {} seen, {} wrong{}\n",
                format_count(seen, "deceit"),
                missed + untested.len(),
                if good { "; their honest twins pass" } else { "" }
            ));
        }
        output.print(&lines)?;
        Ok(if good { PASSED } else { FAILED })
    }
}
