//! The output of `ccusage claude session --json`: sums of sessions, for users whose logs are
//! gone.

use serde::Deserialize;

use super::tokens::{Agent, ModelCall, Quality, Tokens};

/// Start of the ids of calls that are sums of a session.
pub(crate) const SESSION_PREFIX: &str = "ccusage:";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CcusageReport {
    /// Of one agent.
    sessions: Option<Vec<CcusageSession>>,
    /// Of all agents together: without the folder of the work.
    session: Option<Vec<CcusageSession>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CcusageSession {
    session_id: Option<String>,
    project_path: Option<String>,
    first_activity: Option<String>,
    last_activity: Option<String>,
    model_breakdowns: Option<Vec<CcusageModel>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CcusageModel {
    model_name: String,
    input_tokens: u64,
    output_tokens: u64,
    #[serde(default)]
    cache_creation_tokens: u64,
    #[serde(default)]
    cache_read_tokens: u64,
}

/// Sums of sessions, by model. The folder of a call is what the report says of its project.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionSums {
    /// One call for each session and model.
    pub calls: Vec<ModelCall>,
    /// Sessions that say nothing of their folder.
    pub without_folder: usize,
}

/// Reads a report.
///
/// # Errors
/// Text that is not such a report.
pub(crate) fn read_sessions(bytes: &[u8]) -> Result<SessionSums, String> {
    let report: CcusageReport = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let rows = report.sessions.or(report.session).ok_or_else(|| {
        "it has neither `sessions` nor `session`; use `ccusage claude session --json`".to_owned()
    })?;
    let mut out = SessionSums::default();
    for row in rows {
        let folder = row.project_path.filter(|folder| !folder.is_empty());
        let (Some(session), Some(folder)) = (row.session_id, folder) else {
            out.without_folder += 1;
            continue;
        };
        let parts = row.model_breakdowns.ok_or_else(|| {
            "a session has no `modelBreakdowns`; only the output of `ccusage claude session --json` is read".to_owned()
        })?;
        let at = row.first_activity.or(row.last_activity).unwrap_or_default();
        for part in parts {
            out.calls.push(ModelCall {
                id: format!("{SESSION_PREFIX}{session}:{}", part.model_name),
                // Only the report of this agent has projects.
                agent: Agent::Claude,
                session: session.clone(),
                at: at.clone(),
                model: Some(part.model_name),
                tokens: Tokens {
                    input: part.input_tokens,
                    output: part.output_tokens,
                    cache_read: part.cache_read_tokens,
                    cache_write: part.cache_creation_tokens,
                    cache_write_1h: 0,
                },
                quality: Quality::Measured,
                log: None,
                folder: folder.clone(),
                branch: None,
                is_sidechain: false,
                role: None,
                effort: None,
            });
        }
    }
    Ok(out)
}

/// Returns whether a project of a report is a folder: Claude Code names it with `-` for every
/// character that is neither letter nor digit.
#[must_use]
pub(crate) fn is_project(project: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches(['/', '\\']);
    let name: String = folder.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    project == folder || project == name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_sessions_are_read() {
        let text = br#"{"sessions":[{"sessionId":"s1","projectPath":"-code-repo","lastActivity":"2026-03-01T10:00:00Z",
            "totalTokens":580,"modelBreakdowns":[{"modelName":"claude-sonnet-4-5","inputTokens":10,"outputTokens":30,
            "cacheCreationTokens":40,"cacheReadTokens":500,"cost":0.1},{"modelName":"gpt-5","inputTokens":1,"outputTokens":2}]}],
            "totals":{}}"#;
        let read = read_sessions(text).expect("report");
        let totals: Vec<u64> = read.calls.iter().map(|call| call.tokens.total()).collect();
        assert_eq!((totals, read.without_folder), (vec![580, 3], 0));
        assert!(is_project(&read.calls[0].folder, "/code/repo") && is_project("/code/repo", "/code/repo/"));
        assert!(
            !is_project(&read.calls[0].folder, "/code/repo-2") && !is_project("-code-repo-2", "/code/repo")
        );
        let unified = br#"{"session":[{"period":"s1","agent":"claude","modelBreakdowns":[]}]}"#;
        assert_eq!(read_sessions(unified).map(|read| read.without_folder), Ok(1));
        for wrong in [
            &b"{}"[..],
            b"[]",
            b"{\"daily\":[]}",
            b"{\"sessions\":[{\"sessionId\":\"a\",\"projectPath\":\"-b\",\"models\":{}}]}",
            b"{\"sessions\":[{\"modelBreakdowns\":[{}]}]}",
        ] {
            assert!(read_sessions(wrong).is_err());
        }
    }
}
