//! Runs the rules of a command over documents.

use std::collections::BTreeSet;

use crate::change::{Repository, TreeState};
use crate::check::context::{PacketSearch, SearchCheckContext};
use crate::check::repository_documents::{GovernanceDocuments, RepositoryCheckContext};
use crate::check::{Check, CheckResult, Registered, registered_rules};
use crate::config::Config;
use crate::document::{Document, DocumentKind, Layout, LayoutName};
use crate::finding::{CheckOutcome, CheckStatus, DocumentsInfo, Finding, Label, PacketInfo, Report};
use crate::pipeline::causes::fold_records;
use crate::pipeline::error::PipelineError;
use crate::pipeline::locate::{LocatedPacket, is_same_record, locate};
use crate::pipeline::outcome::{RuleRef, apply_level_overrides, is_disabled, status_of};
use crate::pipeline::trusted_revision::MainBranch;
use crate::system::parallel;
use crate::text::{RepoPath, Source};

use super::check_document::{DocumentContext, DocumentJob};
use super::collect::{CollectedDocuments, UnreadDocument, WantedDocuments, collect_documents};
use super::facts::{DocumentFacts, FactKind};
use super::manifest_history::gather_manifest_histories;
use super::policy::load_config_and_layout;
use super::query::DocumentQuery;
use super::repeated_notes::merge_repeated_notes;
use super::request::DocumentCheckRequest;

/// Checks documents with the rules of the requested command.
///
/// # Errors
/// The repository or the configuration cannot be read.
pub fn check_documents(
    repo: &dyn Repository,
    request: &DocumentCheckRequest,
) -> Result<Report, PipelineError> {
    let (config, known_layout) = load_config_and_layout(repo, request)?;
    let layout = known_layout.clone().unwrap_or_else(Layout::gov);
    let rules: Vec<&'static Registered> =
        registered_rules().iter().filter(|entry| request.query.includes_rule(entry)).collect();
    let wanted = WantedDocuments::of(query_packet(request));
    let collected = collect_documents(repo, request.tree, &layout, &request.named_documents, wanted)?;
    let CollectedDocuments { in_layout, outside_layout, unread_documents } = collected;
    let trusted = collect_trusted(repo, request, &layout, &in_layout)?;
    let governance = GovernanceDocuments::new(&in_layout, &layout);
    let governance = match &trusted {
        Some(documents) => governance.with_trusted(&GovernanceDocuments::new(documents, &layout)),
        None => governance,
    }
    .with_judged(query_packet(request));
    let wanted = wanted_facts(&rules);
    let mut facts = DocumentFacts::gather(
        repo,
        request.tree,
        &governance,
        &outside_layout,
        &wanted,
        &config.main_branches,
    )?;
    let search = request.query.packet().map(|id| locate(repo, request.tree, &layout, id)).transpose()?;
    let located = search.as_ref().and_then(|(_, located)| located.as_ref());
    let reported = reported_paths(request, located, &layout);
    let is_reported = |path: &RepoPath| reported.as_ref().is_none_or(|reported| reported.contains(path));
    let jobs: Vec<DocumentJob<'_>> = in_layout
        .iter()
        .map(|document| DocumentJob { document, is_in_layout: true })
        .chain(outside_layout.iter().map(|document| DocumentJob { document, is_in_layout: false }))
        .filter(|job| {
            let parts = job.document.source.parts();
            is_reported(job.document.path()) || parts.iter().any(|(_, part)| is_reported(part.name()))
        })
        .collect();
    // Reading all versions of all files takes too long for a check of everything.
    if reported.is_some() {
        let judged = jobs.iter().filter(|job| job.is_in_layout).map(|job| job.document);
        let merged = facts.merged_commits.as_ref();
        facts.manifests = gather_manifest_histories(repo, request.tree, &governance, judged, merged);
    }
    let context =
        DocumentContext { request, config: &config, governance: &governance, facts: &facts, rules: &rules };
    // One row per document with the results of all rules; one column per rule.
    let rows: Vec<Vec<Option<CheckResult>>> = parallel::map(&jobs, |job| context.check_document(job));
    let mut columns: Vec<Vec<CheckResult>> = rules.iter().map(|_| Vec::new()).collect();
    for row in rows {
        for (column, result) in columns.iter_mut().zip(row) {
            column.extend(result);
        }
    }
    for (entry, column) in rules.iter().zip(&mut columns) {
        let is_governed = known_layout.is_some();
        column.extend(run_repository_rule(&context, entry, is_governed, search.as_ref()));
        if entry.rule.id.as_str() == "text/readable" {
            column.push(report_unread(entry, &unread_documents, &is_reported));
        }
    }
    let (mut findings, mut outcomes) = (Vec::new(), Vec::new());
    for (entry, column) in rules.iter().zip(columns) {
        let (status, mut own) = merge_outcomes(&config, entry, column, &is_reported);
        own.sort_by(|a, b| a.primary.place.sort_key().cmp(&b.primary.place.sort_key()));
        findings.extend(merge_repeated_notes(own));
        outcomes.push(CheckOutcome { rule: entry.rule.id.clone(), packet: None, status });
    }
    let mut report = Report {
        packet: located.map(|located| build_packet_info(request, located)),
        documents: Some(build_documents_info(&jobs, known_layout.as_ref(), reported.is_some())),
        outcomes,
        findings: fold_records(findings),
        warnings: config.warning_lines(),
        ..Report::new(request.query.as_str())
    };
    report.sort();
    Ok(report)
}

/// Reads the documents of the trusted tree, which decide with the judged ones which
/// packets are history: the fork point from the main branch, or HEAD on it. `None` if no
/// document differs, or without history.
fn collect_trusted(
    repo: &dyn Repository,
    request: &DocumentCheckRequest,
    layout: &Layout,
    judged: &[Document],
) -> Result<Option<Vec<Document>>, PipelineError> {
    let Some(head) = repo.head()? else { return Ok(None) };
    let main = MainBranch::find(repo, request.config.as_ref(), None)?;
    let commit = main.oldest_fork(repo, head)?.unwrap_or(head);
    let tree = TreeState::Commit(commit);
    if tree == request.tree {
        return Ok(None);
    }
    let decides = |document: &&Document| {
        use DocumentKind::{Board, Packet, PacketContract, Registry};
        matches!(document.kind, Packet | PacketContract | Board | Registry)
    };
    for document in judged.iter().filter(decides) {
        let is_different = if document.source.parts().is_empty() {
            // A new record or packet can retire another one.
            let before = repo.read(tree, document.path()).ok().flatten();
            before.is_none_or(|bytes| bytes != document.source.text().as_bytes())
        } else {
            !is_same_record(repo, tree, request.tree, &document.path().to_text())?
        };
        if is_different {
            let wanted = WantedDocuments::of(query_packet(request));
            return Ok(Some(collect_documents(repo, tree, layout, &[], wanted)?.in_layout));
        }
    }
    Ok(None)
}

/// Returns the packet that the request is about, if it is about one.
fn query_packet(request: &DocumentCheckRequest) -> Option<&str> {
    match &request.query {
        DocumentQuery::PacketComplete(id) => Some(id),
        _ => None,
    }
}

/// Returns the kinds of facts that the rules need.
fn wanted_facts(rules: &[&'static Registered]) -> Vec<FactKind> {
    let has_family = |name: &str| rules.iter().any(|entry| entry.rule.id.family() == name);
    let checks_refinements = rules.iter().any(|entry| matches!(entry.check, Check::Refinement(_)));
    [
        (FactKind::Links, has_family("link")),
        (FactKind::Specs, checks_refinements),
        (FactKind::CurrentSpec, has_family("spec")),
        (FactKind::Worktrees, has_family("concurrency")),
        (FactKind::History, has_family("phase") || has_family("packet")),
    ]
    .into_iter()
    .filter_map(|(kind, is_wanted)| is_wanted.then_some(kind))
    .collect()
}

/// Returns the documents whose findings are reported; `None` for all.
fn reported_paths(
    request: &DocumentCheckRequest,
    located: Option<&LocatedPacket>,
    layout: &Layout,
) -> Option<BTreeSet<RepoPath>> {
    if request.query.packet().is_some() {
        let own = located.map(|located| [located.path.clone(), layout.refinement(&located.id)]);
        return Some(own.into_iter().flatten().collect());
    }
    let named: BTreeSet<RepoPath> =
        request.named_documents.iter().map(|document| document.path.clone()).collect();
    (!named.is_empty()).then_some(named)
}

/// Reports documents that could not be read.
fn report_unread(
    entry: &Registered,
    unread_documents: &[UnreadDocument],
    is_reported: &dyn Fn(&RepoPath) -> bool,
) -> CheckResult {
    let unread = unread_documents.iter().filter(|unread| is_reported(&unread.path));
    let findings = unread.map(|unread| {
        let message = format!("{} was not read: {}", unread.path, unread.reason);
        entry.rule.finding(message, Label::path(&unread.path, "not checked"))
    });
    CheckResult::Findings(findings.collect())
}

/// Runs a rule about all documents, or about the search for one packet.
/// `None` for other rules.
fn run_repository_rule(
    context: &DocumentContext<'_>,
    entry: &Registered,
    is_governed: bool,
    search: Option<&(PacketSearch, Option<LocatedPacket>)>,
) -> Option<CheckResult> {
    if is_disabled(context.config, &entry.rule.id) {
        return Some(CheckResult::skipped("switched off by the configuration"));
    }
    let (request, facts) = (context.request, context.facts);
    let input = RepositoryCheckContext {
        governance: context.governance,
        worktrees: facts.worktrees.as_deref(),
        spec: facts.spec.as_deref(),
        spec_siblings: &facts.spec_siblings,
        phase: request.query.phase(),
        is_whole_check: matches!(request.query, DocumentQuery::Check | DocumentQuery::Governance),
        policy: &context.config.policy,
        now: request.now,
    };
    match entry.check {
        Check::Repository(_) if !is_governed => Some(CheckResult::skipped("no governance folder was found")),
        Check::Repository(check) => Some(check(&input, &entry.rule)),
        Check::Search(check) => {
            let (search, _) = search?;
            let requested = request.query.packet().unwrap_or_default();
            Some(check(&SearchCheckContext { requested, search }, &entry.rule))
        }
        _ => None,
    }
}

/// Merges the results of one rule over all documents into one outcome.
fn merge_outcomes(
    config: &Config,
    entry: &'static Registered,
    results: Vec<CheckResult>,
    is_reported: &dyn Fn(&RepoPath) -> bool,
) -> (CheckStatus, Vec<Finding>) {
    let (mut findings, mut has_run) = (Vec::new(), false);
    let mut skip_reasons: Vec<String> = Vec::new();
    for result in results {
        match result {
            CheckResult::Findings(more) => {
                has_run = true;
                findings.extend(more);
            }
            CheckResult::Skipped(reason) => skip_reasons.push(reason),
        }
    }
    // A finding about a reported document may have its location in a record.
    let concerns_reported = |finding: &Finding| {
        let mut related = finding.related.iter().filter_map(|label| label.place.path());
        finding.primary.place.path().is_none_or(is_reported) || related.any(is_reported)
    };
    findings.retain(|finding| matches!(entry.check, Check::Search(_)) || concerns_reported(finding));
    if !has_run {
        skip_reasons.sort();
        skip_reasons.dedup();
        let reason = match skip_reasons.as_slice() {
            [] => "there is no such document".to_owned(),
            [only] => only.clone(),
            several => several.join("; "),
        };
        return (CheckStatus::Skipped(reason), Vec::new());
    }
    apply_level_overrides(config, &RuleRef::Registered(entry), &mut findings);
    (status_of(&findings), findings)
}

fn build_documents_info(
    jobs: &[DocumentJob<'_>],
    layout: Option<&Layout>,
    named_only: bool,
) -> DocumentsInfo {
    let count = |kind: DocumentKind| jobs.iter().filter(|job| job.document.kind == kind).count();
    let kinds = DocumentKind::ALL.into_iter().map(|kind| (kind.as_str(), count(kind)));
    let layout = match layout.map(|layout| layout.name) {
        Some(LayoutName::Docs) => "docs",
        Some(LayoutName::Gov) => ".GOV",
        Some(LayoutName::Configured) => "configured",
        None => "none",
    };
    DocumentsInfo { kinds: kinds.filter(|(_, count)| *count > 0).collect(), layout, named_only }
}

fn build_packet_info(request: &DocumentCheckRequest, located: &LocatedPacket) -> PacketInfo {
    let source: &Source = &located.packet.source;
    PacketInfo {
        approval: None,
        paths: 0,
        requested: request.query.packet().unwrap_or_default().to_owned(),
        wp_id: located.id.as_str().to_owned(),
        path: located.path.clone(),
        sha256: crate::digest::sha256_hex(source.text().as_bytes()),
        generation: located.packet.generation.to_string(),
        resolved_by: located.resolved_by.clone(),
    }
}
