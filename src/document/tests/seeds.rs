//! The five documents that the project started from: the readers find what a
//! person finds. Skipped if the documents are missing.

use crate::document::packet::Generation;
use crate::document::scope_entry::ScopePattern;
use crate::document::{DocumentKind, Packet, PacketStatus, Signature, detect_kind};
use crate::test_support::{files_below, read_bytes, read_text, shared};
use crate::text::{RepoPath, Source};

fn seed(number: &str) -> Option<Packet> {
    let folder = shared("seeds")?;
    let path = files_below(&folder)
        .into_iter()
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(number)))?;
    let source = Source::from_bytes(RepoPath::from("seed.md"), read_bytes(&path));
    let parsed = Packet::read(&source);
    assert!(parsed.faults.is_empty(), "{:?}", parsed.faults);
    Some(parsed.value)
}

fn id(packet: &Packet) -> &str {
    packet.title_id.as_ref().map_or("", |id| &id.value)
}

fn signature(packet: &Packet) -> &str {
    let text = packet.signature.as_ref().map_or("", |signature| &signature.value);
    assert!(Signature::parse(text).is_ok(), "{text}");
    text
}

fn paths(packet: &Packet) -> Vec<String> {
    let covered = packet.scope.in_scope.iter().map(|entry| match &entry.pattern {
        Ok(ScopePattern::File(path)) => path.to_string(),
        other => panic!("{other:?}"),
    });
    covered.collect()
}

#[test]
fn a_packet_of_january() {
    let Some(packet) = seed("000_") else { return };
    assert_eq!(id(&packet), "WP-1-Metrics-Mock-Tokens");
    assert_eq!(packet.generation, Generation::G1);
    assert_eq!(packet.status.as_ref().map(|s| &s.value), Some(&PacketStatus::InProgress));
    assert_eq!(signature(&packet), "ilja180120262320");
    assert_eq!(paths(&packet), ["src/backend/handshake_core/src/llm/ollama.rs"]);
    assert_eq!(packet.scope.out_of_scope.len(), 6, "six paths are in backticks outside parentheses");
    assert!(packet.waivers.is_empty() && packet.manifests.is_empty() && packet.manifest_template.is_some());
    assert!(packet.phases.approval_marker.is_none() && packet.phases.implementation.is_none());
    let commands: Vec<&str> = packet.test_plan.iter().map(|command| command.text.as_str()).collect();
    assert_eq!(commands.len(), 6);
    assert_eq!(commands[2], "cargo test");
    assert_eq!(packet.done_means.len(), 5, "two of them are nested below a bullet that only groups");
}

#[test]
fn a_contract_is_another_kind() {
    let Some(folder) = shared("seeds") else { return };
    let path = files_below(&folder)
        .into_iter()
        .find(|path| path.to_string_lossy().contains("001_"))
        .expect("seed 001");
    let text = read_text(&path);
    assert_eq!(detect_kind(&text), DocumentKind::Contract);
}

#[test]
fn a_packet_of_february() {
    let Some(packet) = seed("002_") else { return };
    assert_eq!(id(&packet), "WP-1-LLM-Provider-Registry-v1");
    assert_eq!(packet.generation, Generation::G2);
    assert_eq!(packet.status.as_ref().map(|s| &s.value), Some(&PacketStatus::ReadyForDev));
    assert_eq!(signature(&packet), "ilja120220260340");
    assert_eq!(
        packet.merge_base.as_ref().map(|sha| sha.value.as_str()),
        Some("fadbbeb81693b7aa82ecd7eb8eca78dfc28c0049")
    );
    assert_eq!(paths(&packet).len(), 7);
    assert_eq!(
        packet.metadata_field("BASE_WP_ID").map(|field| field.bare_value().value.to_owned()).as_deref(),
        Some("WP-1-LLM-Provider-Registry")
    );
    assert!(
        packet.metadata_field("CODER_MODEL").is_some_and(|field| !field.is_filled()),
        "<unclaimed> is not a value"
    );
    assert!(
        packet.evidence.is_empty() && packet.mapping.is_empty(),
        "the template's examples are not evidence"
    );
    assert!(packet.manifests.is_empty() && packet.manifest_template.is_some());
}

#[test]
fn a_packet_of_december() {
    let Some(packet) = seed("003_") else { return };
    assert_eq!(id(&packet), "WP-1-AI-Job-Model-v3");
    assert_eq!(packet.generation, Generation::G0);
    assert_eq!(packet.status.as_ref().map(|s| &s.value), Some(&PacketStatus::Done));
    assert_eq!(signature(&packet), "ilja261220252215");
    let paths = paths(&packet);
    assert_eq!(paths.len(), 6);
    assert_eq!(paths[5], "src/backend/handshake_core/migrations/0006_expand_ai_job_model.sql");
    let last = packet.scope.in_scope.last().and_then(|entry| entry.annotation.as_ref());
    assert_eq!(last.map(|annotation| annotation.value.as_str()), Some("(or create 0008)"));
    assert_eq!(packet.risk_tier.as_ref().map(|tier| tier.value.as_str()), Some("HIGH"));
    assert!(packet.locked.is_some());
    assert_eq!(packet.done_means.len(), 5);
    let verdicts: Vec<&str> =
        packet.phases.reports.iter().map(|report| report.verdict.value.as_str()).collect();
    assert_eq!(verdicts, ["PASS"]);
}

#[test]
fn a_packet_with_an_approved_skeleton() {
    let Some(packet) = seed("004_") else { return };
    assert_eq!(id(&packet), "WP-1-MEX-v1.2-Runtime-v3");
    assert_eq!(packet.generation, Generation::G1);
    assert_eq!(packet.status.as_ref().map(|s| &s.value), Some(&PacketStatus::InProgress));
    assert_eq!(signature(&packet), "ilja010120262219");
    assert_eq!(paths(&packet).len(), 9);
    let approved = packet.phases.approval_marker.expect("SKELETON APPROVED is found");
    assert_eq!(packet.source.slice(approved), "SKELETON APPROVED");
    assert!(packet.phases.implementation.is_none(), "the template's text is not an implementation");
    assert_eq!(
        packet.scope.out_of_scope.iter().filter(|entry| entry.raw.value.contains("terminal")).count(),
        7
    );
}
