//! What a model answered: only remarks that cite a line that was sent, with its text, are
//! kept. Nothing in an answer is an instruction.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::finding::AssistNote;
use crate::text::to_single_line;

use super::projection::SentLines;

/// Maximum number of remarks that are kept.
const MAX_NOTES: usize = 50;
/// Maximum length of a remark, in characters.
const MAX_NOTE_CHARS: usize = 300;

/// What is left of an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Remarks about lines that were sent.
    pub notes: Vec<AssistNote>,
    /// Number of the others.
    pub dropped: u64,
    /// Whether the answer is not the JSON that was asked for.
    pub is_unreadable: bool,
}

/// Reads an answer.
#[must_use]
pub(crate) fn read_answer(text: &str, sent: &SentLines) -> Answer {
    let Some(found) = find_json(text).and_then(|value| value.get("findings")?.as_array().cloned()) else {
        return Answer { is_unreadable: true, ..Answer::default() };
    };
    let mut answer = Answer::default();
    let mut seen = BTreeSet::new();
    for finding in &found {
        match read_note(finding, sent) {
            Some(note)
                if answer.notes.len() < MAX_NOTES
                    && seen.insert((note.path.clone(), note.line, note.message.clone())) =>
            {
                answer.notes.push(note);
            }
            _ => answer.dropped += 1,
        }
    }
    answer.notes.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    answer
}

/// The JSON object of an answer; many models put a fence or words around it.
fn find_json(text: &str) -> Option<Value> {
    // What a model thinks aloud comes first, and can contain anything.
    let trimmed = text.rsplit("</think>").next().unwrap_or_default().trim();
    if let Ok(value) = serde_json::from_str(trimmed) {
        return Some(value);
    }
    let (start, end) = (trimmed.find('{')?, trimmed.rfind('}')?);
    serde_json::from_str(trimmed.get(start..=end)?).ok()
}

fn read_note(finding: &Value, sent: &SentLines) -> Option<AssistNote> {
    let text = |key: &str| finding.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty());
    let (path, quote, message) = (text("file")?, text("quote")?, text("message")?);
    let line = finding.get("line")?;
    let line = line.as_u64().or_else(|| line.as_str()?.trim().parse().ok())?;
    let cited = sent.get(path)?.get(&line)?.trim();
    // A line without letters is found everywhere, and proves nothing.
    let proves = quote.chars().any(char::is_alphanumeric);
    if !proves || !cited.contains(quote) {
        return None;
    }
    Some(AssistNote { path: path.to_owned(), line, message: to_single_line(message, MAX_NOTE_CHARS) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> SentLines {
        let lines = [(7, "    let x = y.unwrap();".to_owned()), (8, "}".to_owned())];
        [("src/a.rs".to_owned(), lines.into_iter().collect())].into_iter().collect()
    }

    fn answer(findings: &str) -> Answer {
        read_answer(&format!("{{\"findings\":{findings}}}"), &sent())
    }

    const GOOD: &str =
        r#"{"file":"src/a.rs","line":7,"quote":"let x = y.unwrap();","message":"it can panic"}"#;

    #[test]
    fn a_remark_about_a_line_that_was_sent_is_kept() {
        let note = AssistNote { path: "src/a.rs".to_owned(), line: 7, message: "it can panic".to_owned() };
        let kept = Answer { notes: vec![note], ..Answer::default() };
        assert_eq!(answer(&format!("[{GOOD}]")), kept);
        let thinking = format!("<think>{{\"findings\":[]}} or {{</think>\n{{\"findings\":[{GOOD}]}}");
        assert_eq!(read_answer(&thinking, &sent()), kept);
        let fenced = format!("Sure!\n```json\n{{\"findings\":[{GOOD}]}}\n```\n");
        assert_eq!(read_answer(&fenced, &sent()), kept);
        assert_eq!(answer(&format!("[{}]", GOOD.replace('7', "\"7\""))), kept);
    }

    #[test]
    fn what_cites_something_else_is_dropped_and_counted() {
        for wrong in [
            GOOD.replace("src/a.rs", "src/b.rs"),
            GOOD.replace("src/a.rs", "../src/a.rs"),
            GOOD.replace(":7", ":6"),
            GOOD.replace(":7", ":-7"),
            GOOD.replace(":7", ":7.5"),
            GOOD.replace(":7", ":99999999999999999999999"),
            GOOD.replace("let x = y.unwrap();", "let z = y.unwrap();"),
            GOOD.replace("let x = y.unwrap();", ""),
            GOOD.replace("let x = y.unwrap();", "();"),
            GOOD.replace("it can panic", " "),
            GOOD.replace("message", "text"),
            r#"{"file":"src/a.rs","line":8,"quote":"}","message":"a"}"#.to_owned(),
            "7".to_owned(),
            "null".to_owned(),
            "[]".to_owned(),
        ] {
            let read = answer(&format!("[{wrong}]"));
            assert_eq!((read.notes.len(), read.dropped, read.is_unreadable), (0, 1, false), "{wrong}");
        }
        let twice = answer(&format!("[{GOOD},{GOOD}]"));
        assert_eq!((twice.notes.len(), twice.dropped), (1, 1));
        let many: Vec<String> =
            (0..80).map(|number| GOOD.replace("panic", &format!("panic {number}"))).collect();
        let read = answer(&format!("[{}]", many.join(",")));
        assert_eq!((read.notes.len(), read.dropped), (MAX_NOTES, 30));
    }

    #[test]
    fn an_answer_that_is_no_json_is_unreadable() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in ["", "no", "{", "}{", "[]", "{\"findings\":{}}", "{\"other\":[]}", deep.as_str()] {
            assert!(read_answer(text, &sent()).is_unreadable, "{text:.20}");
        }
        let hostile = answer(&format!("[{}]", GOOD.replace("it can", "\\u001b[2J\\u202e it\\ncan")));
        let text = &hostile.notes[0].message;
        assert!(!text.contains(['\u{1b}', '\n', '\u{202e}']), "{text}");
    }
}
