//! A judged change, and a model in memory that is asked about it.

use std::rc::Rc;

use crate::bus::{Bus, ModelError};
use crate::change::SelectionRequest;
use crate::check::context::Gate;
use crate::config::{LedgerMode, UserConfig};
use crate::document::allowed_signers::AllowedSigners;
use crate::finding::{AssistInfo, Report};
use crate::ledger::{JobDescription, JobOutcome, LedgerNote, Recorder, Store};
use crate::pipeline::packet_gate::{GateRequest, GateResult};
use crate::pipeline::steps::{NoProgress, StepOptions, run_gate_with_result};
use crate::provider::{
    CloudPolicy, CompletionRequest, CompletionResponse, ConsentBundle, InMemoryLlmClient, LlmClient,
    LlmError, ModelProfile, ProviderRegistry, ResolvedProvider, RuntimeRole, TokenUsage,
};
use crate::system::files::{self, ScratchFolder};
use crate::system::git::{GitRepository, RepositoryBuilder};
use crate::workflow::demo::{DemoRepository, RecordedHashes, WP_ID};

use crate::workflow::assist::{AskOptions, Prepared, ask, prepare};

const SETTINGS: &str = "
models:
  cloud: consent
  providers:
    here: {kind: ollama, tier: local, base_url: 'http://127.0.0.1:9', models: [in-memory-model]}
    there: {kind: openai_compat, tier: cloud, base_url: 'https://api.example.com', models: [in-memory-model]}
  roles:
    worker: {provider: here, model: in-memory-model}
    validator: {provider: there, model: in-memory-model}
";

/// A judged change in a repository with a ledger.
pub(crate) struct Judged {
    pub(crate) folder: ScratchFolder,
    pub(crate) repo: GitRepository,
    pub(crate) report: Report,
    pub(crate) gate_result: GateResult,
    /// The user's folder of receipts, if it is not this repository's.
    pub(crate) receipts: Option<std::path::PathBuf>,
}

impl Judged {
    pub(crate) fn new(change: impl Fn(&RepositoryBuilder)) -> Self {
        let folder = files::create_scratch_folder("countersign-assist-").expect("folder");
        let builder = RepositoryBuilder::create(folder.path()).expect("repository");
        let mut demo = DemoRepository::default();
        demo.initialize(&builder).expect("packet");
        demo.write_work(&builder).expect("work");
        demo.write_handover(&builder, RecordedHashes::Correct).expect("handover");
        change(&builder);
        demo.commit_work(&builder).expect("commit");
        let repo = GitRepository::discover(folder.path()).expect("repository");
        let request = GateRequest {
            gate: Gate::Audit,
            packet: WP_ID.to_owned(),
            other_packets: Vec::new(),
            task: None,
            selection: SelectionRequest::Default,
            base: None,
            config: None,
            now: jiff::civil::datetime(2026, 3, 1, 12, 0, 0, 0),
        };
        let (report, gate_result) =
            run_gate_with_result(&repo, &request, &StepOptions::new(&NoProgress)).expect("judged");
        Self { folder, repo, report, gate_result, receipts: None }
    }

    pub(crate) fn demo() -> Self {
        Self::new(|_| {})
    }

    pub(crate) fn prepare(&self, role: RuntimeRole) -> Prepared {
        prepare(&self.repo, &self.report, &self.gate_result, &resolved(role), 1_000).expect("prepared")
    }

    /// Asks as the command does; returns what the ledger says, too.
    pub(crate) fn ask(&self, asked: &Asked<'_>) -> (Result<AssistInfo, ModelError>, LedgerNote) {
        let prepared = self.prepare(asked.role);
        let worktree = self.folder.path().display().to_string();
        let recorder = Recorder::new(self.ledger(), worktree, JobDescription::assisting("assist"));
        recorder.configure(asked.ledger, "full");
        let bus = Bus::new(&recorder);
        let options = AskOptions {
            resolved: &resolved(asked.role),
            policy: asked.policy,
            consent: asked.consent,
            signers: asked.signers,
            tree: "demo",
            answers: self.ledger().join("answers"),
            receipts: Some(self.receipts.clone().unwrap_or_else(|| self.ledger().join("receipts"))),
            uses_kept: asked.uses_kept,
        };
        let client = Rc::clone(&asked.client);
        let answered = ask(&bus, &prepared, options, &|_, _| Ok(Box::new(Shared(Rc::clone(&client)))));
        let error = answered.as_ref().err().map(ToString::to_string);
        let packet = Some(WP_ID.to_owned());
        let note = recorder.finish(JobOutcome { error, packet, ..JobOutcome::default() }).expect("ledger");
        (answered, note)
    }

    pub(crate) fn ledger(&self) -> std::path::PathBuf {
        self.folder.path().join(".git/countersign")
    }

    pub(crate) fn events(&self) -> String {
        let store = Store::open_existing(&self.ledger()).expect("ledger").expect("exists");
        let mut all = String::new();
        store
            .each_event(None, |row| {
                all.push_str(&row.body);
                all.push('\n');
                Ok(())
            })
            .expect("events");
        all
    }
}

/// How a model is asked in a test.
pub(crate) struct Asked<'a> {
    pub(crate) role: RuntimeRole,
    pub(crate) policy: CloudPolicy,
    pub(crate) consent: Option<&'a ConsentBundle>,
    pub(crate) signers: Option<&'a AllowedSigners>,
    pub(crate) client: Rc<InMemoryLlmClient>,
    pub(crate) ledger: LedgerMode,
    pub(crate) uses_kept: bool,
}

impl Asked<'_> {
    pub(crate) fn here(answer: &str) -> Self {
        Self {
            role: RuntimeRole::Worker,
            policy: CloudPolicy::Denied,
            consent: None,
            signers: None,
            client: Rc::new(roomy(InMemoryLlmClient::new(answer))),
            ledger: LedgerMode::BestEffort,
            uses_kept: false,
        }
    }
}

/// The counts of a test are not those of the words: an instruction has many.
pub(crate) fn roomy(client: InMemoryLlmClient) -> InMemoryLlmClient {
    client.without_context_limit().with_usage(TokenUsage::new(100, 50)).expect("adds up")
}

/// The one client of a test behind each connection.
struct Shared(Rc<InMemoryLlmClient>);

impl LlmClient for Shared {
    fn completion(&self, request: &CompletionRequest) -> Result<CompletionResponse, LlmError> {
        self.0.completion(request)
    }

    fn profile(&self) -> &ModelProfile {
        self.0.profile()
    }
}

pub(crate) fn resolved(role: RuntimeRole) -> ResolvedProvider {
    let config = UserConfig::parse(SETTINGS).expect("settings");
    ProviderRegistry::from_settings(&config.models).expect("registry").resolve(role).expect("role")
}

pub(crate) const GOOD: &str =
    r#"{"findings":[{"file":"src/farewell.rs","line":3,"quote":"farewell","message":"a remark"}]}"#;

/// A line that was sent and has letters.
pub(crate) fn good_answer(prepared: &Prepared) -> String {
    let (path, lines) = prepared.projection.lines.iter().next().expect("a file");
    let (line, text) =
        lines.iter().find(|(_, text)| text.chars().any(char::is_alphanumeric)).expect("a line");
    serde_json::json!({"findings": [{"file": path, "line": line, "quote": text.trim(), "message": "a remark"}]})
        .to_string()
}
