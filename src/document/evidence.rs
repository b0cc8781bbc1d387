//! Evidence that a packet claims: commands with exit codes and logs, and
//! requirements mapped to lines of code.

use crate::text::{RepoPath, Span, Spanned};

mod outcome;

use super::field::{Field, strip_hint, strip_quotes};
use super::is_placeholder;
use super::outline::Outline;
use super::table::read_tables;

/// One entry of EVIDENCE.
#[derive(Debug, Clone)]
pub struct EvidenceEntry {
    /// The command, as pasted.
    pub command: Spanned<String>,
    /// The exit code, as pasted.
    pub exit_code: Option<Spanned<String>>,
    /// Path of the log, as the packet claims.
    pub log_path: Option<Spanned<String>>,
    /// The log's SHA-256, as pasted.
    pub log_sha256: Option<Spanned<String>>,
    /// Lines that the log contains, as the packet claims.
    pub proof_lines: Vec<Spanned<String>>,
}

/// One entry of `EVIDENCE_MAPPING`.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// The quoted requirement.
    pub quote: Spanned<String>,
    /// Locations that meet the requirement.
    pub locations: Vec<MappedLocation>,
}

/// A `path:line` of a mapping.
#[derive(Debug, Clone)]
pub struct MappedLocation {
    /// The location as written.
    pub raw: Spanned<String>,
    /// Path and line (from 1); `None` if the text does not have that form.
    pub target: Option<(RepoPath, usize)>,
}

/// Reads the entries of EVIDENCE from its fields.
#[must_use]
pub(crate) fn read_entries<'a>(
    text: &str,
    outline: &Outline,
    fields: impl Iterator<Item = &'a Field>,
) -> Vec<EvidenceEntry> {
    let mut out: Vec<EvidenceEntry> = Vec::new();
    let mut denials: Vec<Option<Spanned<String>>> = Vec::new();
    let mut is_template = false;
    for field in fields {
        if field.key == "COMMAND" {
            is_template = !field.is_filled();
            if !is_template {
                let whole = field.unquoted_value();
                // `` `cargo test` (exit 0) ``: the command is the quoted part.
                let command = if whole.starts_with('`') { field.bare_value().value } else { whole };
                let command = Spanned::new(command.to_owned(), field.value.span);
                out.push(EvidenceEntry {
                    command,
                    exit_code: None,
                    log_path: None,
                    log_sha256: None,
                    proof_lines: Vec::new(),
                });
                denials.push(None);
            }
            continue;
        }
        let Some(entry) = out.last_mut().filter(|_| !is_template) else { continue };
        let denial = outcome::denial(field);
        if let Some(open) = denials.last_mut().filter(|open| open.is_none()) {
            *open = denial;
        }
        match field.key.as_str() {
            "EXIT_CODE" => outcome::set_once(&mut entry.exit_code, field),
            "LOG_PATH" => outcome::set_once(&mut entry.log_path, field),
            "LOG_SHA256" => outcome::set_once(&mut entry.log_sha256, field),
            "PROOF_LINES" => {
                if field.is_filled() {
                    entry.proof_lines.push(Spanned::new(field.unquoted_value().to_owned(), field.value.span));
                }
                entry.proof_lines.extend(read_nested_values(text, outline, field));
            }
            _ => {}
        }
    }
    // What an entry says against its exit code counts.
    for (entry, denial) in out.iter_mut().zip(denials) {
        if let (Some(code), Some(denial)) = (&mut entry.exit_code, denial) {
            *code = Spanned::new(format!("{}, but {}", code.value, denial.value), denial.span);
        }
    }
    out
}

fn read_nested_values(text: &str, outline: &Outline, field: &Field) -> Vec<Spanned<String>> {
    let Some(item) = field.item else { return Vec::new() };
    outline
        .items(Some(item))
        .filter_map(|child| {
            let prose = outline.get(outline.item_prose(child)?)?;
            let raw = crate::text::trim_spanned(text, prose.content);
            let line = strip_quotes(raw.value);
            (!is_placeholder(line)).then(|| Spanned::new(line.to_owned(), raw.span))
        })
        .collect()
}

/// Reads the entries of `EVIDENCE_MAPPING` from its fields.
#[must_use]
pub(crate) fn read_requirements<'a>(fields: impl Iterator<Item = &'a Field>) -> Vec<Requirement> {
    let mut out: Vec<Requirement> = Vec::new();
    for field in fields {
        match field.key.as_str() {
            "REQUIREMENT" => {
                let quote = field.unquoted_value().trim().trim_matches('"').to_owned();
                out.push(Requirement { quote: Spanned::new(quote, field.value.span), locations: Vec::new() });
            }
            "EVIDENCE" if field.is_filled() => {
                let Some(requirement) = out.last_mut() else { continue };
                let pieces =
                    field.value.value.split([',', ';']).map(|piece| strip_quotes(piece.trim()).to_owned());
                for piece in pieces.filter(|piece| !piece.is_empty()) {
                    let target = parse_location(&piece);
                    requirement
                        .locations
                        .push(MappedLocation { raw: Spanned::new(piece, field.value.span), target });
                }
            }
            _ => {}
        }
    }
    out.retain(|requirement| !is_placeholder(&requirement.quote.value));
    out
}

/// Reads the rows of the tables in `EVIDENCE_MAPPING` (its span is `inside`):
/// a column of requirements, and a column of evidence or locations.
#[must_use]
pub(crate) fn read_mapped_rows(text: &str, outline: &Outline, inside: Span) -> Vec<Requirement> {
    let mut out = Vec::new();
    for table in read_tables(text, outline).into_iter().filter(|table| inside.contains(table.span)) {
        let column = |names: &[&str]| {
            names.iter().find_map(|name| table.head.iter().position(|head| head.contains(name)))
        };
        let (Some(quote), Some(location)) =
            (column(&["requirement"]), column(&["evidence", "file", "location"]))
        else {
            continue;
        };
        for row in &table.rows {
            let Some((quote, location)) = row.cells.get(quote).zip(row.cells.get(location)) else { continue };
            if is_placeholder(&quote.value) {
                continue;
            }
            let pieces =
                location.value.split([',', ';']).map(|piece| strip_quotes(strip_hint(piece)).to_owned());
            let read = |piece: String| MappedLocation {
                target: parse_location(&piece),
                raw: Spanned::new(piece, location.span),
            };
            let locations = pieces.filter(|piece| !is_placeholder(piece)).map(read).collect();
            out.push(Requirement { quote: quote.clone(), locations });
        }
    }
    out
}

fn parse_location(text: &str) -> Option<(RepoPath, usize)> {
    let (path, lines) = text.rsplit_once(':')?;
    // `path:10-20`: if the last line exists, all of them do.
    let (first, last) = lines.split_once('-').unwrap_or((lines, lines));
    let number = |text: &str| text.parse::<usize>().ok().filter(|line| *line > 0);
    let (first, line) = (number(first)?, number(last)?);
    if first > line {
        return None;
    }
    // `` `path`:10 `` and `./path:10` are valid, too.
    let path = path.strip_prefix('`').and_then(|path| path.strip_suffix('`')).unwrap_or(path);
    let path = path.strip_prefix("./").unwrap_or(path);
    (!path.is_empty() && !path.chars().any(char::is_whitespace)).then(|| (RepoPath::from(path), line))
}
