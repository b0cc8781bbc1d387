//! The `JUnit` format: every check and every step of a gate is a test case.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::finding::{CheckOutcome, CheckStatus, Finding, Report, StepReport, StepStatus};
use crate::text::escape_hidden;

use super::location::{Location, full_message};

/// Renders a report as `JUnit` XML.
#[must_use]
pub(super) fn render(report: &Report) -> String {
    let mut xml = XmlWriter { writer: Writer::new_with_indent(Vec::new(), b' ', 2) };
    let failed = report.outcomes.iter().filter(|outcome| outcome.status == CheckStatus::Failed).count()
        + report.steps.iter().filter(|step| step.status == StepStatus::Failed).count();
    let skipped =
        report.outcomes.iter().filter(|outcome| matches!(outcome.status, CheckStatus::Skipped(_))).count()
            + report.steps.iter().filter(|step| matches!(step.status, StepStatus::Skipped(_))).count();
    let not_run = usize::from(report.not_run.is_some());
    let counts = [
        ("tests", (report.outcomes.len() + report.steps.len() + not_run).to_string()),
        ("failures", failed.to_string()),
        ("errors", not_run.to_string()),
        ("skipped", skipped.to_string()),
        ("time", format_seconds(report.run.milliseconds)),
    ];
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    xml.open_element("testsuites", counts.iter().map(|(name, value)| (*name, value.clone())));
    let names: Vec<&str> = report.packets().map(|packet| packet.wp_id.as_str()).collect();
    let mut suite = vec![("name", format!("{} {}", report.gate, names.join(", ")).trim().to_owned())];
    suite.extend(counts.iter().map(|(name, value)| (*name, value.clone())));
    if !report.run.started_at.is_empty() {
        suite.push(("timestamp", report.run.started_at.trim_end_matches('Z').to_owned()));
    }
    xml.open_element("testsuite", suite.into_iter());
    if let Some(reason) = &report.not_run {
        write_not_run(&mut xml, report.gate, reason);
    }
    for outcome in &report.outcomes {
        write_check(&mut xml, outcome, report);
    }
    for step in &report.steps {
        write_step(&mut xml, step);
    }
    xml.close_element("testsuite");
    xml.close_element("testsuites");
    xml.finish()
}

fn format_seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

fn write_check(xml: &mut XmlWriter, outcome: &CheckOutcome, report: &Report) {
    let own = |finding: &&Finding| finding.rule == outcome.rule && finding.packet == outcome.packet;
    let findings: Vec<&Finding> = report.findings.iter().filter(own).collect();
    let name = match &outcome.packet {
        Some(packet) => format!("{} ({packet})", outcome.rule),
        None => outcome.rule.to_string(),
    };
    let class_name = format!("countersign.{}.{}", report.gate, outcome.rule.family());
    xml.open_element(
        "testcase",
        [("classname", class_name), ("name", name), ("time", "0".to_owned())].into_iter(),
    );
    match &outcome.status {
        CheckStatus::Skipped(reason) => {
            xml.write_empty_element("skipped", [("message", reason.clone())].into_iter());
        }
        CheckStatus::Failed => {
            let failing: Vec<&Finding> =
                findings.iter().copied().filter(|finding| finding.fails_gate()).collect();
            let message = failing.first().map_or("failed", |finding| finding.message.as_str());
            let attributes = [("message", message.to_owned()), ("type", outcome.rule.to_string())];
            let text: Vec<String> = failing.iter().map(|finding| failure_text(finding, report)).collect();
            xml.open_element("failure", attributes.into_iter());
            xml.write_text(&text.join("\n\n"));
            xml.close_element("failure");
        }
        CheckStatus::Passed | CheckStatus::Waived(_) => {}
    }
    let others: Vec<String> = findings
        .iter()
        .filter(|finding| !finding.fails_gate())
        .map(|finding| failure_text(finding, report))
        .collect();
    if !others.is_empty() {
        xml.open_element("system-out", std::iter::empty());
        xml.write_text(&others.join("\n\n"));
        xml.close_element("system-out");
    }
    xml.close_element("testcase");
}

/// Writes one test case with an error for a command that could not run.
fn write_not_run(xml: &mut XmlWriter, gate: &str, reason: &str) {
    let attributes = [
        ("classname", format!("countersign.{gate}")),
        ("name", "not_run".to_owned()),
        ("time", "0".to_owned()),
    ];
    xml.open_element("testcase", attributes.into_iter());
    let attributes = [("message", reason.to_owned()), ("type", "not_run".to_owned())];
    xml.write_empty_element("error", attributes.into_iter());
    xml.close_element("testcase");
}

fn failure_text(finding: &Finding, report: &Report) -> String {
    let prefix =
        Location::for_finding(finding, report).map_or_else(String::new, |location| match location.region {
            Some(region) => format!("{}:{}:{}: ", location.path, region.line, region.column),
            None => format!("{}: ", location.path),
        });
    format!("{prefix}{}: {}", finding.level, full_message(finding))
}

fn write_step(xml: &mut XmlWriter, step: &StepReport) {
    let time = format_seconds(step.run.milliseconds);
    let attributes =
        [("classname", "countersign.step".to_owned()), ("name", step.name.clone()), ("time", time)];
    xml.open_element("testcase", attributes.into_iter());
    match &step.status {
        StepStatus::Passed => {}
        StepStatus::Skipped(reason) => {
            xml.write_empty_element("skipped", [("message", reason.clone())].into_iter());
        }
        StepStatus::Failed => {
            let message = format!("step {} failed", step.name);
            xml.open_element("failure", [("message", message), ("type", "step".to_owned())].into_iter());
            xml.write_text(&step.run.tail.join("\n"));
            xml.close_element("failure");
        }
    }
    xml.close_element("testcase");
}

/// An XML writer into memory, which cannot fail.
struct XmlWriter {
    writer: Writer<Vec<u8>>,
}

impl XmlWriter {
    fn write_event(&mut self, event: Event<'_>) {
        let _ = self.writer.write_event(event);
    }

    fn start_tag<'a>(name: &'a str, attributes: impl Iterator<Item = (&'a str, String)>) -> BytesStart<'a> {
        let mut start = BytesStart::new(name);
        for (key, value) in attributes {
            start.push_attribute((key, escape_text(&value).replace('\n', " ").as_str()));
        }
        start
    }

    fn open_element<'a>(&mut self, name: &'a str, attributes: impl Iterator<Item = (&'a str, String)>) {
        self.write_event(Event::Start(Self::start_tag(name, attributes)));
    }

    fn write_empty_element<'a>(
        &mut self,
        name: &'a str,
        attributes: impl Iterator<Item = (&'a str, String)>,
    ) {
        self.write_event(Event::Empty(Self::start_tag(name, attributes)));
    }

    fn write_text(&mut self, text: &str) {
        self.write_event(Event::Text(BytesText::new(&escape_text(text))));
    }

    fn close_element(&mut self, name: &str) {
        self.write_event(Event::End(BytesEnd::new(name)));
    }

    fn finish(self) -> String {
        let mut out = String::from_utf8_lossy(&self.writer.into_inner()).into_owned();
        out.push('\n');
        out
    }
}

/// Escapes what XML 1.0 cannot hold, even as a reference: control characters, and the
/// non-characters U+FFFE and U+FFFF.
fn escape_text(text: &str) -> String {
    escape_hidden(text).replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn non_characters_are_escaped() {
        assert_eq!(super::escape_text("a\u{ffff}\u{1}\u{fffe}é"), "a\\u{ffff}\\u{1}\\u{fffe}é");
    }
}
