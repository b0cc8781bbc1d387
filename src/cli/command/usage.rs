//! `usage`: what calls of models cost, by packet.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};

use crate::change::TreeState;
use crate::cli::ledger::open_ledger;
use crate::cli::workspace::GitWorkspace;
use crate::cli::{GlobalArgs, Output, PASSED};
use crate::config::{UserConfig, load, resolve_layout};
use crate::ledger::{Store, StoredCall};
use crate::pipeline::locate::list_packet_ids;
use crate::pipeline::verify::prepared_branches;
use crate::render::{json, usage};
use crate::system::git::GitRepository;
use crate::system::{environment, files};
use crate::text::format_count;
use crate::usage::{
    CostConfig, GroupKey, KnownTree, KnownWork, LogRoots, ModelCall, PriceTable, TokenRecord, TokenTracker,
    find_logs, read_logs, summarize,
};

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
    Import,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum UsageGroup {
    Packet,
    Model,
    Session,
    Day,
    Agent,
}

impl UsageGroup {
    fn key(self) -> GroupKey {
        match self {
            Self::Packet => GroupKey::Packet,
            Self::Model => GroupKey::Model,
            Self::Session => GroupKey::Session,
            Self::Day => GroupKey::Day,
            Self::Agent => GroupKey::Agent,
        }
    }
}

/// How to switch the import on.
fn how_to_switch_on() -> String {
    let file = user_config_path()
        .map_or_else(|| "the user's configuration".to_owned(), |path| path.display().to_string());
    format!(
        "numbers of tokens are not copied from the logs of agents: write `usage: {{import: on}}` into {file}. \
         Agents delete their logs after some weeks; `countersign usage import` in a hook of the agent keeps the numbers"
    )
}

fn user_config_path() -> Option<PathBuf> {
    environment::config_home().map(|folder| folder.join("countersign/config.yaml"))
}

fn load_user_config() -> anyhow::Result<UserConfig> {
    let Some(path) = user_config_path() else { return Ok(UserConfig::default()) };
    if files::find_metadata(&path)?.is_none() {
        return Ok(UserConfig::default());
    }
    let bytes = files::read(&path, MAX_FILE_BYTES).with_context(|| format!("reading {}", path.display()))?;
    UserConfig::parse(&String::from_utf8_lossy(&bytes))
        .map_err(|why| anyhow::anyhow!("{}: {why}", path.display()))
}

impl UsageArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let workspace = GitWorkspace::open(global)?;
        let repo = &workspace.repo;
        let user = load_user_config()?;
        let imports_only = matches!(self.action, Some(UsageAction::Import));
        if user.imports_usage {
            let mut store = Store::open(&repo.ledger_folder())?;
            let said = import(repo, global, &mut store)?;
            if imports_only {
                output.print(&format!("{said}\n"))?;
                return Ok(PASSED);
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
        output.print(&if is_json {
            json::pretty(&usage::usage_document(&summary, by, &prices))
        } else if calls.is_empty() {
            "no calls of models are known for this repository\n".to_owned()
        } else {
            usage::render_usage(&summary, by, &prices)
        })?;
        Ok(PASSED)
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
            // A model without a price costs nothing here; `usage` says which ones these are.
            cost: flat.is_none().then(|| prices.cost(&model, &call.tokens).unwrap_or_default()),
            step: model,
            ..TokenRecord::default()
        });
    }
    json::pretty(&tracker.summary())
}

/// Copies new calls whose folder lies in a working tree of this repository. Returns what
/// was done, in a sentence.
fn import(repo: &GitRepository, global: &GlobalArgs, store: &mut Store) -> anyhow::Result<String> {
    let known = store.read_logs()?;
    let logs = find_logs(&LogRoots::of_user());
    // Logs of other projects are named by a hash: their paths are not the business of this one.
    let name = |path: &Path| crate::digest::sha256_hex(path.to_string_lossy().as_bytes());
    let named: Vec<(String, u64)> = logs.iter().map(|log| (name(&log.path), log.size)).collect();
    let mut changed = Vec::new();
    let mut sizes = Vec::new();
    for (log, (path, size)) in logs.into_iter().zip(named) {
        if known.get(&path) != Some(&size) {
            changed.push(log);
            sizes.push((path, size));
        }
    }
    let (calls, unreadable) = read_logs(&changed);
    let work = known_work(repo, global)?;
    let own: Vec<StoredCall> = calls.into_iter().filter_map(|call| attribute(call, &work)).collect();
    let added = store.store_calls(&own, &sizes)?;
    let skipped = if unreadable > 0 { format!("; {unreadable} could not be read") } else { String::new() };
    Ok(format!(
        "{} of this repository are new, from {} that changed{skipped}",
        format_count(added, "call"),
        format_count(changed.len(), "log")
    ))
}

/// A call of this repository, its folder relative to the working tree.
fn attribute(call: ModelCall, work: &KnownWork) -> Option<StoredCall> {
    let tree = work.tree_of(&call.folder)?;
    let packet = work.packet_of(&call).map(|(packet, _)| packet.to_owned());
    let folder = Path::new(&call.folder).strip_prefix(&tree.folder).ok()?;
    let folder = folder.to_string_lossy().replace('\\', "/");
    Some(StoredCall { call: ModelCall { folder, ..call }, packet })
}

fn known_work(repo: &GitRepository, global: &GlobalArgs) -> anyhow::Result<KnownWork> {
    let config = load(repo, TreeState::Worktree, global.config_override()?.as_ref())?.config;
    let layout = resolve_layout(repo, &config, TreeState::Worktree, TreeState::Worktree)?;
    let packets = list_packet_ids(repo, TreeState::Worktree, &layout)?;
    let mut trees = Vec::new();
    for (folder, branch) in repo.worktree_folders()? {
        if let Ok(real) = folder.canonicalize()
            && real != folder
        {
            trees.push(KnownTree { folder: real, branch: branch.clone() });
        }
        trees.push(KnownTree { folder, branch });
    }
    Ok(KnownWork { packets, prepared: prepared_branches(repo, TreeState::Worktree)?, trees })
}
