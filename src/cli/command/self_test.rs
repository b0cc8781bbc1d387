//! `self-test`: every gate and every rule family must detect its bypass case.

use clap::Args;
use serde::Serialize;

use crate::cli::{FAILED, GlobalArgs, Output, PASSED};
use crate::render::json;
use crate::text::format_count;
use crate::workflow::self_test::{check_bus, list_untested, load_cases, run_cases};

/// Arguments of `self-test`.
#[derive(Debug, Args)]
pub(crate) struct SelfTestArgs {}

/// The result as scripts read it.
#[derive(Serialize)]
struct SelfTestOutput {
    schema: &'static str,
    tool: &'static str,
    verdict: &'static str,
    /// Gates and rule families without a case.
    untested: Vec<String>,
    cases: Vec<CaseOutput>,
}

/// One case and how it ended.
#[derive(Serialize)]
struct CaseOutput {
    family: String,
    command: String,
    bypass: String,
    finds: String,
    failure: Option<String>,
}

impl SelfTestArgs {
    #[expect(clippy::unused_self, reason = "every command has the same signature")]
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let start = std::time::Instant::now();
        let all = load_cases()?;
        let untested = list_untested(&all);
        let (mut cases, mut lines) = (Vec::new(), String::new());
        run_cases(&all, |outcome| {
            let case = &outcome.case;
            let shown = format!("{:<13}{}: the bypass case {}", case.family, case.command, case.bypass);
            match &outcome.failure {
                None if output.human_options.quiet => {}
                None => lines.push_str(&format!("detected  {shown}\n")),
                Some(why) => lines.push_str(&format!("FAILED    {shown}: {why}\n")),
            }
            cases.push(CaseOutput {
                family: case.family.clone(),
                command: case.command.clone(),
                bypass: case.bypass.clone(),
                finds: case.finds.clone(),
                failure: outcome.failure.clone(),
            });
        })?;
        for case in check_bus()? {
            let name = case.name.as_str();
            match &case.fault {
                None if output.human_options.quiet => {}
                None => lines.push_str(&format!("held      {:<13}{name}\n", "bus")),
                Some(why) => lines.push_str(&format!("FAILED    {:<13}{name}: {why}\n", "bus")),
            }
            cases.push(CaseOutput {
                family: "bus".to_owned(),
                command: "conformance".to_owned(),
                bypass: case.name,
                finds: "denied by its gate, or refused by name".to_owned(),
                failure: case.fault,
            });
        }
        let failed = cases.iter().filter(|case| case.failure.is_some()).count();
        let passed = failed == 0 && untested.is_empty();
        let verdict = if passed { "passed" } else { "failed" };
        let code = if passed { PASSED } else { FAILED };
        if is_json {
            let (schema, tool) = ("countersign.self-test/v1", env!("CARGO_PKG_VERSION"));
            output.print(&json::pretty(&SelfTestOutput { schema, tool, verdict, untested, cases }))?;
            return Ok(code);
        }
        for what in &untested {
            lines.push_str(&format!("FAILED    no bypass case covers {what}\n"));
        }
        if !(passed && output.human_options.quiet) {
            lines.push_str(&format!(
                "self-test: {}: {} detected, {} failed{} ({:.1} s)\n",
                verdict.to_uppercase(),
                format_count(cases.len() - failed, "bypass case"),
                failed + untested.len(),
                if passed { "; every control case passes" } else { "" },
                start.elapsed().as_secs_f64()
            ));
        }
        output.print(&lines)?;
        Ok(code)
    }
}
