//! `list`: packets and stubs with their states.

use serde::Serialize;

use crate::gate::survey::{Listed, Listing};
use crate::text::{counted, visible};

/// Name and version of the format.
const SCHEMA: &str = "countersign.list/v1";

/// The listing as scripts read it.
#[derive(Debug, Serialize)]
pub struct ListingDocument<'a> {
    schema: &'static str,
    packets: Vec<EntryDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct EntryDocument<'a> {
    wp_id: &'a str,
    base_id: &'a str,
    kind: &'a str,
    path: String,
    generation: Option<&'a str>,
    status: Option<&'a str>,
    board: Option<&'a str>,
    standing: &'a str,
    signed: Option<&'a str>,
}

/// The listing as a value for JSON.
#[must_use]
pub fn document(listing: &Listing) -> ListingDocument<'_> {
    ListingDocument { schema: SCHEMA, packets: listing.entries.iter().map(entry).collect() }
}

fn entry(listed: &Listed) -> EntryDocument<'_> {
    EntryDocument {
        wp_id: &listed.wp_id,
        base_id: &listed.base_id,
        kind: listed.kind,
        path: listed.path.to_string(),
        generation: listed.generation.as_deref(),
        status: listed.status.as_deref(),
        board: listed.board.as_deref(),
        standing: listed.standing,
        signed: listed.signed.as_deref(),
    }
}

/// The listing for a person: a line each, in columns.
#[must_use]
pub fn human(listing: &Listing) -> String {
    let head = ["WP", "GENERATION", "STATUS", "BOARD", "STANDING", "SIGNED"].map(str::to_owned);
    let short = |text: Option<&str>| crate::text::one_line(text.unwrap_or("-"), 24);
    let row = |entry: &Listed| {
        [
            crate::text::one_line(&entry.wp_id, 60),
            short(entry.generation.as_deref()),
            short(entry.status.as_deref()),
            short(entry.board.as_deref()),
            entry.standing.to_owned(),
            short(entry.signed.as_deref()),
        ]
    };
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(listing.entries.iter().map(row)).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    let stubs = listing.entries.iter().filter(|entry| entry.kind == "stub").count();
    let packets = listing.entries.len() - stubs;
    out.push_str(&format!("\n{}, {}\n", counted(packets, "packet"), counted(stubs, "stub")));
    visible(&out).into_owned()
}
