//! `usage`: what calls of models cost, by packet.

mod import;
mod session;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use crate::change::{History as _, TreeState};
use crate::cli::ledger::open_ledger;
use crate::cli::user_config;
use crate::cli::workspace::GitWorkspace;
use crate::cli::{FAILED, GlobalArgs, Output, PASSED};
use crate::config::{Config, load, resolve_layout};
use crate::ledger::Store;
use crate::pipeline::locate::{list_packet_ids, locate};
use crate::render::{json, usage};
use crate::rule::did_you_mean;
use crate::system::files;
use crate::system::git::GitRepository;
use crate::usage::{
    AGENT_FIELDS, CostConfig, EFFORT_FIELDS, GroupKey, MODEL_FIELDS, ModelCall, PriceTable, START_FIELDS,
    TokenRecord, TokenSummary, TokenTracker, UsageClaim, compare_claims, over_budget, summarize,
};

use import::{import_logs, import_sessions};

/// Maximum size of a file of prices or of the user's configuration, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Arguments of `usage`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct UsageArgs {
    #[command(subcommand)]
    action: Option<UsageAction>,
    /// Only calls that were made for this packet
    #[arg(value_name = "WP-ID")]
    packet: Option<String>,
    /// What rows are made of
    #[arg(long, value_name = "WHAT", default_value = "packet")]
    by: UsageGroup,
    /// Only calls since this day, in UTC
    #[arg(long, value_name = "YYYY-MM-DD")]
    since: Option<String>,
    /// A price map in the format of LiteLLM, instead of the built-in prices
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// One price for all models: US dollars for a million tokens that were sent, and for a
    /// million that were received
    #[arg(long, value_name = "IN/OUT", conflicts_with = "prices")]
    flat_price: Option<String>,
    /// Also write the sums by packet and model to this file, as JSON
    #[arg(long, value_name = "FILE")]
    cost_report: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum UsageAction {
    /// Copy the numbers of new calls from the logs of agents
    Import(ImportArgs),
    /// Record that a session of an agent is about a packet
    Session(AgentSessionArgs),
}

#[derive(Debug, Args)]
struct AgentSessionArgs {
    /// Id of the session; `-` reads it from the JSON that an agent's hook gets on its input
    #[arg(value_name = "ID")]
    session: String,
    /// The packet; default: the one that the working tree or its branch names
    #[arg(long, value_name = "WP-ID")]
    packet: Option<String>,
}

#[derive(Debug, Args)]
struct ImportArgs {
    /// Instead of logs, read the output of `ccusage claude session --json`: sums of sessions,
    /// for logs that are gone
    #[arg(long, value_name = "FILE")]
    ccusage: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum UsageGroup {
    Packet,
    Model,
    Session,
    Day,
    Agent,
    Role,
    Step,
}

impl UsageGroup {
    fn key(self) -> GroupKey {
        match self {
            Self::Packet => GroupKey::Packet,
            Self::Model => GroupKey::Model,
            Self::Session => GroupKey::Session,
            Self::Day => GroupKey::Day,
            Self::Agent => GroupKey::Agent,
            Self::Role => GroupKey::Role,
            Self::Step => GroupKey::Step,
        }
    }
}

/// How to switch the import on.
fn how_to_switch_on() -> String {
    let file = user_config::shown_path();
    format!(
        "numbers of tokens are not copied from the logs of agents: write `usage: {{import: on}}` into {file}. \
         Agents delete their logs after some weeks; `countersign usage import` in a hook of the agent keeps the numbers"
    )
}

impl UsageArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let workspace = GitWorkspace::open(global)?;
        let repo = &workspace.repo;
        let user = user_config::load()?;
        if let Some(UsageAction::Import(ImportArgs { ccusage: Some(file) })) = &self.action {
            let done = import_sessions(repo, global, file)?;
            output.print(&if is_json { json::pretty(&done) } else { format!("{}\n", done.to_sentence()) })?;
            return Ok(PASSED);
        }
        if let Some(UsageAction::Session(args)) = &self.action {
            let recorded = args.record(repo, global)?;
            output.print(&if is_json { json::pretty(&recorded) } else { recorded.to_sentence() })?;
            return Ok(PASSED);
        }
        let imports_only = matches!(self.action, Some(UsageAction::Import(_)));
        if user.imports_usage {
            let mut store = Store::open(&repo.ledger_folder())?;
            let done = import_logs(repo, global, &mut store)?;
            if imports_only {
                output.print(&if is_json {
                    json::pretty(&done)
                } else {
                    format!("{}\n", done.to_sentence())
                })?;
                return Ok(PASSED);
            }
            if done.unreadable > 0 {
                output.print_notice(&format!("warning: {}\n", done.to_sentence()));
            }
        } else if imports_only {
            bail!("{}", how_to_switch_on());
        } else {
            output.print_notice(&format!("note: {}\n", how_to_switch_on()));
        }
        let since = self.since.as_deref().map(check_day).transpose()?;
        let flat = self.flat_price.as_deref().map(read_flat_price).transpose()?;
        let prices = match (&self.prices, flat) {
            (Some(file), _) => load_prices(&global.resolve(file)?, file)?,
            (None, Some(flat)) => PriceTable::flat(flat),
            (None, None) => PriceTable::default(),
        };
        let calls = match open_ledger(repo)? {
            Some(store) => store.calls(self.packet.as_deref(), since)?,
            None => Vec::new(),
        };
        let calls: Vec<(ModelCall, Option<String>)> =
            calls.into_iter().map(|stored| (stored.call, stored.packet)).collect();
        if let Some(file) = &self.cost_report {
            let text = cost_report(&calls, &prices, flat);
            files::write_output(&global.resolve(file)?, text.as_bytes())
                .with_context(|| format!("writing {}", file.display()))?;
        }
        let by = self.by.key();
        let summary = summarize(&calls, by, &prices);
        let config = budgets_config(repo, global)?;
        // A budget and a claim are about all calls, whatever is shown.
        let all = match (since, open_ledger(repo)?) {
            (Some(_), Some(store)) => {
                let all = store.calls(self.packet.as_deref(), None)?;
                all.into_iter().map(|stored| (stored.call, stored.packet)).collect()
            }
            _ => calls.clone(),
        };
        let mut over = over_budget(&all, &config.usage, &prices);
        // Of a packet alone, it is not known what all calls took.
        over.retain(|over| self.packet.is_none() || over.packet.is_some());
        let claims = match &self.packet {
            Some(packet) => claims_of(repo, global, packet, &all)?,
            None => Vec::new(),
        };
        // A budget of a packet that does not exist would never apply.
        for packet in config.usage.packets().chain(self.packet.as_deref().filter(|_| calls.is_empty())) {
            note_unknown(repo, global, output, packet)?;
        }
        output.print(&if is_json {
            json::pretty(&usage::usage_document(&summary, by, &prices, (&over, &claims)))
        } else if calls.is_empty() {
            self.nothing_known()
        } else {
            usage::render_usage(&summary, by, &prices) + &usage::render_remarks(&over, &claims)
        })?;
        Ok(if over.iter().any(|over| over.level == "error") { FAILED } else { PASSED })
    }
}

impl UsageArgs {
    fn nothing_known(&self) -> String {
        let packet = self.packet.as_deref().unwrap_or("this repository");
        let since = self.since.as_deref().map(|day| format!(" since {day}")).unwrap_or_default();
        let line = format!("no calls of models are known for {packet}{since}");
        format!("{}\n", crate::text::escape_hidden(&crate::text::to_single_line(&line, 200)))
    }
}

fn check_day(day: &str) -> anyhow::Result<&str> {
    if day.parse::<jiff::civil::Date>().is_err() || day.len() != 10 {
        bail!(
            "invalid day `{}`; expected YYYY-MM-DD, such as 2026-03-01",
            crate::text::to_single_line(day, 40)
        );
    }
    Ok(day)
}

fn read_flat_price(text: &str) -> anyhow::Result<CostConfig> {
    CostConfig::parse(text).with_context(|| {
        format!(
            "invalid price `{}`; expected IN/OUT in US dollars, such as 3/15",
            crate::text::to_single_line(text, 40)
        )
    })
}

fn load_prices(path: &Path, shown: &Path) -> anyhow::Result<PriceTable> {
    let bytes = files::read(path, MAX_FILE_BYTES).with_context(|| format!("reading {}", shown.display()))?;
    PriceTable::read(&bytes, shown.display().to_string())
        .with_context(|| format!("reading {}", shown.display()))
}

/// The report of costs: the sums of the contract, and what they leave out.
#[derive(Serialize)]
struct CostReport {
    #[serde(flatten)]
    summary: TokenSummary,
    cost_is: &'static str,
    /// Models without a price, with their tokens: they are in no cost.
    models_without_price: std::collections::BTreeMap<String, u64>,
    quality: &'static str,
}

/// Sums by packet and model in the shape of the token contract.
fn cost_report(
    calls: &[(ModelCall, Option<String>)],
    prices: &PriceTable,
    flat: Option<CostConfig>,
) -> String {
    let tracker = TokenTracker::new(flat.unwrap_or_default());
    for (call, packet) in calls {
        let model = call.model.clone().unwrap_or_default();
        tracker.record(TokenRecord {
            case_id: packet.clone().unwrap_or_else(|| "no packet".to_owned()),
            prompt_tokens: call.tokens.sent(),
            artifact_tokens: call.tokens.output,
            timestamp: call.at.clone(),
            // A model without a price adds nothing, and is listed.
            cost: flat.is_none().then(|| prices.cost(&model, &call.tokens).unwrap_or_default()),
            step: model,
            ..TokenRecord::default()
        });
    }
    let summary = tracker.summary();
    let sums = summarize(calls, GroupKey::Packet, prices);
    json::pretty(&CostReport {
        summary,
        cost_is: "API list price equivalent",
        models_without_price: sums.without_price,
        quality: sums.total.quality.as_str(),
    })
}

/// The tree whose documents count: the files on disk, or HEAD of a bare repository.
fn documents_tree(repo: &GitRepository) -> anyhow::Result<TreeState> {
    if repo.root().is_ok() {
        return Ok(TreeState::Worktree);
    }
    Ok(repo.head()?.map_or(TreeState::Empty, TreeState::Commit))
}

fn budgets_config(repo: &GitRepository, global: &GlobalArgs) -> anyhow::Result<Config> {
    Ok(load(repo, documents_tree(repo)?, global.config_override()?.as_ref())?.config)
}

/// Says that a packet does not exist, and which one could be meant.
fn note_unknown(
    repo: &GitRepository,
    global: &GlobalArgs,
    output: &Output,
    packet: &str,
) -> anyhow::Result<()> {
    let (tree, config) = (documents_tree(repo)?, budgets_config(repo, global)?);
    let layout = resolve_layout(repo, &config, tree, tree)?;
    let known = list_packet_ids(repo, tree, &layout)?;
    if !known.iter().any(|id| id == packet) {
        let hint = did_you_mean(packet, known.iter().map(String::as_str));
        let shown = crate::text::to_single_line(packet, 80);
        output.print_notice(&format!("note: there is no packet `{shown}`{hint}\n"));
    }
    Ok(())
}

/// What a packet claims about who worked, beside what its calls say.
fn claims_of(
    repo: &GitRepository,
    global: &GlobalArgs,
    packet: &str,
    calls: &[(ModelCall, Option<String>)],
) -> anyhow::Result<Vec<UsageClaim>> {
    let (tree, config) = (documents_tree(repo)?, budgets_config(repo, global)?);
    let layout = resolve_layout(repo, &config, tree, tree)?;
    let (_, located) = locate(repo, tree, &layout, packet)?;
    let Some(located) = located else { return Ok(Vec::new()) };
    let fields: Vec<(String, String)> = MODEL_FIELDS
        .iter()
        .chain(&AGENT_FIELDS)
        .chain(&EFFORT_FIELDS)
        .chain(&START_FIELDS)
        .filter_map(|key| {
            let field = located.packet.metadata_field(key)?;
            Some(((*key).to_owned(), field.filled_value()?.value))
        })
        .collect();
    let calls: Vec<ModelCall> = calls.iter().map(|(call, _)| call.clone()).collect();
    Ok(compare_claims(&fields, &calls))
}
