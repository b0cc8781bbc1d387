//! Errors that keep a pipeline from running.

use crate::change::RepositoryError;
use crate::config::ConfigError;
use crate::text::to_single_line;

/// Reason why nothing was checked (exit 2).
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The repository could not be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The configuration could not be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Several branches may be the main branch, and their rules differ.
    #[error(
        "`{first}` and `{second}` may both be the main branch, and their rules differ; \
         bring them together, or name the trusted revision: `--base {first}`"
    )]
    AmbiguousMain {
        /// A reference, as people write it.
        first: String,
        /// A reference with other rules.
        second: String,
    },
    /// No main branch is known, so the start of the work is not known either.
    #[error("the start of the work is not known: {why}; or give the change itself with `--range A..B`")]
    UnknownMain {
        /// The reason as a clause, with what to do.
        why: String,
    },
    /// `--range auto` cannot select a change.
    #[error("--range auto: {why}")]
    AutoRange {
        /// The reason as a clause, with what to do.
        why: String,
    },
    /// A gate of packets in a repository without packets.
    #[error("the profile `fence` has no packets; run `countersign verify`")]
    FenceHasNoPackets,
    /// The packet has no such task.
    #[error("{}", explain_missing_task(.packet, .task, .known))]
    NoSuchTask {
        /// The packet, on one line.
        packet: String,
        /// The requested task, on one line.
        task: String,
        /// Ids of the packet's tasks.
        known: Vec<String>,
    },
    /// Several files have the id of the task.
    #[error("the task `{task}` has two files, {first} and {second}; remove one")]
    SeveralTasks {
        /// The task, on one line.
        task: String,
        /// The first file.
        first: crate::text::RepoPath,
        /// The second file.
        second: crate::text::RepoPath,
    },
    /// The task allows no path, so that no change could be in it.
    #[error(
        "the task `{task}` lists no file, so the change cannot be compared with it; judge the packet without `--task`"
    )]
    TaskWithoutFiles {
        /// The task, on one line.
        task: String,
    },
    /// No trusted record names the packet of the branch.
    #[error("{}", explain_missing_packet(.branch.as_deref(), .candidates, .options))]
    NoPacketOfBranch {
        /// The checked-out branch; `None` if HEAD is detached.
        branch: Option<String>,
        /// Packets that the work may belong to.
        candidates: Vec<String>,
        /// The option that selects the change, with a blank before it.
        options: String,
    },
    /// There is a change, and neither a configuration nor a document of governance.
    #[error(
        "nothing is set up in this repository: it has no countersign.yaml and no packets; \
         `countersign init --fence PATH` limits the work to paths, `countersign init` sets up packets"
    )]
    NothingSetUp,
    /// Two of the given ids name the same packet.
    #[error("`{id}` is given twice; name every packet once")]
    DuplicatePacket {
        /// The packet's id, as a single line.
        id: String,
    },
    /// The packet was found first, and was missing later in the same run.
    #[error("the packet `{id}` disappeared while it was read; run the command again")]
    PacketDisappeared {
        /// The packet's id, as given.
        id: String,
    },
    /// The caller named a set of scan rules that does not exist.
    #[error("unknown set of scan rules `{}`; expected one of: {}", to_single_line(.name, 60), .known.join(", "))]
    UnknownRuleSet {
        /// The name as given.
        name: String,
        /// Names of all sets.
        known: Vec<String>,
    },
    /// `scan: gate` of the configuration names a set of scan rules that does
    /// not exist.
    #[error(
        "unknown set of scan rules `{}` in `scan: gate` of the configuration; expected one of: {}, coverage, hygiene",
        to_single_line(.name, 60), .known.join(", ")
    )]
    UnknownGateScan {
        /// The name as configured.
        name: String,
        /// Names of all sets.
        known: Vec<String>,
    },
    /// `scan: product` of the configuration matches no file.
    #[error("`scan: product` of the configuration matches no file of this tree; correct its paths")]
    NoProductFiles,
    /// The tree, or the part of it that the caller named, has no files.
    #[error("there are no files to scan")]
    NoFiles,
    /// A pattern of a scan rule does not compile.
    #[error("a scan rule cannot run: {reason}")]
    ScanRuleCannotRun {
        /// The rule's id and the fault of its pattern.
        reason: String,
    },
}

fn explain_missing_task(packet: &str, task: &str, known: &[String]) -> String {
    if known.is_empty() {
        return format!("`{packet}` has no tasks; judge it without `--task`");
    }
    format!("`{packet}` has no task `{task}`; its tasks are: {}", known.join(", "))
}

fn explain_missing_packet(branch: Option<&str>, candidates: &[String], options: &str) -> String {
    let what = match branch {
        Some(branch) => {
            let branch = to_single_line(branch, 80);
            format!(
                "it is not known which packet the branch `{branch}` works on: no record on the main branch \
                 names it"
            )
        }
        None => "it is not known which packet this work belongs to: HEAD is detached, so no branch names it"
            .to_owned(),
    };
    let command = |id: &str| format!("`countersign verify{options} --packet {}`", to_single_line(id, 80));
    match candidates {
        [] => format!(
            "{what}, and the scope of no open packet there has all changed paths; name the packet with \
             `--packet`, or bring its file to the main branch first"
        ),
        candidates => {
            let commands: Vec<String> = candidates.iter().map(|id| command(id)).collect();
            format!("{what}; name the packet: {}", commands.join(" or "))
        }
    }
}
