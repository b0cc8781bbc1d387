//! The checks of a question over documents.

use std::collections::BTreeSet;

use crate::change::Repository;
use crate::check::context::{PacketCheckContext, PacketSearch, Policy, SearchCheckContext};
use crate::check::repository_documents::{
    DocumentCheckContext, GovernanceDocuments, RefinementCheckContext, RepositoryCheckContext, SpecFact,
    TextCheckContext,
};
use crate::check::{Check, CheckResult, Registered, registered_rules};
use crate::config::{Config, detect_layout, load};
use crate::document::spec::SpecPointer;
use crate::document::{Document, DocumentKind, Layout, LayoutName};
use crate::finding::{CheckOutcome, CheckStatus, DocumentsInfo, Finding, Label, Level, PacketInfo, Report};
use crate::pipeline::error::PipelineError;
use crate::pipeline::locate::LocatedPacket;
use crate::pipeline::locate::locate;
use crate::pipeline::outcome::{RuleRef, apply_level_overrides, is_disabled, status_of};
use crate::pipeline::parallel;
use crate::rule::Rule;
use crate::text::{RepoPath, Source};

use super::DocumentCheckRequest;
use super::collect::{CollectedDocuments, collect_documents, expected_kind};
use super::facts::{DocumentFacts, FactKind, is_history};

static UNGOVERNED_SPEC: SpecFact =
    SpecFact::NotSearched("the document lies outside of a governed repository");

/// Configuration and layout of a side.
pub(crate) fn load_config_and_layout(
    repo: &dyn Repository,
    request: &DocumentCheckRequest,
) -> Result<(Config, Option<Layout>), PipelineError> {
    let config = load(repo, request.tree, request.config.as_ref())?.config;
    let layout = match &config.layout {
        Some(layout) => Some(layout.clone()),
        None => detect_layout(repo, request.tree)?,
    };
    Ok((config, layout))
}

/// Judges documents.
///
/// # Errors
/// The repository or the configuration cannot be read: nothing was judged.
pub fn check_documents(
    repo: &dyn Repository,
    request: &DocumentCheckRequest,
) -> Result<Report, PipelineError> {
    let (config, known) = load_config_and_layout(repo, request)?;
    let layout = known.clone().unwrap_or_else(Layout::gov);
    let asked: Vec<&'static Registered> =
        registered_rules().iter().filter(|entry| request.query.includes_rule(entry)).collect();
    let family = |name: &str| asked.iter().any(|entry| entry.rule.id.family() == name);
    let of_refinements = asked.iter().any(|entry| matches!(entry.check, Check::Refinement(_)));
    let wanted: Vec<FactKind> = [
        (FactKind::Links, family("link")),
        (FactKind::Specs, of_refinements),
        (FactKind::CurrentSpec, family("spec")),
        (FactKind::Worktrees, family("concurrency")),
    ]
    .into_iter()
    .filter_map(|(wanted, asked)| asked.then_some(wanted))
    .collect();
    let CollectedDocuments { in_layout: placed, outside_layout: loose, unread_documents: unread } =
        collect_documents(repo, request.tree, &layout, &request.named_documents)?;
    let library = GovernanceDocuments::new(&placed, &layout);
    let facts = DocumentFacts::gather(repo, request.tree, &library, &loose, &wanted)?;
    let found = request.query.packet().map(|id| locate(repo, request.tree, &layout, id)).transpose()?;
    let only = reported_paths(request, found.as_ref().and_then(|(_, located)| located.as_ref()), &layout);
    let about = |path: &RepoPath| only.as_ref().is_none_or(|only| only.contains(path));
    let jobs: Vec<DocumentJob<'_>> = placed
        .iter()
        .map(|document| DocumentJob { document, is_in_layout: true })
        .chain(loose.iter().map(|document| DocumentJob { document, is_in_layout: false }))
        .filter(|job| about(job.document.path()))
        .collect();
    let scene = DocumentContext { request, config: &config, library: &library, facts: &facts, rules: &asked };
    let judged: Vec<Vec<Option<CheckResult>>> = parallel::map(&jobs, |job| scene.check_document(job));
    let mut columns: Vec<Vec<CheckResult>> = asked.iter().map(|_| Vec::new()).collect();
    for row in judged {
        for (column, verdict) in columns.iter_mut().zip(row) {
            column.extend(verdict);
        }
    }
    for (entry, column) in asked.iter().zip(&mut columns) {
        column.extend(scene.run_repository_rule(entry, known.is_some(), found.as_ref()));
        if entry.rule.id.as_str() == "text/readable" {
            let unread = unread.iter().filter(|unread| about(&unread.path));
            let findings = unread.map(|unread| {
                let message = format!("{} was not read: {}", unread.path, unread.reason);
                entry.rule.finding(message, Label::path(&unread.path, "not judged"))
            });
            column.push(CheckResult::Findings(findings.collect()));
        }
    }
    let (mut findings, mut outcomes) = (Vec::new(), Vec::new());
    for (entry, column) in asked.iter().zip(columns) {
        let (status, mut own) = merge_outcomes(&config, entry, column, &about);
        own.sort_by(|a, b| a.primary.place.sort_key().cmp(&b.primary.place.sort_key()));
        findings.extend(own);
        outcomes.push(CheckOutcome { rule: entry.rule.id.clone(), packet: None, status });
    }
    let mut report = Report {
        packet: found.and_then(|(_, located)| located).map(|located| build_packet_info(request, &located)),
        documents: Some(build_documents_info(&jobs, known.as_ref(), only.is_some())),
        outcomes,
        findings,
        ..Report::new(request.query.as_str())
    };
    report.sort();
    Ok(report)
}

/// The documents that findings are told of; `None` for all.
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

/// One document to be judged.
struct DocumentJob<'a> {
    document: &'a Document,
    is_in_layout: bool,
}

/// What every job sees.
struct DocumentContext<'a> {
    request: &'a DocumentCheckRequest,
    config: &'a Config,
    library: &'a GovernanceDocuments<'a>,
    facts: &'a DocumentFacts,
    rules: &'a [&'static Registered],
}

impl DocumentContext<'_> {
    fn policy(&self) -> &Policy {
        &self.config.policy
    }

    /// The verdicts of all rules about one document; `None` where a rule has
    /// nothing to do with its kind.
    fn check_document(&self, job: &DocumentJob<'_>) -> Vec<Option<CheckResult>> {
        let document = job.document;
        let id = document.id();
        let expected =
            expected_kind(self.library.layout, document.path()).ok().flatten().filter(|_| job.is_in_layout);
        let library = job.is_in_layout.then_some(self.library);
        let text = TextCheckContext {
            source: &document.source,
            outline: document.outline(),
            kind: document.kind,
            policy: self.policy(),
        };
        let input = DocumentCheckContext {
            policy: self.policy(),
            document,
            expected,
            governance: library,
            targets: &self.facts.targets,
            known_contracts: (job.is_in_layout || self.facts.contracts.len() > 1)
                .then_some(&self.facts.contracts),
            now: self.request.now,
        };
        let history = is_history(document, library);
        let file_id = document.file_id();
        let refinement = document.refinement().map(|refinement| RefinementCheckContext {
            refinement,
            id: file_id.as_ref().filter(|_| job.is_in_layout),
            spec: self
                .facts
                .specs
                .get(document.path())
                .filter(|_| job.is_in_layout)
                .unwrap_or(&UNGOVERNED_SPEC),
            is_packet_finished: history,
            is_checked_as_record: self.request.query.packet().is_none(),
            pointer_target: library
                .and_then(GovernanceDocuments::pointer)
                .and_then(SpecPointer::spec)
                .map(|spec| spec.value.as_str()),
            now: self.request.now,
            policy: self.policy(),
        });
        let family = library
            .zip(id.as_ref())
            .map(|(library, id)| library.ids_with_base(id.base()))
            .unwrap_or_default();
        let packet = document.packet().zip(id.as_ref()).map(|(packet, id)| PacketCheckContext {
            id,
            packet,
            faults: &document.faults,
            layout: self.library.layout,
            policy: self.policy(),
            registry: library.and_then(GovernanceDocuments::registry),
            board: library.and_then(GovernanceDocuments::board),
            revision_ids: &family,
        });
        // History is told, but fails nothing: nobody may mend it.
        let quiet = history && self.request.query.packet().is_none();
        let told = |verdict: CheckResult| if quiet { downgrade_to_notes(verdict) } else { verdict };
        let blank = document.source.text().trim_start_matches('\u{feff}').trim().is_empty();
        let judge = |entry: &&Registered| {
            let rule = &entry.rule;
            // What an empty document lacks need not be told one by one.
            if is_disabled(self.config, &entry.rule.id) || (blank && !matches!(entry.check, Check::Text(_))) {
                return None;
            }
            match entry.check {
                Check::Text(check) => Some(check(&text, rule)),
                Check::Refinement(check) => refinement.as_ref().map(|input| told(check(input, rule))),
                Check::Packet(check) => match &packet {
                    Some(input) => Some(told(check(input, rule))),
                    None => document.packet().and_then(|_| check_missing_id(document, rule)),
                },
                Check::Document(kinds, check) if kinds.is_empty() || kinds.contains(&document.kind) => {
                    Some(check(&input, rule))
                }
                _ => None,
            }
        };
        let mut verdicts: Vec<Option<CheckResult>> = self.rules.iter().map(judge).collect();
        // A packet under a name that is no id would be found by nobody.
        let in_packets = job.is_in_layout && document.path().is_below(self.library.layout.packets.as_bytes());
        if in_packets && document.packet().is_some() && file_id.is_none() && id.is_some() {
            for (entry, verdict) in self.rules.iter().zip(&mut verdicts) {
                if entry.rule.id.as_str() == "packet/identity" {
                    let label = Label::text(
                        &document.source,
                        document.head_span(),
                        "a packet's file is `<WP_ID>.md`",
                    );
                    let message = format!("the file name {} is no work packet id", document.path());
                    *verdict = Some(Some(entry.rule.finding(message, label)).into());
                }
            }
        }
        verdicts
    }

    /// The verdict of a rule about all documents, or about the search for one.
    fn run_repository_rule(
        &self,
        entry: &Registered,
        governed: bool,
        found: Option<&(PacketSearch, Option<LocatedPacket>)>,
    ) -> Option<CheckResult> {
        if is_disabled(self.config, &entry.rule.id) {
            return Some(CheckResult::skipped("switched off by the configuration"));
        }
        let input = RepositoryCheckContext {
            governance: self.library,
            worktrees: self.facts.worktrees.as_deref(),
            spec: self.facts.spec.as_deref(),
            spec_siblings: &self.facts.spec_siblings,
            phase: self.request.query.phase(),
            policy: self.policy(),
            now: self.request.now,
        };
        match entry.check {
            Check::Repository(_) if !governed => {
                Some(CheckResult::skipped("no governance folder was found here"))
            }
            Check::Repository(check) => Some(check(&input, &entry.rule)),
            Check::Search(check) => {
                let (search, _) = found?;
                let requested = self.request.query.packet().unwrap_or_default();
                Some(check(&SearchCheckContext { requested, search }, &entry.rule))
            }
            _ => None,
        }
    }
}

/// The verdict with findings as notes.
fn downgrade_to_notes(verdict: CheckResult) -> CheckResult {
    match verdict {
        CheckResult::Findings(findings) => CheckResult::Findings(
            findings.into_iter().map(|finding| finding.with_level(Level::Note)).collect(),
        ),
        skipped @ CheckResult::Skipped(_) => skipped,
    }
}

/// A packet that has no id at all: one rule says so, the others have nothing
/// to compare with.
fn check_missing_id(document: &Document, rule: &Rule) -> Option<CheckResult> {
    if rule.id.as_str() != "packet/identity" {
        return None;
    }
    let message = "the packet names no work packet: neither its file nor its title is an id";
    Some(Some(rule.finding(message, Label::text(&document.source, document.head_span(), "no id"))).into())
}

/// The verdicts of one rule over all documents, as one outcome.
fn merge_outcomes(
    config: &Config,
    entry: &'static Registered,
    column: Vec<CheckResult>,
    about: &dyn Fn(&RepoPath) -> bool,
) -> (CheckStatus, Vec<Finding>) {
    let (mut findings, mut judged) = (Vec::new(), false);
    let mut skipped: Vec<String> = Vec::new();
    for verdict in column {
        match verdict {
            CheckResult::Findings(more) => {
                judged = true;
                findings.extend(more);
            }
            CheckResult::Skipped(why) => skipped.push(why),
        }
    }
    // What is said of a named document may stand in a record.
    let concerns = |finding: &Finding| {
        let related = || finding.related.iter().filter_map(|label| label.place.path());
        finding.primary.place.path().is_none_or(about) || related().any(about)
    };
    findings.retain(|finding| is_search_rule(entry) || concerns(finding));
    if !judged {
        skipped.sort();
        skipped.dedup();
        let why = match skipped.as_slice() {
            [] => "there is no such document".to_owned(),
            [only] => only.clone(),
            several => several.join("; "),
        };
        return (CheckStatus::Skipped(why), Vec::new());
    }
    apply_level_overrides(config, &RuleRef::Registered(entry), &mut findings);
    (status_of(&findings), findings)
}

fn is_search_rule(entry: &Registered) -> bool {
    matches!(entry.check, Check::Search(_))
}

fn build_documents_info(jobs: &[DocumentJob<'_>], layout: Option<&Layout>, named: bool) -> DocumentsInfo {
    let count = |kind: DocumentKind| jobs.iter().filter(|job| job.document.kind == kind).count();
    let kinds = DocumentKind::ALL.into_iter().map(|kind| (kind.as_str(), count(kind)));
    let layout = match layout.map(|layout| layout.name) {
        Some(LayoutName::Docs) => "docs",
        Some(LayoutName::Gov) => ".GOV",
        Some(LayoutName::Configured) => "configured",
        None => "none",
    };
    DocumentsInfo { kinds: kinds.filter(|(_, count)| *count > 0).collect(), layout, named_only: named }
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
