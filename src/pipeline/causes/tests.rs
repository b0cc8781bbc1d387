use proptest::prelude::*;

use super::*;
use crate::finding::{Label, RuleId, Subject};
use crate::text::Span;

const RULES: [&str; 14] = [
    "packet/section",
    "packet/field",
    "scope/no-entry",
    "scope/outside",
    "scope/unparsable-entry",
    "manifest/missing",
    "manifest/false-claim",
    "manifest/incomplete",
    "evidence/command",
    "text/unclosed-fence",
    "text/hidden-character",
    "packet/identity",
    "waiver/expired",
    "approval/signature-format",
];
const TEXT: &str = "# T\n```\n## SCOPE\n- IN_SCOPE_PATHS:\n  - src/a.rs\n```bash\nx\n```\n## EVIDENCE\n";

fn finding(source: &Arc<Source>, parts: (usize, u8, usize, bool, bool)) -> Finding {
    let (rule, level, line, is_waived, misses) = parts;
    let span = source.line_span(line % 9 + 1).unwrap_or_default();
    let id = RULES.get(rule % RULES.len()).copied().unwrap_or("packet/field");
    let level = [Level::Note, Level::Warning, Level::Error].get(usize::from(level % 3)).copied();
    let mut out = Finding::new(RuleId::from_static(id), format!("m: {line}"), Label::text(source, span, "x"))
        .with_level(level.unwrap_or(Level::Error));
    out.waived_by = is_waived.then(|| "W".to_owned());
    if misses {
        out = out.misses("SCOPE", (line % 2 == 0).then_some("IN_SCOPE_PATHS"));
    } else {
        out.subject = Some(Subject::Path(RepoPath::from("src/a.rs")));
        out.because = Some(Place::text(source, span));
    }
    out
}

/// Whatever fails a gate before folding fails it afterwards, no waived finding is lost or
/// explains another one, and nothing that was found is left out.
#[test]
fn folding_never_lets_anything_pass() {
    let part = (0..14_usize, 0..3_u8, 0..9_usize, any::<bool>(), any::<bool>());
    proptest!(|(parts in proptest::collection::vec(part, 0..12))| {
        let source = Source::from_text(RepoPath::from("p.md"), TEXT);
        let outline = Outline::parse(TEXT);
        let all: Vec<Finding> = parts.into_iter().map(|parts| finding(&source, parts)).collect();
        let document = FoldedDocument { source: &source, outline: &outline, checks_fences: true };
        let folded = fold(all.clone(), Some(document));
        let fails = |findings: &[Finding]| findings.iter().any(Finding::fails_gate);
        prop_assert_eq!(fails(&all), fails(&folded));
        let waived = |findings: &[Finding]| findings.iter().filter(|f| f.waived_by.is_some()).count();
        prop_assert_eq!(waived(&all), waived(&folded));
        let level = |findings: &[Finding]| {
            findings.iter().filter(|f| f.waived_by.is_none()).map(|f| f.level).max()
        };
        prop_assert_eq!(level(&all), level(&folded));
        prop_assert_eq!(all.is_empty(), folded.is_empty());
        // Nothing that was found is lost: it is a finding, or a note with its rule.
        for finding in &all {
            let note = format!("[{}] {}", finding.rule, finding.message);
            // The finding about the block itself gets a better message.
            let is_block = finding.rule.as_str() == "text/unclosed-fence";
            let is_named = is_block || folded.iter().any(|one| {
                let is_listed = |text: &String| text.contains(&note) || text.contains("more finding");
                let is_claim = finding.rule.as_str() == "manifest/false-claim";
                one.message == finding.message
                    || one.notes.iter().any(is_listed)
                    || (is_claim && one.notes.iter().any(|text| text.starts_with(claims::NOTE)))
            });
            prop_assert!(is_named, "{note}: {folded:?}");
        }
    });
}

#[test]
fn a_missing_section_lists_what_is_missing_in_it() {
    let source = Source::from_text(RepoPath::from("p.md"), "# T\n");
    let at = || Label::text(&source, Span::new(0, 1), "here");
    let new = |rule, message: &str| Finding::new(RuleId::from_static(rule), message, at());
    let all = vec![
        new("packet/section", "no EVIDENCE").misses("EVIDENCE", None),
        new("evidence/command", "no entry").about_command("cargo test"),
        new("packet/status", "another fault"),
    ];
    let folded = fold(all, None);
    assert_eq!(folded.len(), 2);
    assert_eq!(folded[0].notes, ["This also explains: [evidence/command] no entry (line 1)."]);
}
