//! `packet/report-part`: a report that lists the files it checked names the changed source files.

use std::collections::BTreeSet;

use crate::check::repository_documents::DocumentCheckContext;
use crate::document::Packet;
use crate::document::manifest::Manifest;
use crate::document::packet::VerdictReport;
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Span, format_count, to_single_line};

use super::report_origin::extent;

/// Labels of the list.
const LISTS: [&str; 3] = ["FILES_CHECKED", "FILES_REVIEWED", "FILES_INSPECTED"];
/// Parts of a list that stand for many files, such as a folder.
const MANY: [&str; 7] = ["/*", "*.", "/...", "/`\n", "/\n", "all changed files", "all files"];
/// Maximum number of files that are read, of reports that are searched, and of places shown.
const MAX_FILES: usize = 200;
const MAX_REPORTS: usize = 20;
const MAX_SHOWN: usize = 5;

/// Returns a note if the newest report has the verdict PASS, and no report names a source file of
/// a manifest, although they list the files that were checked.
pub(super) fn check_files(
    input: &DocumentCheckContext<'_>,
    packet: &Packet,
    report: &VerdictReport,
    rule: &Rule,
) -> Option<Finding> {
    if report.verdict.value != "PASS" {
        return None;
    }
    let reports: Vec<Span> = packet
        .phases
        .reports
        .iter()
        .rev()
        .take(MAX_REPORTS)
        .map(|report| extent(packet, report.verdict.span))
        .collect();
    let list = list_label(packet, extent(packet, report.verdict.span))?;
    let said: Vec<&str> = reports.iter().map(|span| packet.source.slice(*span)).collect();
    let mut lists = reports.iter().filter_map(|report| Some(list_text(packet, list_label(packet, *report)?)));
    if lists.any(|text| MANY.iter().any(|many| text.contains(many))) {
        return None;
    }
    let names = Names::of(&said);
    let is_source = |path: &str| {
        let ending = path.rsplit_once('.').map(|(_, ending)| ending);
        let is_governance = input.governance.is_some_and(|all| {
            all.layout.is_governance(&crate::text::RepoPath::from(path.trim_start_matches("./")))
        });
        !is_governance
            && ending.is_some_and(|ending| rule.parameter("sources").iter().any(|one| one == ending))
    };
    let targets = packet.manifests.iter().filter(|one| !one.is_template()).take(MAX_FILES);
    let targets = targets.filter_map(|one: &Manifest| one.target.as_ref());
    let mut sources = targets.filter(|target| is_source(&target.value)).peekable();
    sources.peek()?;
    let mut seen = BTreeSet::new();
    let (mut named, mut missing) = (0_usize, Vec::new());
    for target in sources.filter(|target| seen.insert(target.value.as_str())) {
        if names.has(&target.value) {
            named += 1;
        } else {
            missing.push(target);
        }
    }
    let first = missing.first().filter(|_| named > 0)?;
    let shown = to_single_line(&first.value, 100);
    let message = match missing.len() {
        1 => format!("the reports list the files that were checked, but not the changed `{shown}`"),
        count => format!(
            "the reports list the files that were checked, but not {}, such as `{shown}`",
            format_count(count, "changed source file")
        ),
    };
    let finding = rule.finding(message, Label::text(&packet.source, list, "not in this list"));
    let changed = |target: &&&crate::text::Spanned<String>| {
        Label::text(&packet.source, target.span, "changed, says its manifest")
    };
    let places: Vec<Label> = missing.iter().take(MAX_SHOWN).map(|target| changed(&target)).collect();
    Some(places.into_iter().fold(finding.with_level(Level::Note), Finding::related))
}

/// Returns a note if the section for reports is empty, and the newest report is in another one.
pub(super) fn check_section(packet: &Packet, report: &VerdictReport, rule: &Rule) -> Option<Finding> {
    let is_for_reports = |key: &str| matches!(key, "VALIDATION_REPORTS" | "VALIDATION_REPORT");
    let section = packet.sections.iter().find(|section| is_for_reports(&section.key))?;
    let text = packet.source.slice(section.span).to_lowercase();
    let outer = packet.sections.iter().filter(|section| section.level == 2);
    let outer = outer.into_iter().find(|section| section.span.contains(report.verdict.span))?;
    let is_elsewhere =
        !["REPORT", "VALIDATION", "VERDICT", "AUDIT"].iter().any(|word| outer.key.contains(word));
    if text.contains("verdict:")
        || text.contains("verdict**:")
        || text.contains("see ")
        || !is_elsewhere
        || outer.span.contains(section.span)
    {
        return None;
    }
    let message = format!(
        "the section for reports has no report, and the newest report is in `{}`",
        to_single_line(&outer.title.value, 60)
    );
    let finding = rule.finding(message, Label::text(&packet.source, section.title.span, "no report"));
    let there = Label::text(&packet.source, report.verdict.span, "the newest verdict");
    Some(finding.related(there).with_level(Level::Note))
}

/// Returns the label or the heading of the list in a report.
fn list_label(packet: &Packet, report: Span) -> Option<Span> {
    let is_list = |key: &str| LISTS.iter().any(|list| key == *list || key.starts_with(&format!("{list}_")));
    let fields = packet.fields.iter().filter(|field| is_list(&field.key)).map(|field| field.label);
    let titles = packet.sections.iter().filter(|section| is_list(&section.key));
    let titles = titles.map(|section| section.title.span);
    fields.chain(titles).filter(|span| report.contains(*span)).max_by_key(|span| span.start)
}

/// Returns the entries below the label of a list, up to the next empty line.
fn list_text(packet: &Packet, label: Span) -> &str {
    let rest = packet.source.text().get(label.end..).unwrap_or("");
    let first = rest.find('\n').map_or(rest.len(), |end| end + 1);
    let blank = rest.get(first..).unwrap_or("").bytes().take_while(u8::is_ascii_whitespace).count();
    let entries = rest.get(first + blank..).unwrap_or("");
    let end = ["\n\n", "\n\r\n"].iter().filter_map(|empty| entries.find(empty)).min();
    rest.get(..first + blank + end.unwrap_or(entries.len())).unwrap_or(rest)
}

/// Returns whether a character ends a name of a file.
fn is_no_name(c: char) -> bool {
    !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+' | '[' | ']' | '$'))
}

/// The names of files in reports.
struct Names {
    /// Words, in small letters.
    words: BTreeSet<String>,
    /// Parts of lists such as `{a,b}.rs`, in small letters.
    in_braces: BTreeSet<String>,
}

impl Names {
    fn of(reports: &[&str]) -> Self {
        let (mut words, mut in_braces) = (BTreeSet::new(), BTreeSet::new());
        for text in reports {
            let lower = text.to_lowercase();
            let all = lower.split(is_no_name).map(|word| word.trim_matches(['.', '-']));
            words.extend(all.filter(|word| !word.is_empty()).map(str::to_owned));
            let opened = lower.split('{').skip(1).filter_map(|part| part.split_once('}'));
            in_braces.extend(opened.flat_map(|(names, _)| names.split(',')).map(|one| one.trim().to_owned()));
        }
        Self { words, in_braces }
    }

    /// Returns whether the reports name a file, by its name or in a list of names.
    fn has(&self, path: &str) -> bool {
        let lower = path.to_lowercase();
        let name = lower.rsplit(['/', '\\']).next().unwrap_or(&lower);
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        self.words.contains(name.trim_matches(['.', '-'])) || self.in_braces.contains(stem)
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn files_are_found_in_every_form_of_a_list() {
        let names = Names::of(&["- src\\Lib.rs:3, `src/{farewell, tone}.rs`", "read app/[id].tsx."]);
        for path in ["src/lib.rs", "src/farewell.rs", "src/tone.test.rs", "app/[id].tsx"] {
            assert!(names.has(path), "{path}");
        }
        for path in ["src/library.rs", "src/id.tsx", "src/farewells.rs"] {
            assert!(!names.has(path), "{path}");
        }
        assert!(!Names::of(&["{", "}{,"]).has("src/a.rs"));
    }
}
