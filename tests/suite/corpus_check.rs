//! Findings of `check` in real documents, where they are available: counts by
//! rule, compared with the reviewed table in `docs/corpus.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use countersign::{
    DocumentCheckRequest, DocumentQuery, NamedDocument, ObjectStore as _, PlainFolder, Report, TreeState,
    check_documents,
};

use crate::support::{files_below, project, shared};

const DATES: [&str; 4] = ["2025-12-27", "2026-01-04", "2026-01-19", "2026-02-13"];
const BEGIN: &str = "<!-- counts: written by `COUNTERSIGN_ACCEPT=1 cargo test corpus_check` -->\n";
const END: &str = "<!-- end of counts -->\n";

fn request(inquiry: DocumentQuery, named: Vec<NamedDocument>) -> DocumentCheckRequest {
    let now = "2026-11-21T12:00:00".parse().expect("now");
    DocumentCheckRequest {
        query: inquiry,
        tree: TreeState::Worktree,
        named_documents: named,
        config: None,
        now,
    }
}

/// Checks all documents one by one, as `check packets refinements stubs
/// contracts` does.
fn check_documents_alone(corpus: &Path) -> Report {
    let folder = PlainFolder::new(corpus);
    let mut named = Vec::new();
    for kind in ["packets", "refinements", "stubs", "contracts"] {
        let paths = folder.list_below(TreeState::Worktree, kind).expect("corpus");
        named.extend(paths.into_iter().map(|path| NamedDocument { path, bytes: None }));
    }
    check_documents(&folder, &request(DocumentQuery::Check, named)).expect("judged")
}

/// Checks one repository: the records of a date with the newest version that
/// every document had on that date.
fn check_documents_together(corpus: &Path, date: &str) -> Report {
    let root = tempfile::tempdir().expect("temporary folder");
    let state = corpus.join("state").join(date);
    for path in files_below(&state) {
        let target = root.path().join(path.strip_prefix(&state).expect("below"));
        std::fs::create_dir_all(target.parent().expect("folder")).expect("folders");
        std::fs::copy(&path, target).expect("copy");
    }
    let base = if date < "2026-02" { "docs" } else { ".GOV" };
    let index = std::fs::read_to_string(corpus.join("index.jsonl")).expect("index");
    let mut newest: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
    for line in index.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        if text("first_seen").as_str() > date || text("wp_id").is_empty() {
            continue;
        }
        let folder = match text("kind").as_str() {
            "packet" => "task_packets",
            "stub" => "task_packets/stubs",
            "refinement" => "refinements",
            _ => continue,
        };
        let key = (folder.to_owned(), text("wp_id"));
        let found = (text("first_seen"), text("file"));
        let known = newest.entry(key).or_insert_with(|| found.clone());
        if found > *known {
            *known = found;
        }
    }
    for ((folder, id), (_, file)) in newest {
        let target = root.path().join(base).join(folder).join(format!("{id}.md"));
        std::fs::create_dir_all(target.parent().expect("folder")).expect("folders");
        std::fs::copy(corpus.join(file), target).expect("copy");
    }
    check_documents(&PlainFolder::new(root.path()), &request(DocumentQuery::Governance, Vec::new()))
        .expect("judged")
}

fn counts(report: &Report) -> BTreeMap<(String, &'static str), usize> {
    let mut out = BTreeMap::new();
    for finding in &report.findings {
        *out.entry((finding.rule.as_str().to_owned(), finding.level.as_str())).or_default() += 1;
    }
    out
}

/// The table, the most frequent rules first.
fn table(reports: &[Report]) -> String {
    let all: Vec<_> = reports.iter().map(counts).collect();
    let mut keys: Vec<_> =
        all.iter().flat_map(|counts| counts.keys().cloned()).collect::<BTreeSet<_>>().into_iter().collect();
    let most =
        |key: &(String, &'static str)| all.iter().map(|counts| counts.get(key).copied().unwrap_or(0)).max();
    keys.sort_by(|a, b| most(b).cmp(&most(a)).then_with(|| a.cmp(b)));
    let mut out = String::from("| rule | level | alone |");
    DATES.iter().for_each(|date| out.push_str(&format!(" {date} |")));
    out.push_str("\n|---|---|--:|--:|--:|--:|--:|\n");
    let documents = reports.iter().map(|report| {
        let Some(documents) = &report.documents else { return 0 };
        documents.count()
    });
    out.push_str(&format!(
        "| *documents* | | {} |\n",
        documents.map(|n| n.to_string()).collect::<Vec<_>>().join(" | ")
    ));
    for key in keys {
        let cells: Vec<String> =
            all.iter().map(|counts| counts.get(&key).map_or_else(String::new, ToString::to_string)).collect();
        out.push_str(&format!("| {} | {} | {} |\n", key.0, key.1, cells.join(" | ")));
    }
    out
}

#[test]
fn findings_of_the_corpus_are_as_reviewed() {
    let Some(corpus) = shared("corpus") else { return };
    let mut reports = vec![check_documents_alone(&corpus)];
    reports.extend(DATES.iter().map(|date| check_documents_together(&corpus, date)));
    let now = table(&reports);
    let file = project().join("docs/corpus.md");
    let page = std::fs::read_to_string(&file).expect("docs/corpus.md");
    let (head, rest) = page.split_once(BEGIN).expect("the counts begin");
    let (known, tail) = rest.split_once(END).expect("the counts end");
    if std::env::var_os("COUNTERSIGN_ACCEPT").is_some() {
        std::fs::write(&file, format!("{head}{BEGIN}\n{now}\n{END}{tail}")).expect("page");
        return;
    }
    assert_eq!(
        known.trim(),
        now.trim(),
        "review the difference, then COUNTERSIGN_ACCEPT=1 cargo test corpus_check"
    );
    let frequent = now.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    for rule in frequent.filter(|rule| rule.contains('/')).take(20) {
        assert!(tail.contains(&format!("`{rule}`")), "docs/corpus.md does not say why {rule} is right");
    }
}
