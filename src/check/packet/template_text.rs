//! `packet/template-text`: what the template left in a finished packet.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::check::standing::is_finished;
use crate::document::field::Field;
use crate::document::outline::BlockKind;
use crate::document::section::Section;
use crate::document::{Packet, PacketStatus};
use crate::finding::{Label, Level};
use crate::rule::Rule;
use crate::text::{Span, format_count};

/// Maximum number of places that one finding shows.
const MAX_SHOWN: usize = 10;

/// `packet/template-text`: a finished packet contains no text of its template that work had
/// to replace. All places are one finding.
pub(in crate::check) fn template_text(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let is_done = packet.status.as_ref().is_some_and(|status| status.value == PacketStatus::Done);
    let is_over = is_done || is_finished(packet, None);
    if !is_over && packet.phases.last_report().is_none() {
        return CheckResult::skipped("work on the packet is not over");
    }
    let places = find_places(packet, rule);
    let Some((first, others)) = places.split_first() else { return Vec::new().into() };
    let what = if is_over { "the finished packet" } else { "the packet has a report, and it" };
    let message = match others.len() {
        0 => format!("{what} contains a text of its template"),
        _ => format!("{what} contains {} of its template", format_count(places.len(), "text")),
    };
    let label = |span: &Span| Label::text(&packet.source, *span, "not replaced");
    let mut finding = rule.finding(message, label(first));
    for span in others.iter().take(MAX_SHOWN - 1) {
        finding = finding.related(label(span));
    }
    let id = input.document.id();
    let is_history = id.zip(input.governance).is_some_and(|(id, all)| all.is_historical(id.as_str(), packet));
    // After a FAIL, the work goes on.
    Some(if is_history || !is_over { finding.with_level(Level::Note) } else { finding }).into()
}

/// Returns whether what follows on a line is neither code nor a comment.
fn is_said(before: &str) -> bool {
    let is_comment =
        before.rfind("<!--").is_some_and(|open| !before.get(open..).unwrap_or("").contains("-->"));
    !is_comment && before.matches('`').count().is_multiple_of(2)
}

/// Returns the heading of a section that has only the instructions of its template.
fn find_unwritten(packet: &Packet, section: &Section, rule: &Rule) -> Option<Span> {
    let lines: Vec<&str> = rule
        .parameter("instructions")
        .iter()
        .filter_map(|line| line.split_once(": "))
        .filter(|(key, _)| *key == section.key)
        .map(|(_, text)| text)
        .collect();
    if lines.is_empty() {
        return None;
    }
    let mut texts = section.blocks.clone().filter_map(|index| {
        let block = packet.outline.get(index).filter(|block| block.kind != BlockKind::Item)?;
        let is_text = !matches!(block.kind, BlockKind::List(_) | BlockKind::Html);
        is_text.then(|| packet.source.slice(block.content).trim()).filter(|text| !text.is_empty())
    });
    let is_instruction = |text: &str| lines.iter().any(|line| text.starts_with(line));
    let first = texts.next().filter(|text| is_instruction(text))?;
    (!first.is_empty() && texts.all(is_instruction)).then_some(section.title.span)
}

/// Returns whether the item after a label is its content: people write it on the same level.
fn is_followed_by_text(packet: &Packet, field: &Field, rule: &Rule) -> bool {
    let Some(item) = field.item else { return false };
    let list = packet.outline.get(item).and_then(|block| block.parent);
    let next = packet.outline.children(list).find(|other| *other > item);
    // The next label of the template, or another one that is empty, too.
    let is_label = |item: usize| {
        let mut own = packet.fields.iter().filter(|field| field.item == Some(item));
        let is_known = own.any(|field| rule.parameter("labels").contains(&field.key));
        let prose = packet.outline.item_prose(item).and_then(|prose| packet.outline.get(prose));
        let ends = prose.is_none_or(|prose| packet.source.slice(prose.content).trim_end().ends_with(':'));
        is_known || (ends && packet.outline.items(Some(item)).next().is_none())
    };
    list.is_some() && next.is_some_and(|next| !is_label(next))
}

/// Returns the places of texts of the template, in document order, one for each line.
fn find_places(packet: &Packet, rule: &Rule) -> Vec<Span> {
    let text = packet.source.text();
    let is_title = |title: &str| rule.parameter("titles").iter().any(|known| known == title.trim());
    let titles = packet.sections.iter().map(|section| &section.title);
    let mut out: Vec<Span> =
        titles.filter(|title| is_title(&title.value)).map(|title| title.span).take(1).collect();
    // Most texts are nowhere in the packet: the others are searched in its lines.
    let occurs = |known: &&String| memchr::memmem::find(text.as_bytes(), known.as_bytes()).is_some();
    let texts: Vec<&String> = rule.parameter("texts").iter().filter(occurs).collect();
    let prose = packet.outline.blocks.iter().filter(|block| block.kind == BlockKind::Prose);
    for block in prose.filter(|_| !texts.is_empty()) {
        let mut start = block.content.start;
        for line in text.get(block.content.start..block.content.end).unwrap_or("").split_inclusive('\n') {
            let find = |known: &&String| Some((line.find(known.as_str())?, known.trim_end().len()));
            let found = texts.iter().find_map(find);
            if let Some((at, length)) = found.filter(|(at, _)| is_said(line.get(..*at).unwrap_or_default())) {
                out.push(Span::new(start + at, start + at + length));
            }
            start += line.len();
        }
    }
    out.extend(packet.sections.iter().filter_map(|section| find_unwritten(packet, section, rule)));
    for known in rule.parameter("anywhere") {
        out.extend(
            text.match_indices(known.as_str()).take(MAX_SHOWN).map(|(at, _)| Span::new(at, at + known.len())),
        );
    }
    let open: Vec<_> =
        rule.parameter("fills").iter().map(|known| memchr::memmem::Finder::new(known.as_str())).collect();
    let fills = |field: &&Field| open.iter().any(|known| known.find(field.value.value.as_bytes()).is_some());
    out.extend(packet.fields.iter().filter(fills).map(|field| field.value.span));
    let is_label = |field: &&Field| rule.parameter("labels").contains(&field.key);
    let is_empty = |field: &&Field| {
        let has_list = field.item.is_some_and(|item| packet.outline.items(Some(item)).next().is_some());
        field.value.value.is_empty() && !has_list && !is_followed_by_text(packet, field, rule)
    };
    out.extend(packet.fields.iter().filter(is_label).filter(is_empty).map(|field| field.label));
    out.sort();
    out.dedup();
    out
}
