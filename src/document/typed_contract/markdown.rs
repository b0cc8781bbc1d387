//! Tasks in Markdown: the facts of a typed contract as labelled fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::field::{Field, read_fields};
use crate::document::is_placeholder;
use crate::document::outline::Outline;
use crate::document::scope_entry::ScopeEntry;
use crate::document::section::read_sections;
use crate::text::{Source, Span, Spanned};

use super::{ContractSchema, TypedContract, ids_in, read_path, schemas};

/// Facts with a single value.
const SINGLE: [&str; 4] = ["wp_id", "task_id", "status", "verdict"];

/// Reads a task; `None` unless the document names its packet and itself, and its title begins
/// with the id of the task or the name of the file.
pub(super) fn read(source: &Arc<Source>) -> Option<TypedContract> {
    let text = source.text();
    let names_task = |schema: &&ContractSchema| {
        let labels = schema.facts.get("task_id").map_or(&[][..], Vec::as_slice);
        schema.markdown
            && labels.iter().filter_map(|label| label.rsplit('/').next()).any(|l| text.contains(l))
    };
    let schema = schemas().iter().find(names_task)?;
    let outline = Outline::parse(text);
    let sections = read_sections(text, &outline);
    // `- EVIDENCE:` with a list below it.
    let with_items = |mut field: Field| {
        let items = field.item.filter(|_| field.value.value.is_empty());
        let items: Vec<Span> = items
            .into_iter()
            .flat_map(|item| outline.items(Some(item)))
            .filter_map(|item| Some(outline.get(outline.item_prose(item)?)?.content))
            .collect();
        if let Some((first, last)) = items.first().zip(items.last()) {
            let span = Span::new(first.start, last.end);
            field.value = Spanned::new(text.get(span.start..span.end).unwrap_or_default().to_owned(), span);
        }
        field
    };
    let fields = |fact: &str| -> Vec<Field> {
        let pointers = schema.facts.get(fact).map_or(&[][..], Vec::as_slice);
        let mut out = Vec::new();
        for (section, label) in pointers.iter().filter_map(|pointer| pointer.get(1..)?.split_once('/')) {
            let own = sections.iter().filter(|own| own.key == section);
            for own in own {
                let all = read_fields(text, &outline, own.own_blocks.clone());
                out.extend(all.into_iter().filter(|field| field.key == label).map(with_items));
            }
        }
        out
    };
    let value = |fact: &'static str| {
        let found = fields(fact).into_iter().map(|field| field.bare_value().map(str::to_owned));
        found.into_iter().find(|value| !value.value.is_empty()).map(|value| (fact, value))
    };
    let values: BTreeMap<&'static str, Spanned<String>> = SINGLE.into_iter().filter_map(value).collect();
    let (task, _) = (values.get("task_id")?, values.get("wp_id")?);
    let title = sections.iter().find(|section| section.level == 1)?.title.value.as_str();
    let name = source.name().file_name().to_string();
    let stem = name.strip_suffix(".md").unwrap_or(&name);
    if !title.starts_with(task.value.as_str()) && !title.starts_with(stem) {
        return None;
    }
    let parts = |fact: &str| -> Vec<Spanned<String>> {
        fields(fact).iter().flat_map(|field| split_list(&field.value)).collect()
    };
    Some(TypedContract {
        source: Arc::clone(source),
        schema,
        values,
        allowed: parts("allowed_paths").iter().map(read_path).collect::<Vec<ScopeEntry>>(),
        forbidden: Vec::new(),
        criteria: Vec::new(),
        criteria_place: None,
        tasks_place: None,
        tasks: Vec::new(),
        depends_on: parts("depends_on").iter().flat_map(ids_in).collect(),
        evidence: parts("evidence"),
        projection: None,
        faults: Vec::new(),
        unknown_version: None,
        is_broken: false,
    })
}

/// Splits a value at commas, semicolons and line ends; nothing and placeholders are left out.
fn split_list(value: &Spanned<String>) -> Vec<Spanned<String>> {
    let mut out = Vec::new();
    let mut at = value.span.start;
    for part in value.value.split_inclusive([',', ';', '\n']) {
        let body = part.trim().trim_end_matches([',', ';']).trim();
        let start = at + part.find(body).unwrap_or(0);
        at += part.len();
        let is_none = matches!(body.to_uppercase().as_str(), "" | "NONE" | "N/A") || is_placeholder(body);
        if !is_none {
            out.push(Spanned::new(body.to_owned(), Span::new(start, start + body.len())));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RepoPath;

    fn task(text: &str) -> Option<TypedContract> {
        TypedContract::read(&Source::from_text(RepoPath::from("p/WP-1-A/MT-002.md"), text))
    }

    const TASK: &str = "# MT-002: Greet twice\n\n## METADATA\n- WP_ID: WP-1-A\n- MT_ID: MT-002\n\
        - CODE_SURFACES: src/a.rs; `src/b/`, src/c.rs\n- DEPENDS_ON: MT-001, MT-003\n\n## CODER\n\
        - STATUS: DONE\n- EVIDENCE:\n- TESTS_RUN: cargo test a\n\n## VALIDATOR\n- STATUS: PENDING\n";

    #[test]
    fn a_task_in_markdown_has_the_facts_of_a_contract() {
        let task = task(TASK).expect("a task");
        assert_eq!(task.value("task_id").map(|id| id.value.as_str()), Some("MT-002"));
        let paths: Vec<String> = task.allowed.iter().map(ScopeEntry::pattern_text).collect();
        assert_eq!(paths, ["src/a.rs", "src/b/**/*", "src/c.rs"]);
        for entry in &task.allowed {
            let raw = TASK.get(entry.raw.span.start..entry.raw.span.end);
            assert_eq!(raw, Some(entry.raw.value.as_str()));
        }
        assert_eq!((task.depends_on.len(), task.evidence.len()), (2, 1));
        assert!(task.is_finished() && task.value("verdict").is_none());
        assert_eq!(task.written("verdict").map(|text| text.value.as_str()), Some("PENDING"));
    }

    #[test]
    fn other_documents_are_no_tasks() {
        for text in [
            TASK.replace("# MT-002", "# Notes on MT-002"),
            TASK.replace("- WP_ID: WP-1-A\n", ""),
            TASK.replace("## METADATA", "## OTHER"),
        ] {
            assert!(task(&text).is_none(), "{text}");
        }
    }
}
