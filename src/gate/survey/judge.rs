//! The checks of a question over documents.

use std::collections::BTreeSet;

use crate::change::Repository;
use crate::check::input::{PacketInput, Policy, Search, SearchInput};
use crate::check::library::{DocumentInput, Library, LibraryInput, RefinementInput, SpecFact, TextInput};
use crate::check::{Check, Registered, Verdict, registered};
use crate::config::{Config, FILE_NAME};
use crate::document::spec::SpecPointer;
use crate::document::{Document, DocumentKind, Layout, LayoutName};
use crate::finding::{CheckOutcome, DocumentsInfo, Finding, Label, Level, PacketInfo, Report, Status};
use crate::gate::search::{detect_layout, document, locate};
use crate::gate::settle::{Asked, is_off, levelled, status_of};
use crate::gate::{GateError, Located};
use crate::rule::Rule;
use crate::text::{RepoPath, Source};

use super::SurveyRequest;
use super::collect::{Collected, collect, place};
use super::facts::{Facts, Wanted, is_history};
use crate::gate::parallel;

static LOOSE: SpecFact = SpecFact::NotLookedFor("the document lies outside of a governed repository");

/// Configuration and layout of a side.
pub(super) fn ground(
    repo: &dyn Repository,
    request: &SurveyRequest,
) -> Result<(Config, Option<Layout>), GateError> {
    let source = match &request.config {
        Some(source) => Some(source.clone()),
        None => document(repo, request.side, &RepoPath::from(FILE_NAME))?,
    };
    let config = match source {
        Some(source) => Config::read(&source).map_err(GateError::Config)?,
        None => Config::defaults(),
    };
    let layout = match &config.layout {
        Some(layout) => Some(layout.clone()),
        None => detect_layout(repo, request.side)?,
    };
    Ok((config, layout))
}

/// Judges documents.
///
/// # Errors
/// The repository or the configuration cannot be read: nothing was judged.
pub fn survey(repo: &dyn Repository, request: &SurveyRequest) -> Result<Report, GateError> {
    let (config, known) = ground(repo, request)?;
    let layout = known.clone().unwrap_or_else(Layout::gov);
    let asked: Vec<&'static Registered> =
        registered().iter().filter(|entry| request.inquiry.asks(entry)).collect();
    let family = |name: &str| asked.iter().any(|entry| entry.rule.id.family() == name);
    let of_refinements = asked.iter().any(|entry| matches!(entry.check, Check::Refinement(_)));
    let wanted: Vec<Wanted> = [
        (Wanted::Links, family("link")),
        (Wanted::Specs, of_refinements),
        (Wanted::CurrentSpec, family("spec")),
        (Wanted::Worktrees, family("concurrency")),
    ]
    .into_iter()
    .filter_map(|(wanted, asked)| asked.then_some(wanted))
    .collect();
    let Collected { placed, loose, unread } = collect(repo, request.side, &layout, &request.named)?;
    let library = Library::new(&placed, &layout);
    let facts = Facts::gather(repo, request.side, &library, &loose, &wanted)?;
    let found = request.inquiry.packet().map(|id| locate(repo, request.side, &layout, id)).transpose()?;
    let only = only(request, found.as_ref().and_then(|(_, located)| located.as_ref()), &layout);
    let about = |path: &RepoPath| only.as_ref().is_none_or(|only| only.contains(path));
    let jobs: Vec<Job<'_>> = placed
        .iter()
        .map(|document| Job { document, placed: true })
        .chain(loose.iter().map(|document| Job { document, placed: false }))
        .filter(|job| about(job.document.path()))
        .collect();
    let scene = Scene { request, config: &config, library: &library, facts: &facts, asked: &asked };
    let judged: Vec<Vec<Option<Verdict>>> = parallel::map(&jobs, |job| scene.document(job));
    let mut columns: Vec<Vec<Verdict>> = asked.iter().map(|_| Vec::new()).collect();
    for row in judged {
        for (column, verdict) in columns.iter_mut().zip(row) {
            column.extend(verdict);
        }
    }
    for (entry, column) in asked.iter().zip(&mut columns) {
        column.extend(scene.whole(entry, known.is_some(), found.as_ref()));
        if entry.rule.id.as_str() == "text/readable" {
            let unread = unread.iter().filter(|unread| about(&unread.path));
            let findings = unread.map(|unread| {
                let message = format!("{} was not read: {}", unread.path, unread.why);
                entry.rule.finding(message, Label::path(&unread.path, "not judged"))
            });
            column.push(Verdict::Judged(findings.collect()));
        }
    }
    let (mut findings, mut outcomes) = (Vec::new(), Vec::new());
    for (entry, column) in asked.iter().zip(columns) {
        let (status, mut own) = outcome(&config, entry, column, &about);
        own.sort_by(|a, b| a.primary.place.sort_key().cmp(&b.primary.place.sort_key()));
        findings.extend(own);
        outcomes.push(CheckOutcome { rule: entry.rule.id.clone(), packet: None, status });
    }
    let mut report = Report {
        packet: found.and_then(|(_, located)| located).map(|located| packet_info(request, &located)),
        documents: Some(documents_info(&jobs, known.as_ref(), only.is_some())),
        outcomes,
        findings,
        ..Report::new(request.inquiry.as_str())
    };
    report.sort();
    Ok(report)
}

/// The documents that findings are told of; `None` for all.
fn only(request: &SurveyRequest, located: Option<&Located>, layout: &Layout) -> Option<BTreeSet<RepoPath>> {
    if request.inquiry.packet().is_some() {
        let own = located.map(|located| [located.path.clone(), layout.refinement(&located.id)]);
        return Some(own.into_iter().flatten().collect());
    }
    let named: BTreeSet<RepoPath> = request.named.iter().map(|document| document.path.clone()).collect();
    (!named.is_empty()).then_some(named)
}

/// One document to be judged.
struct Job<'a> {
    document: &'a Document,
    placed: bool,
}

/// What every job sees.
struct Scene<'a> {
    request: &'a SurveyRequest,
    config: &'a Config,
    library: &'a Library<'a>,
    facts: &'a Facts,
    asked: &'a [&'static Registered],
}

impl Scene<'_> {
    fn policy(&self) -> &Policy {
        &self.config.policy
    }

    /// The verdicts of all rules about one document; `None` where a rule has
    /// nothing to do with its kind.
    fn document(&self, job: &Job<'_>) -> Vec<Option<Verdict>> {
        let document = job.document;
        let id = document.id();
        let expected = place(self.library.layout, document.path()).ok().flatten().filter(|_| job.placed);
        let library = job.placed.then_some(self.library);
        let text = TextInput {
            source: &document.source,
            outline: document.outline(),
            kind: document.kind,
            policy: self.policy(),
        };
        let input = DocumentInput {
            policy: self.policy(),
            document,
            expected,
            library,
            targets: &self.facts.targets,
            contracts: (job.placed || self.facts.contracts.len() > 1).then_some(&self.facts.contracts),
            now: self.request.now,
        };
        let history = is_history(document, library);
        let file_id = document.file_id();
        let refinement = document.refinement().map(|refinement| RefinementInput {
            refinement,
            id: file_id.as_ref().filter(|_| job.placed),
            spec: self.facts.specs.get(document.path()).filter(|_| job.placed).unwrap_or(&LOOSE),
            is_history: history,
            is_record: self.request.inquiry.packet().is_none(),
            current: library
                .and_then(Library::pointer)
                .and_then(SpecPointer::spec)
                .map(|spec| spec.value.as_str()),
            now: self.request.now,
            policy: self.policy(),
        });
        let family =
            library.zip(id.as_ref()).map(|(library, id)| library.family(id.base())).unwrap_or_default();
        let packet = document.packet().zip(id.as_ref()).map(|(packet, id)| PacketInput {
            id,
            packet,
            faults: &document.faults,
            layout: self.library.layout,
            policy: self.policy(),
            registry: library.and_then(Library::registry),
            board: library.and_then(Library::board),
            family: &family,
        });
        // History is told, but fails nothing: nobody may mend it.
        let quiet = history && self.request.inquiry.packet().is_none();
        let told = |verdict: Verdict| if quiet { as_notes(verdict) } else { verdict };
        let blank = document.source.text().trim_start_matches('\u{feff}').trim().is_empty();
        let judge = |entry: &&Registered| {
            let rule = &entry.rule;
            // What an empty document lacks need not be told one by one.
            if is_off(self.config, &entry.rule.id) || (blank && !matches!(entry.check, Check::Text(_))) {
                return None;
            }
            match entry.check {
                Check::Text(check) => Some(check(&text, rule)),
                Check::Refinement(check) => refinement.as_ref().map(|input| told(check(input, rule))),
                Check::Packet(check) => match &packet {
                    Some(input) => Some(told(check(input, rule))),
                    None => document.packet().and_then(|_| nameless(document, rule)),
                },
                Check::Document(kinds, check) if kinds.is_empty() || kinds.contains(&document.kind) => {
                    Some(check(&input, rule))
                }
                _ => None,
            }
        };
        let mut verdicts: Vec<Option<Verdict>> = self.asked.iter().map(judge).collect();
        // A packet under a name that is no id would be found by nobody.
        let in_packets = job.placed && document.path().is_below(self.library.layout.packets.as_bytes());
        if in_packets && document.packet().is_some() && file_id.is_none() && id.is_some() {
            for (entry, verdict) in self.asked.iter().zip(&mut verdicts) {
                if entry.rule.id.as_str() == "packet/identity" {
                    let label =
                        Label::text(&document.source, document.head(), "a packet's file is `<WP_ID>.md`");
                    let message = format!("the file name {} is no work packet id", document.path());
                    *verdict = Some(Some(entry.rule.finding(message, label)).into());
                }
            }
        }
        verdicts
    }

    /// The verdict of a rule about all documents, or about the search for one.
    fn whole(
        &self,
        entry: &Registered,
        governed: bool,
        found: Option<&(Search, Option<Located>)>,
    ) -> Option<Verdict> {
        if is_off(self.config, &entry.rule.id) {
            return Some(Verdict::skipped("switched off by the configuration"));
        }
        let input = LibraryInput {
            library: self.library,
            worktrees: self.facts.worktrees.as_deref(),
            spec: self.facts.spec.as_deref(),
            beside_spec: &self.facts.beside_spec,
            phase: self.request.inquiry.phase(),
            policy: self.policy(),
            now: self.request.now,
        };
        match entry.check {
            Check::Library(_) if !governed => Some(Verdict::skipped("no governance folder was found here")),
            Check::Library(check) => Some(check(&input, &entry.rule)),
            Check::Search(check) => {
                let (search, _) = found?;
                let requested = self.request.inquiry.packet().unwrap_or_default();
                Some(check(&SearchInput { requested, search }, &entry.rule))
            }
            _ => None,
        }
    }
}

/// The verdict with findings as notes.
fn as_notes(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Judged(findings) => {
            Verdict::Judged(findings.into_iter().map(|finding| finding.at_level(Level::Note)).collect())
        }
        skipped @ Verdict::Skipped(_) => skipped,
    }
}

/// A packet that has no id at all: one rule says so, the others have nothing
/// to compare with.
fn nameless(document: &Document, rule: &Rule) -> Option<Verdict> {
    if rule.id.as_str() != "packet/identity" {
        return None;
    }
    let message = "the packet names no work packet: neither its file nor its title is an id";
    Some(Some(rule.finding(message, Label::text(&document.source, document.head(), "no id"))).into())
}

/// The verdicts of one rule over all documents, as one outcome.
fn outcome(
    config: &Config,
    entry: &'static Registered,
    column: Vec<Verdict>,
    about: &dyn Fn(&RepoPath) -> bool,
) -> (Status, Vec<Finding>) {
    let (mut findings, mut judged) = (Vec::new(), false);
    let mut skipped: Vec<String> = Vec::new();
    for verdict in column {
        match verdict {
            Verdict::Judged(more) => {
                judged = true;
                findings.extend(more);
            }
            Verdict::Skipped(why) => skipped.push(why),
        }
    }
    // What is said of a named document may stand in a record.
    let concerns = |finding: &Finding| {
        let related = || finding.related.iter().filter_map(|label| label.place.path());
        finding.primary.place.path().is_none_or(about) || related().any(about)
    };
    findings.retain(|finding| is_search(entry) || concerns(finding));
    if !judged {
        skipped.sort();
        skipped.dedup();
        let why = match skipped.as_slice() {
            [] => "there is no such document".to_owned(),
            [only] => only.clone(),
            several => several.join("; "),
        };
        return (Status::Skipped(why), Vec::new());
    }
    levelled(config, &Asked::Registered(entry), &mut findings);
    (status_of(&findings), findings)
}

fn is_search(entry: &Registered) -> bool {
    matches!(entry.check, Check::Search(_))
}

fn documents_info(jobs: &[Job<'_>], layout: Option<&Layout>, named: bool) -> DocumentsInfo {
    let count = |kind: DocumentKind| jobs.iter().filter(|job| job.document.kind == kind).count();
    let kinds = DocumentKind::ALL.into_iter().map(|kind| (kind.as_str(), count(kind)));
    let layout = match layout.map(|layout| layout.name) {
        Some(LayoutName::Docs) => "docs",
        Some(LayoutName::Gov) => ".GOV",
        Some(LayoutName::Configured) => "configured",
        None => "none",
    };
    DocumentsInfo { kinds: kinds.filter(|(_, count)| *count > 0).collect(), layout, named }
}

fn packet_info(request: &SurveyRequest, located: &Located) -> PacketInfo {
    let source: &Source = &located.packet.source;
    PacketInfo {
        approval: None,
        paths: 0,
        requested: request.inquiry.packet().unwrap_or_default().to_owned(),
        wp_id: located.id.as_str().to_owned(),
        path: located.path.clone(),
        sha256: crate::digest::sha256_hex(source.text().as_bytes()),
        generation: located.packet.generation.to_string(),
        resolved_by: located.resolved_by.clone(),
    }
}
