//! `log` and `ledger`: the chain of events, and what is kept of it.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::change::{History as _, ObjectStore as _, TreeState};
use crate::cli::ledger::{open_ledger, print_no_ledger};
use crate::cli::workspace::GitWorkspace;
use crate::cli::{FAILED, GlobalArgs, Output, PASSED};
use crate::config::allowed_signers_path;
use crate::digest::sshsig;
use crate::document::allowed_signers::AllowedSigners;
use crate::ledger::{ChainState, Event, Payload, RetentionLimits, SealEntry, Sealed, Store, hash_hex};
use crate::render::{json, ledger};
use crate::system::{clock, environment, files};
use crate::text::{Source, escape_hidden, format_count};

/// Maximum size of a key file, in bytes.
const MAX_KEY_BYTES: u64 = 64 * 1024;

/// Arguments of `log`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LogArgs {
    #[command(subcommand)]
    action: Option<LogAction>,
    /// Only events of jobs of this packet
    #[arg(long, value_name = "WP-ID")]
    packet: Option<String>,
    /// Also show gates that let an operation pass and capabilities that were granted
    #[arg(long)]
    all: bool,
    /// Show at most this many, the newest
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

#[derive(Debug, Subcommand)]
enum LogAction {
    /// Check the chain of all events, and its seals
    Verify,
    /// Print all events as JSON Lines
    Export,
    /// Sign the newest event with an SSH key: a chain that is computed anew is found
    Seal(SealArgs),
}

#[derive(Debug, Args)]
struct SealArgs {
    /// The private key, an ed25519 key without a passphrase
    #[arg(long, value_name = "FILE")]
    ssh_key: PathBuf,
}

/// Arguments of `ledger`.
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    #[command(subcommand)]
    action: LedgerAction,
}

#[derive(Debug, Subcommand)]
enum LedgerAction {
    /// Remove old jobs with their events; an entry says what was removed
    Prune(PruneArgs),
}

#[derive(Debug, Args)]
struct PruneArgs {
    /// Keep jobs that ended in the last N days
    #[arg(long, value_name = "N", default_value_t = RetentionLimits::default().days)]
    days: u32,
    /// Keep at most N jobs, the newest
    #[arg(long, value_name = "N", default_value_t = RetentionLimits::default().jobs)]
    jobs: u32,
}

impl LogArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let workspace = GitWorkspace::open(global)?;
        let Some(store) = open_ledger(&workspace.repo)? else { return print_no_ledger(output) };
        match &self.action {
            None => self.show(global, output, &store),
            Some(LogAction::Verify) => verify(global, output, &workspace, &store),
            Some(LogAction::Export) => export(output, &store),
            Some(LogAction::Seal(args)) => args.seal(global, output, store),
        }
    }

    fn show(&self, global: &GlobalArgs, output: &Output, store: &Store) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let mut lines: Vec<String> = Vec::new();
        store.each_event(self.packet.as_deref(), |row| {
            if self.all || !ledger::is_routine(&row.event.payload) {
                lines.push(if is_json {
                    format!("{}\n", json::escape(&row.body))
                } else {
                    ledger::render_event(&row)
                });
                // Only the newest are shown: a long chain is never held as a whole.
                if lines.len() > self.limit.saturating_mul(2).max(64) {
                    lines.drain(..lines.len() - self.limit);
                }
            }
            Ok(())
        })?;
        let start = lines.len().saturating_sub(self.limit);
        output.print(&lines.split_off(start).concat())?;
        Ok(PASSED)
    }
}

/// Prints every event with its number and hashes, one JSON document a line.
fn export(output: &Output, store: &Store) -> anyhow::Result<u8> {
    let mut text = String::new();
    store.each_event(None, |row| {
        let _ = writeln!(
            text,
            "{{\"seq\":{},\"prev\":\"{}\",\"hash\":\"{}\",\"event\":{}}}",
            row.seq,
            row.prev,
            row.hash,
            json::escape(&row.body)
        );
        if text.len() > 1024 * 1024 {
            output.print(&text).map_err(std::io::Error::other)?;
            text.clear();
        }
        Ok(())
    })?;
    output.print(&text)?;
    Ok(PASSED)
}

/// The answer of `log verify`.
#[derive(Serialize)]
struct VerifyOutput {
    schema: &'static str,
    verdict: &'static str,
    events: u64,
    first_event: u64,
    last_event: u64,
    last_hash: String,
    fault: Option<FaultOutput>,
    sealed_up_to: Option<u64>,
    seals: Vec<SealOutput>,
}

#[derive(Serialize)]
struct FaultOutput {
    event: u64,
    what: String,
}

#[derive(Serialize)]
struct SealOutput {
    event: u64,
    at: String,
    status: &'static str,
    key: Option<String>,
    detail: String,
}

/// The text that a seal signs.
fn seal_message(seq: u64, hash: &[u8; 32]) -> String {
    format!("countersign ledger seal v1\nevent: {seq}\nhash: {}\n", hash_hex(hash))
}

/// Judges a seal: `good`, `unknown` (a key that `allowed_signers` does not list), `removed`
/// (the event is gone with retention) or `broken`.
fn judge_seal(seal: &SealEntry, first: u64, allowed: Option<&AllowedSigners>) -> SealOutput {
    let answer = |status: &'static str, key: Option<String>, detail: String| SealOutput {
        event: seal.seq,
        at: seal.at.clone(),
        status,
        key,
        detail,
    };
    let message = seal_message(seal.seq, &seal.hash);
    let key = match sshsig::verify_in(sshsig::LEDGER_NAMESPACE, &seal.signature, message.as_bytes()) {
        Ok(key) => key,
        Err(error) => return answer("broken", None, format!("the signature does not hold: {error}")),
    };
    let print = Some(key.fingerprint.clone());
    match seal.found {
        None if seal.seq < first => answer("removed", print, "retention removed the event".to_owned()),
        None => answer("broken", print, "the sealed event is missing: the log was cut off".to_owned()),
        Some(found) if found != seal.hash => {
            answer("broken", print, "the event has another hash now: the chain was computed anew".to_owned())
        }
        Some(_) => {
            let mut signers = allowed.into_iter().flat_map(|allowed| allowed.signers_with_key(&key.key));
            let at = seal.at.parse::<jiff::Timestamp>().ok();
            let at = at.map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).datetime());
            let is_listed = signers.any(|signer| {
                signer.allows_namespace(sshsig::LEDGER_NAMESPACE)
                    && at.is_some_and(|at| signer.is_valid_at(at))
            });
            if is_listed {
                answer("good", print, "signed by a key of allowed_signers".to_owned())
            } else {
                answer("unknown", print, "allowed_signers does not list its key".to_owned())
            }
        }
    }
}

fn verify(
    global: &GlobalArgs,
    output: &Output,
    workspace: &GitWorkspace,
    store: &Store,
) -> anyhow::Result<u8> {
    let is_json = global.is_json()?;
    let state = store.verify()?;
    let config = workspace.load_config(global)?;
    // A key that is only on disk is not proved by any commit.
    let tree = match workspace.repo.head()? {
        Some(head) => TreeState::Commit(head),
        None => TreeState::Empty,
    };
    let path = allowed_signers_path(&workspace.repo, &config, tree)?;
    let allowed = workspace
        .repo
        .read(tree, &path)?
        .map(|bytes| AllowedSigners::read(&Source::from_bytes(path.clone(), bytes)));
    let reached = |seal: &&SealEntry| state.fault.is_none() || seal.seq <= state.head.seq;
    let seals: Vec<SealOutput> = state
        .seals
        .iter()
        .filter(reached)
        .map(|seal| judge_seal(seal, state.first, allowed.as_ref()))
        .collect();
    let is_broken = state.fault.is_some() || seals.iter().any(|seal| seal.status == "broken");
    let sealed = seals.iter().filter(|seal| seal.status == "good");
    let sealed_up_to = sealed.map(|seal| seal.event).max();
    output.print(&if is_json {
        json::pretty(&VerifyOutput {
            schema: "countersign.log-verify/v1",
            verdict: if is_broken { "failed" } else { "passed" },
            events: state.events,
            first_event: state.first,
            last_event: state.head.seq,
            last_hash: hash_hex(&state.head.hash),
            fault: state
                .fault
                .as_ref()
                .map(|fault| FaultOutput { event: fault.seq, what: fault.what.clone() }),
            sealed_up_to,
            seals,
        })
    } else {
        render_verify(&state, &seals, sealed_up_to)
    })?;
    Ok(if is_broken { FAILED } else { PASSED })
}

fn render_verify(state: &ChainState, seals: &[SealOutput], sealed_up_to: Option<u64>) -> String {
    let mut out = String::new();
    let count = format_count(usize::try_from(state.events).unwrap_or(usize::MAX), "event");
    if let Some(fault) = &state.fault {
        let _ = writeln!(out, "error: event {} is wrong: {}", fault.seq, escape_hidden(&fault.what));
        let _ = writeln!(out, "  {count} before it are in order; nothing after it can be trusted");
    } else {
        let _ =
            writeln!(out, "{count} in order, up to event {}, {}", state.head.seq, hash_hex(&state.head.hash));
    }
    if state.first > 1 {
        let _ = writeln!(out, "  events 1 to {} were removed by retention", state.first - 1);
    }
    for seal in seals {
        let level = if seal.status == "broken" { "error: " } else { "  " };
        let key = seal.key.as_deref().unwrap_or("no key");
        let line = format!("{level}seal of event {}, {}: {} ({key})", seal.event, seal.at, seal.detail);
        let _ = writeln!(out, "{}", escape_hidden(&line));
    }
    match sealed_up_to {
        Some(event) => {
            let _ = writeln!(out, "  sealed up to event {event}; what was cut off after it cannot be seen");
        }
        None if seals.iter().any(|seal| seal.status == "unknown") => out.push_str(
            "  sealed with a key that is not trusted: a person adds the key to `allowed_signers`, and commits it\n",
        ),
        None => out.push_str(
            "  not sealed: a chain that was computed anew cannot be seen; `countersign log seal --ssh-key FILE` \
             signs it\n",
        ),
    }
    out
}

impl SealArgs {
    fn seal(&self, global: &GlobalArgs, output: &Output, mut store: Store) -> anyhow::Result<u8> {
        let state = store.verify()?;
        if let Some(fault) = state.fault {
            bail!("event {} is wrong: {}; a broken chain is not sealed", fault.seq, fault.what);
        }
        if state.events == 0 {
            bail!("there is no event to seal");
        }
        let path = global.resolve(&environment::expand_home(&self.ssh_key.to_string_lossy()))?;
        let key = files::read(&path, MAX_KEY_BYTES)
            .with_context(|| format!("reading the key {}", self.ssh_key.display()))?;
        let message = seal_message(state.head.seq, &state.head.hash);
        let (signature, key) = sshsig::sign_in(sshsig::LEDGER_NAMESPACE, &key, message.as_bytes())
            .with_context(|| format!("signing with {}", self.ssh_key.display()))?;
        let hash = hash_hex(&state.head.hash);
        let sealed = Sealed { event: state.head.seq, hash: hash.clone(), key: key.fingerprint.clone() };
        store.add_seal(&state.head, &signature, &Event::now(None, Payload::Sealed(sealed)))?;
        output.print(&format!(
            "sealed {} up to event {}, {hash}, with {}\n",
            format_count(usize::try_from(state.events).unwrap_or(usize::MAX), "event"),
            state.head.seq,
            key.fingerprint
        ))?;
        Ok(PASSED)
    }
}

impl LedgerArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let LedgerAction::Prune(args) = &self.action;
        if let Some(agent) = environment::agent_variable() {
            bail!(
                "`{agent}` is set: this is the environment of a coding agent, and an agent removes no entries; \
                 run the command yourself"
            );
        }
        let workspace = GitWorkspace::open(global)?;
        let Some(mut store) = open_ledger(&workspace.repo)? else { return print_no_ledger(output) };
        let removed = store.prune(RetentionLimits { days: args.days, jobs: args.jobs }, clock::now())?;
        let count =
            |number: u64, noun: &str| format_count(usize::try_from(number).unwrap_or(usize::MAX), noun);
        output.print(&format!(
            "removed {}, {} and {}\n",
            count(removed.jobs, "job"),
            count(removed.events, "event"),
            count(removed.problems, "problem")
        ))?;
        Ok(PASSED)
    }
}
