//! `approve`, `refine`, `sign` and `prepare`: the approvals of a work packet.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::change::History as _;
use crate::cli::{GlobalArgs, Output};
use crate::document::Signature;
use crate::pipeline::trusted_revision::fork_point;
use crate::system::git::GitRepository;
use crate::system::{clock, environment};
use crate::text::to_single_line;
use crate::workflow::approve::{
    ApprovalContext, ContractApproval, ContractSignature, KeySource, Preparation, RefinementState,
    SignRequest, approve, find_packet, prepare, refine, render_contract, resolve_id, sign, sign_contract,
};

use super::workflow::{CommandSummary, run_workflow};

/// Arguments of `approve`.
#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    /// The packets to approve
    #[arg(value_name = "WP-ID", required = true)]
    ids: Vec<String>,
    /// The SSH key: a file (OpenSSH, ed25519, without a passphrase) or `agent`; the
    /// default is the key with which git signs
    #[arg(long, value_name = "FILE|agent")]
    ssh_key: Option<PathBuf>,
    /// Name of the approver; the default is the one that `allowed_signers` gives the key
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
    /// Approve without a question
    #[arg(long)]
    yes: bool,
}

/// Arguments of `refine`.
#[derive(Debug, Args)]
pub(crate) struct RefineArgs {
    /// The work packet's id
    #[arg(value_name = "WP-ID")]
    id: String,
}

/// Arguments of `sign`.
#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// The work packet's id
    #[arg(value_name = "WP-ID")]
    id: String,
    /// The signature, `{username}{DDMMYYYYHHMM}`, used nowhere else; not needed
    /// where a key signs a contract that has its signature already
    #[arg(value_name = "SIGNATURE", required_unless_present_any = ["ssh_key", "contract"])]
    signature: Option<String>,
    /// Also sign the contract of packet and refinement with this SSH key: a file
    /// (OpenSSH, ed25519, without a passphrase) or `agent`
    #[arg(long, value_name = "FILE|agent", conflicts_with = "contract")]
    ssh_key: Option<PathBuf>,
    /// Write the text to be signed with `ssh-keygen -Y sign`
    #[arg(long)]
    contract: bool,
    /// Who uses the signature, for the audit record
    #[arg(long, value_name = "WHO", default_value = "Orchestrator")]
    used_by: String,
    /// Remarks for the audit record
    #[arg(long, value_name = "TEXT", default_value = "")]
    notes: String,
    /// Sign without a question
    #[arg(long)]
    yes: bool,
    /// When signing again: set `MERGE_BASE_SHA` to where the branch forks from the
    /// main branch now
    #[arg(long)]
    move_merge_base: bool,
}

/// Arguments of `prepare`.
#[derive(Debug, Args)]
pub(crate) struct PrepareArgs {
    /// The work packet's id
    #[arg(value_name = "WP-ID")]
    id: String,
    /// Name of the coder
    #[arg(long, value_name = "NAME")]
    coder: String,
    /// The branch of the work; default: `feat/` and the id
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,
    /// The folder of the working tree, relative to the root of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    worktree: String,
}

impl ApproveArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        if let Some(agent) = environment::agent_variable() {
            bail!(
                "`{agent}` is set: this is the environment of a coding agent, and an agent cannot approve a \
                 contract; run `countersign approve {}` yourself",
                to_single_line(&self.ids.join(" "), 200)
            );
        }
        let command = format!("approve {}", self.ids.join(" "));
        run_workflow(global, output, &command, &|records, workspace, config| {
            // A wrong id is reported before a missing key.
            for id in &self.ids {
                find_packet(records, id)?;
            }
            let key = self.resolve_key(global, &workspace.repo)?;
            let named = global.config_override()?;
            let roles = config.policy.roles.clone();
            let context = ApprovalContext { repo: &workspace.repo, now: clock::now(), config: named, roles };
            let approval =
                ContractApproval { key: &key, name: self.name.as_deref(), profile: config.levels.profile };
            let mut next = Vec::new();
            let mut last = None;
            for requested in &self.ids {
                let (id, packet) = find_packet(records, requested)?;
                output.print_notice(&render_contract(records, &id, &packet)?);
                confirm(&format!("Approve the contract of {id}?"), self.yes)?;
                let signed = approve(records, &context, &id, &approval)?;
                next.extend(describe_contract_signature(&signed));
                last = Some(id.as_str().to_owned());
            }
            next.push("Commit the packet and its signature, before any code.".to_owned());
            Ok(CommandSummary { wp_id: last.filter(|_| self.ids.len() == 1), next })
        })
    }

    /// Returns the key that the caller names, otherwise the one with which git signs.
    fn resolve_key(&self, global: &GlobalArgs, repo: &GitRepository) -> anyhow::Result<KeySource> {
        if let Some(key) = &self.ssh_key {
            let is_agent = key.as_os_str() == "agent";
            return Ok(if is_agent {
                KeySource::Agent
            } else {
                KeySource::File(global.working_dir()?.join(key))
            });
        }
        let Some(key) = repo.ssh_signing_key()? else {
            bail!(
                "git has no SSH key to sign with (`gpg.format = ssh` and `user.signingkey`); name one with \
                 `--ssh-key`"
            );
        };
        // git also accepts a public key whose private half is in the agent.
        let path = environment::expand_home(&key);
        let private = path.with_extension("");
        Ok(match path.extension() {
            _ if key.starts_with("key::") || key.starts_with("ssh-") => KeySource::Agent,
            Some(extension) if extension == "pub" && private.is_file() => KeySource::File(private),
            Some(extension) if extension == "pub" => KeySource::Agent,
            _ => KeySource::File(path),
        })
    }
}

/// Asks for a confirmation on a terminal; without one, `--yes` is needed.
fn confirm(question: &str, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    if !environment::is_interactive() {
        bail!("an approval needs a confirmation, and there is no terminal; pass --yes to confirm");
    }
    let answer = environment::prompt(&format!("{question} [y/N] ")).context("reading the answer")?;
    if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        bail!("nothing was approved");
    }
    Ok(())
}

impl RefineArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        run_workflow(global, output, &format!("refine {}", self.id), &|records, workspace, settings| {
            let config = global.config_override()?;
            let roles = settings.policy.roles.clone();
            let context = ApprovalContext { repo: &workspace.repo, now: clock::now(), config, roles };
            let refined = refine(records, &context, &self.id)?;
            let id = refined.id;
            let next = match refined.state {
                RefinementState::Recorded => {
                    format!("The approver reads it and runs `countersign sign {id} SIGNATURE`.")
                }
                RefinementState::Unchanged => {
                    format!("The refinement of {id} is recorded already and unchanged; nothing was written.")
                }
                RefinementState::NeedsSignature => format!(
                    "The record is newer than the signature: the approver signs again with `countersign \
                     sign {id} SIGNATURE`, then run `countersign prepare {id} --coder NAME`."
                ),
            };
            Ok(CommandSummary { wp_id: Some(id.as_str().to_owned()), next: vec![next] })
        })
    }
}

impl SignArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        run_workflow(global, output, &format!("sign {}", self.id), &|records, workspace, settings| {
            let mut next = Vec::new();
            // Without a packet there is no contract yet; `--contract` only writes a text. An
            // invalid signature is refused before anybody reads the contract.
            let is_valid = self.signature.as_ref().is_none_or(|text| Signature::parse(text).is_ok());
            if !self.contract
                && is_valid
                && let Ok((id, packet)) = find_packet(records, &self.id)
            {
                output.print_notice(&render_contract(records, &id, &packet)?);
                confirm(&format!("Sign the contract of {id}?"), self.yes)?;
            }
            if let Some(signature) = &self.signature {
                let named = global.config_override()?;
                let roles = settings.policy.roles.clone();
                let context =
                    ApprovalContext { repo: &workspace.repo, now: clock::now(), config: named, roles };
                let merge_base = if self.move_merge_base {
                    fork_point(&workspace.repo)?.or(workspace.repo.head()?)
                } else {
                    None
                };
                let signing = SignRequest {
                    signature: signature.clone(),
                    used_by: self.used_by.clone(),
                    notes: self.notes.clone(),
                    merge_base: merge_base.map(|commit| commit.0.to_string()),
                };
                let id = sign(records, &context, &self.id, &signing)?;
                next.push(if records.packet(&id)?.is_some() {
                    "Commit packet and records together, before any code.".to_owned()
                } else {
                    format!("`countersign prepare {id} --coder NAME` records who works where.")
                });
            }
            let id = resolve_id(records, &self.id)?;
            if let Some(source) = self.resolve_key(global)? {
                let sealed = sign_contract(records, &id, &source)?;
                next.extend(describe_contract_signature(&sealed));
            }
            Ok(CommandSummary { wp_id: Some(id.as_str().to_owned()), next })
        })
    }

    fn resolve_key(&self, global: &GlobalArgs) -> anyhow::Result<Option<KeySource>> {
        Ok(match &self.ssh_key {
            _ if self.contract => Some(KeySource::External),
            Some(key) if key.as_os_str() == "agent" => Some(KeySource::Agent),
            Some(key) => Some(KeySource::File(global.working_dir()?.join(key))),
            None => None,
        })
    }
}

fn describe_contract_signature(sealed: &ContractSignature) -> Vec<String> {
    match (&sealed.key, &sealed.warning) {
        (None, _) => vec![format!(
            "The approver signs it: `ssh-keygen -Y sign -n countersign -f KEY {}`.",
            sealed.contract
        )],
        (Some(key), None) => {
            let (fingerprint, path) = (&key.fingerprint, &sealed.signature);
            vec![format!("The key {fingerprint} signed the contract; commit {path} with the packet.")]
        }
        (Some(key), Some(doubt)) => {
            vec![format!("The key {} signed the contract, but {doubt}.", key.fingerprint)]
        }
    }
}

impl PrepareArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        run_workflow(global, output, &format!("prepare {}", self.id), &|records, workspace, settings| {
            let config = global.config_override()?;
            let roles = settings.policy.roles.clone();
            let context = ApprovalContext { repo: &workspace.repo, now: clock::now(), config, roles };
            let preparation = Preparation {
                coder: self.coder.clone(),
                branch: self.branch.clone().unwrap_or_else(|| format!("feat/{}", self.id)),
                worktree: self.worktree.clone(),
            };
            let id = prepare(records, &context, &self.id, &preparation)?;
            let next = match records.packet(&id)? {
                Some(_) => "Commit packet and records together, before any code.".to_owned(),
                None => format!("`countersign new packet {id}` writes the packet."),
            };
            Ok(CommandSummary { wp_id: Some(id.as_str().to_owned()), next: vec![next] })
        })
    }
}
