//! Edits of JSON records that do not change the rest of the file.

use crate::text::{Edit, Span, line_ending};

use super::json::{JsonNode, JsonValue};

/// Formats an object of strings: one member per line, each indented by two
/// spaces more than `indent`. `ending` is the file's line ending.
#[must_use]
pub(crate) fn format_object(members: &[(&str, &str)], indent: &str, ending: &str) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let lines: Vec<String> =
        members.iter().map(|(key, value)| format!("{indent}  {}: {}", quoted(key), quoted(value))).collect();
    format!("{{{ending}{}{ending}{indent}}}", lines.join(&format!(",{ending}")))
}

/// Where a list of a JSON file is, and its last item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListPlace {
    span: Span,
    last: Option<Span>,
}

impl ListPlace {
    /// Returns the place of a list; `None` if the value is not a list.
    #[must_use]
    pub(crate) fn of(list: &JsonNode) -> Option<Self> {
        let is_list = matches!(list.value, JsonValue::Array(_));
        is_list.then(|| Self { span: list.span, last: list.items().last().map(|item| item.span) })
    }

    /// Returns the edit that appends an item to the list. `item` receives the item's
    /// indentation and the file's line ending.
    #[must_use]
    pub(crate) fn append_edit(self, text: &str, item: &dyn Fn(&str, &str) -> String) -> Edit {
        let ending = line_ending(text);
        match self.last {
            Some(last) => {
                let indent = indentation(text, last);
                Edit::insert(last.end, format!(",{ending}{indent}{}", item(&indent, ending)))
            }
            None => {
                let outer = indentation(text, self.span);
                let indent = format!("{outer}  ");
                let body = format!("[{ending}{indent}{}{ending}{outer}]", item(&indent, ending));
                Edit::replace(self.span, body)
            }
        }
    }
}

/// Returns the edit that appends a member to an object; `None` if `map` is
/// not an object. `value` receives the indentation and the line ending.
#[must_use]
pub(crate) fn insert_member_edit(
    text: &str,
    map: &JsonNode,
    key: &str,
    value: &dyn Fn(&str, &str) -> String,
) -> Option<Edit> {
    if !matches!(map.value, JsonValue::Object(_)) {
        return None;
    }
    let ending = line_ending(text);
    let quoted = serde_json::to_string(key).ok()?;
    match map.members().last() {
        Some((last, node)) => {
            let indent = indentation(text, last.span);
            let body = format!(",{ending}{indent}{quoted}: {}", value(&indent, ending));
            Some(Edit::insert(node.span.end, body))
        }
        None => {
            let outer = indentation(text, map.span);
            let indent = format!("{outer}  ");
            let body = format!("{{{ending}{indent}{quoted}: {}{ending}{outer}}}", value(&indent, ending));
            Some(Edit::replace(map.span, body))
        }
    }
}

/// Returns the spaces and tabs at the start of the line on which `span` starts.
#[must_use]
pub(crate) fn indentation(text: &str, span: Span) -> String {
    let before = text.get(..span.start).unwrap_or_default();
    let line = before.rfind('\n').map_or(before, |at| before.get(at + 1..).unwrap_or_default());
    line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;
    use crate::text::apply_edits;

    fn appended(text: &str) -> String {
        let root = json::parse(text).value.expect("JSON");
        let list = root.get("l").expect("list");
        let place = ListPlace::of(list).expect("list");
        let edit =
            place.append_edit(text, &|indent, ending| format_object(&[("a", "\"1\"")], indent, ending));
        apply_edits(text, &[edit]).0
    }

    #[test]
    fn items_are_added_in_the_format_of_the_file() {
        assert_eq!(
            appended("{\n  \"l\": []\n}\n"),
            "{\n  \"l\": [\n    {\n      \"a\": \"\\\"1\\\"\"\n    }\n  ]\n}\n"
        );
        let two = appended("{\r\n\t\"l\": [\r\n\t\t1\r\n\t],\r\n\t\"x\": 2}\r\n");
        assert!(two.contains("\t\t1,\r\n\t\t{\r\n\t\t  \"a\""), "{two}");
        assert!(two.ends_with("\r\n\t],\r\n\t\"x\": 2}\r\n"), "{two}");
    }
}
