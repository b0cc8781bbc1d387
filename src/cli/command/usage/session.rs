//! `usage session`: which packet a session of an agent is about.

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::cli::GlobalArgs;
use crate::ledger::Store;
use crate::system::environment;
use crate::system::git::GitRepository;
use crate::text::to_single_line;

use super::AgentSessionArgs;
use super::import::known_work;

/// Maximum size of what a hook gets on its input, in bytes.
const MAX_INPUT_BYTES: u64 = 1024 * 1024;

/// What a hook of an agent gets, as far as it is read.
#[derive(Deserialize)]
struct HookInput {
    session_id: Option<String>,
    conversation_id: Option<String>,
    #[serde(rename = "sessionId")]
    camel_case: Option<String>,
}

/// A session that was recorded.
#[derive(Serialize)]
pub(super) struct RecordedSession {
    schema: &'static str,
    session: String,
    packet: String,
}

impl RecordedSession {
    /// What was done, as a line.
    pub(super) fn to_sentence(&self) -> String {
        format!("session {} is about {}\n", to_single_line(&self.session, 80), self.packet)
    }
}

impl AgentSessionArgs {
    /// Records the session; returns what was done.
    ///
    /// # Errors
    /// No session or no packet is named, or the ledger cannot be used.
    pub(super) fn record(
        &self,
        repo: &GitRepository,
        global: &GlobalArgs,
    ) -> anyhow::Result<RecordedSession> {
        let session = if self.session == "-" {
            let text = environment::read_stdin(MAX_INPUT_BYTES).context("reading the input of the hook")?;
            let input: HookInput = serde_json::from_str(&text).context("the input is no JSON")?;
            let id = input.session_id.or(input.conversation_id).or(input.camel_case);
            id.context("the input is JSON without a `session_id`")?
        } else {
            self.session.clone()
        };
        if session.trim().is_empty() || session.len() > 200 || !crate::text::is_plain(&session) {
            bail!("invalid session id `{}`", to_single_line(&session, 80));
        }
        let work = known_work(repo, global)?;
        let packet = match &self.packet {
            Some(packet) => {
                work.packets.iter().find(|known| *known == packet).cloned().with_context(|| {
                    let hint = crate::rule::did_you_mean(packet, work.packets.iter().map(String::as_str));
                    format!("there is no packet `{}`{hint}", to_single_line(packet, 80))
                })?
            }
            None => {
                let root = repo.root()?;
                let tree = work.trees.iter().find(|tree| tree.folder == root);
                let name =
                    root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                let branch = tree.and_then(|tree| tree.branch.as_deref());
                work.packet_named(&name, branch)
                    .context("neither this working tree nor its branch names a packet; add --packet WP-ID")?
            }
        };
        let mut store = Store::open(&repo.ledger_folder())?;
        store.record_session(&session, &packet)?;
        Ok(RecordedSession { schema: "countersign.usage-session/v1", session, packet })
    }
}
