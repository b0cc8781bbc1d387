//! `JUnit`: every check of a gate is a test case, every step one more.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::spot::{Spot, told};
use crate::finding::{CheckOutcome, Finding, Report, Status, StepReport, StepStatus};
use crate::text::visible;

/// The report as `JUnit` XML.
#[must_use]
pub fn report(report: &Report) -> String {
    let mut xml = Xml { writer: Writer::new_with_indent(Vec::new(), b' ', 2) };
    let failed = report.outcomes.iter().filter(|outcome| outcome.status == Status::Failed).count()
        + report.steps.iter().filter(|step| step.status == StepStatus::Failed).count();
    let skipped =
        report.outcomes.iter().filter(|outcome| matches!(outcome.status, Status::Skipped(_))).count()
            + report.steps.iter().filter(|step| matches!(step.status, StepStatus::Skipped(_))).count();
    let counts = [
        ("tests", (report.outcomes.len() + report.steps.len()).to_string()),
        ("failures", failed.to_string()),
        ("errors", "0".to_owned()),
        ("skipped", skipped.to_string()),
        ("time", seconds(report.run.milliseconds)),
    ];
    xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    xml.open("testsuites", counts.iter().map(|(name, value)| (*name, value.clone())));
    let names: Vec<&str> = report.packets().map(|packet| packet.wp_id.as_str()).collect();
    let mut suite = vec![("name", format!("{} {}", report.gate, names.join(", ")).trim().to_owned())];
    suite.extend(counts.iter().map(|(name, value)| (*name, value.clone())));
    if !report.run.started_at.is_empty() {
        suite.push(("timestamp", report.run.started_at.trim_end_matches('Z').to_owned()));
    }
    xml.open("testsuite", suite.into_iter());
    for outcome in &report.outcomes {
        check(&mut xml, outcome, report);
    }
    for one in &report.steps {
        step(&mut xml, one);
    }
    xml.close("testsuite");
    xml.close("testsuites");
    xml.finish()
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

fn check(xml: &mut Xml, outcome: &CheckOutcome, report: &Report) {
    let own = |finding: &&Finding| finding.rule == outcome.rule && finding.packet == outcome.packet;
    let findings: Vec<&Finding> = report.findings.iter().filter(own).collect();
    let name = match &outcome.packet {
        Some(packet) => format!("{} ({packet})", outcome.rule),
        None => outcome.rule.to_string(),
    };
    let family = format!("countersign.{}.{}", report.gate, outcome.rule.family());
    xml.open("testcase", [("classname", family), ("name", name), ("time", "0".to_owned())].into_iter());
    match &outcome.status {
        Status::Skipped(why) => xml.empty("skipped", [("message", why.clone())].into_iter()),
        Status::Failed => {
            let failing: Vec<&Finding> = findings.iter().copied().filter(|finding| finding.fails()).collect();
            let message = failing.first().map_or("failed", |finding| finding.message.as_str());
            let attributes = [("message", message.to_owned()), ("type", outcome.rule.to_string())];
            let text: Vec<String> = failing.iter().map(|finding| shown(finding, report)).collect();
            xml.open("failure", attributes.into_iter());
            xml.text(&text.join("\n\n"));
            xml.close("failure");
        }
        Status::Passed | Status::Waived(_) => {}
    }
    let others: Vec<String> =
        findings.iter().filter(|finding| !finding.fails()).map(|finding| shown(finding, report)).collect();
    if !others.is_empty() {
        xml.open("system-out", std::iter::empty());
        xml.text(&others.join("\n\n"));
        xml.close("system-out");
    }
    xml.close("testcase");
}

fn shown(finding: &Finding, report: &Report) -> String {
    let place = Spot::shown(finding, report).map_or_else(String::new, |spot| match spot.region {
        Some(region) => format!("{}:{}:{}: ", spot.path, region.line, region.column),
        None => format!("{}: ", spot.path),
    });
    format!("{place}{}: {}", finding.level, told(finding))
}

fn step(xml: &mut Xml, step: &StepReport) {
    let time = seconds(step.run.milliseconds);
    let attributes =
        [("classname", "countersign.step".to_owned()), ("name", step.name.clone()), ("time", time)];
    xml.open("testcase", attributes.into_iter());
    match &step.status {
        StepStatus::Passed => {}
        StepStatus::Skipped(why) => xml.empty("skipped", [("message", why.clone())].into_iter()),
        StepStatus::Failed => {
            let message = format!("step {} failed", step.name);
            xml.open("failure", [("message", message), ("type", "step".to_owned())].into_iter());
            xml.text(&step.run.tail.join("\n"));
            xml.close("failure");
        }
    }
    xml.close("testcase");
}

/// A writer into memory, which cannot fail.
struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Xml {
    fn event(&mut self, event: Event<'_>) {
        let _ = self.writer.write_event(event);
    }

    fn start<'a>(name: &'a str, attributes: impl Iterator<Item = (&'a str, String)>) -> BytesStart<'a> {
        let mut start = BytesStart::new(name);
        for (key, value) in attributes {
            start.push_attribute((key, visible(&value).replace('\n', " ").as_str()));
        }
        start
    }

    fn open<'a>(&mut self, name: &'a str, attributes: impl Iterator<Item = (&'a str, String)>) {
        self.event(Event::Start(Self::start(name, attributes)));
    }

    fn empty<'a>(&mut self, name: &'a str, attributes: impl Iterator<Item = (&'a str, String)>) {
        self.event(Event::Empty(Self::start(name, attributes)));
    }

    fn text(&mut self, text: &str) {
        self.event(Event::Text(BytesText::new(&visible(text))));
    }

    fn close(&mut self, name: &str) {
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn finish(self) -> String {
        let mut out = String::from_utf8_lossy(&self.writer.into_inner()).into_owned();
        out.push('\n');
        out
    }
}
