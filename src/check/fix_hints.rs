//! Fixes and hints that several families of rules share.

use std::sync::Arc;

use crate::document::field::Field;
use crate::document::section::Section;
use crate::document::template::{known_labels, known_sections, split_sections};
use crate::finding::{Finding, Place};
use crate::text::{Source, Span, line_ending};

/// Lowest similarity (0 to 1) at which a name counts as a misspelling.
const MIN_SIMILARITY: f64 = 0.8;

/// Returns whether two texts have the same letters and digits, ignoring case.
pub(super) fn equals_ignoring_punctuation(a: &str, b: &str) -> bool {
    let plain = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    plain(a) == plain(b)
}

/// Finds the unknown label that is most similar to the expected one.
pub(super) fn find_misspelt_label<'a>(
    fields: impl Iterator<Item = &'a Field>,
    wanted: &str,
) -> Option<&'a Field> {
    let known = |key: &str| known_labels().any(|label| label == key);
    let similarity = |field: &Field| strsim::normalized_levenshtein(&field.key, wanted);
    let unknown = fields.filter(|field| field.key.len() > 3 && !known(&field.key));
    let best = unknown.map(|field| (similarity(field), field)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(score, _)| *score >= MIN_SIMILARITY).map(|(_, field)| field)
}

/// Adds a fix that corrects the spelling of a label.
pub(super) fn with_label_fix(finding: Finding, source: &Arc<Source>, field: &Field, wanted: &str) -> Finding {
    let shown = crate::text::to_single_line(source.slice(field.label), 40);
    finding.help(format!("`{shown}` is similar and may be misspelled.")).with_fix(
        Place::text(source, field.label),
        wanted,
        format!("rename the label to `{wanted}`"),
    )
}

/// Finds the unknown heading that is most similar to the expected one.
fn find_misspelt_heading<'a>(sections: &'a [Section], wanted: &str) -> Option<&'a Section> {
    let known = |key: &str| known_sections().any(|section| section == key);
    let unknown = sections.iter().filter(|section| section.key.len() > 3 && !known(&section.key));
    let similarity = |section: &Section| strsim::normalized_levenshtein(&section.key, wanted);
    let best = unknown.map(|section| (similarity(section), section)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(score, _)| *score >= MIN_SIMILARITY).map(|(_, section)| section)
}

/// Adds a fix for a missing section: it renames a misspelled heading, or
/// inserts the section of the template if the template has it.
pub(super) fn with_section_fix(
    finding: Finding,
    source: &Arc<Source>,
    sections: &[Section],
    template: &str,
    wanted: &str,
) -> Finding {
    if let Some(heading) = find_misspelt_heading(sections, wanted) {
        let place = Place::text(source, heading.title.span);
        return finding
            .help(format!(
                "`{}` is similar and may be misspelled.",
                crate::text::to_single_line(&heading.title.value, 40)
            ))
            .with_fix(place, wanted, format!("rename the heading to `{wanted}`"));
    }
    let all = split_sections(template);
    let Some(index) = all.iter().position(|(key, _)| key == wanted) else { return finding };
    let text = all.get(index).map_or("", |(_, text)| text.as_str());
    let present = |key: &str| sections.iter().find(|section| section.key == key);
    // Insert before the first later section that exists, otherwise at the end.
    let next = all.get(index + 1..).unwrap_or_default().iter().find_map(|(key, _)| {
        // A subsection of the missing section is part of the inserted text.
        present(key).filter(|_| !text.contains(&format!("# {key}")))
    });
    let ending = line_ending(source.text());
    let name = source.name().file_name().to_string();
    let id = name.strip_suffix(".md").unwrap_or("<packet-id>");
    let body = text.replace("{{WP_ID}}", id).replace('\n', ending);
    let document = source.text();
    let at = next.map_or(document.len(), |section| section.span.start);
    let insert = if next.is_some() {
        format!("{body}{ending}{ending}")
    } else {
        let gap = if document.ends_with('\n') { ending.to_owned() } else { ending.repeat(2) };
        format!("{gap}{body}{ending}")
    };
    finding.with_fix(
        Place::text(source, Span::new(at, at)),
        insert,
        format!("add the section `{wanted}` from the template"),
    )
}
