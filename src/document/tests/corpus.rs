//! Reads every real document of the corpus, if it is available, and compares the
//! counts of what was read with a reviewed snapshot.

use std::collections::BTreeMap;

use crate::document::{DocumentKind, Packet, detect_kind};
use crate::test_support::{assert_generated, files_below, read_bytes, shared};
use crate::text::{RepoPath, Source};

#[test]
fn the_corpus_reads_as_reviewed() {
    let Some(folder) = shared("corpus") else { return };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut add = |name: String, by: usize| *counts.entry(name).or_default() += by;
    for path in files_below(&folder) {
        if path.extension().is_none_or(|end| end != "md") {
            continue;
        }
        let below = path.strip_prefix(&folder).expect("below").to_string_lossy().replace('\\', "/");
        let group = below.split('/').next().unwrap_or_default().to_owned();
        let source = Source::from_bytes(RepoPath::from(below.as_str()), read_bytes(&path));
        let kind = detect_kind(source.text());
        add(format!("{group}: {}", kind.as_str()), 1);
        if kind != DocumentKind::Packet || group != "packets" {
            continue;
        }
        let parsed = Packet::read(&source);
        let packet = &parsed.value;
        add(format!("packets read as {}", packet.generation), 1);
        add("packets with a status".into(), usize::from(packet.status.is_some()));
        add("packets with a signature".into(), usize::from(packet.signature.is_some()));
        add("packets with an approved skeleton".into(), usize::from(packet.phases.approval_marker.is_some()));
        add(
            "packets with scope paths".into(),
            usize::from(packet.scope.in_scope.iter().any(|entry| entry.pattern.is_ok())),
        );
        add("scope entries".into(), packet.scope.in_scope.len());
        add(
            "scope entries that are no path".into(),
            packet.scope.in_scope.iter().filter(|entry| entry.pattern.is_err()).count(),
        );
        add("manifests".into(), packet.manifests.len());
        add("waivers".into(), packet.waivers.len());
        add("planned commands".into(), packet.test_plan.len());
        add("done means".into(), packet.done_means.len());
        add("evidence entries".into(), packet.evidence.len());
        add("mapped requirements".into(), packet.mapping.len());
        add("verdicts".into(), packet.phases.reports.len());
        for fault in &parsed.faults {
            add(format!("fault {}", fault.rule), 1);
        }
    }
    let now: String = counts.iter().map(|(name, count)| format!("{name}: {count}\n")).collect();
    assert_generated("fixtures/corpus.txt", &now);
}
