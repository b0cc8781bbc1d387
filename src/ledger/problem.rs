//! A finding or a denial as a problem: what it is, independent of the run that found it.

use serde_json::{Value, json};

use crate::check::wording;
use crate::finding::{Finding, Level, Place};

/// Where a problem is. Lines and columns start at 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProblemLocation {
    /// Path in the repository, with `/`.
    pub path: String,
    /// Start line, start column, end line, end column; `None` for a file as a whole.
    pub range: Option<[u32; 4]>,
}

/// A diagnostic (DIAG-SCHEMA-001): the parts that its fingerprint is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// `validator` for a finding, `engine` for a denied operation.
    pub source: &'static str,
    /// The command or gate that found it.
    pub tool: String,
    /// The rule, or the code of the denial.
    pub code: String,
    /// `fatal`, `error`, `warning`, `info` or `hint`.
    pub severity: &'static str,
    /// What it is about, without text of the work.
    pub title: String,
    /// Where it is.
    pub locations: Vec<ProblemLocation>,
    /// The capability that was denied.
    pub capability_id: Option<String>,
}

impl Problem {
    /// The problem of a finding of a gate.
    #[must_use]
    pub(crate) fn of_finding(tool: &str, finding: &Finding) -> Self {
        let severity = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "info",
        };
        let title = wording(finding)
            .map_or_else(|| finding.rule.as_str().to_owned(), |wording| wording.summary.clone());
        Self {
            source: "validator",
            tool: tool.to_owned(),
            code: finding.rule.as_str().to_owned(),
            severity,
            title,
            locations: location_of(&finding.primary.place).into_iter().collect(),
            capability_id: None,
        }
    }

    /// Returns its fingerprint (DIAG-SCHEMA-003): the SHA-256 of a JSON array in
    /// hexadecimal digits. No time, id, counter or status is part of it.
    #[must_use]
    pub(crate) fn fingerprint(&self) -> String {
        let mut locations: Vec<&ProblemLocation> = self.locations.iter().collect();
        locations.sort();
        let locations: Vec<Value> = locations
            .iter()
            .map(|location| json!([normalize(&location.path).replace('\\', "/"), location.range]))
            .collect();
        let tuple = json!([
            self.source,
            "system",
            normalize(&self.tool),
            normalize(&self.code),
            self.severity,
            normalize(&self.title),
            locations,
            self.capability_id.as_deref().map(normalize),
            Value::Null,
        ]);
        crate::digest::sha256_hex(tuple.to_string().as_bytes())
    }

    /// Returns the first location as `path:line`, or the capability that was denied.
    #[must_use]
    pub(crate) fn location_text(&self) -> Option<String> {
        let Some(first) = self.locations.iter().min() else { return self.capability_id.clone() };
        Some(match first.range {
            Some([line, ..]) => format!("{}:{line}", first.path),
            None => first.path.clone(),
        })
    }
}

fn normalize(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

fn location_of(place: &Place) -> Option<ProblemLocation> {
    match place {
        Place::Text { source, span } => {
            let (start, end) = (source.position(span.start), source.position(span.end));
            let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
            let range = [number(start.line), number(start.column), number(end.line), number(end.column)];
            Some(ProblemLocation { path: source.name().to_text().into_owned(), range: Some(range) })
        }
        Place::Path(path) => Some(ProblemLocation { path: path.to_text().into_owned(), range: None }),
        Place::Repository => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem() -> Problem {
        Problem {
            source: "validator",
            tool: "post-work".to_owned(),
            code: "scope/outside".to_owned(),
            severity: "error",
            title: "a change outside the scope".to_owned(),
            locations: vec![
                ProblemLocation { path: "b.rs".to_owned(), range: Some([2, 1, 2, 9]) },
                ProblemLocation { path: "a.rs".to_owned(), range: None },
            ],
            capability_id: None,
        }
    }

    #[test]
    fn a_fingerprint_depends_on_what_a_problem_is_and_on_nothing_else() {
        let one = problem().fingerprint();
        assert_eq!(one.len(), 64);
        let mut same = problem();
        same.locations.reverse();
        same.title = " a change outside the scope\r\n".to_owned();
        assert_eq!(same.fingerprint(), one, "order of locations, blanks, line ends");
        let changes: [fn(&mut Problem); 6] = [
            |problem| problem.tool = "audit".to_owned(),
            |problem| problem.code = "scope/empty".to_owned(),
            |problem| problem.severity = "warning",
            |problem| problem.title = "another".to_owned(),
            |problem| problem.locations[0].range = Some([3, 1, 3, 9]),
            |problem| problem.capability_id = Some("net.http:any".to_owned()),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut other = problem();
            change(&mut other);
            assert_ne!(other.fingerprint(), one, "change {number}");
        }
    }

    #[test]
    fn paths_are_written_with_one_separator() {
        let mut windows = problem();
        windows.locations = vec![ProblemLocation { path: "src\\a.rs".to_owned(), range: None }];
        let mut other = problem();
        other.locations = vec![ProblemLocation { path: "src/a.rs".to_owned(), range: None }];
        assert_eq!(windows.fingerprint(), other.fingerprint());
    }
}
