//! Output of `list`: packets and stubs with their states.

use serde::Serialize;

use crate::pipeline::document_check::{PacketListEntry, PacketListing};
use crate::text::{escape_hidden, format_count};

/// Name and version of the format.
const SCHEMA: &str = "countersign.list/v1";

/// The listing as a JSON document.
#[derive(Debug, Serialize)]
pub(crate) struct PacketListDocument<'a> {
    schema: &'static str,
    packets: Vec<PacketListEntryDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct PacketListEntryDocument<'a> {
    wp_id: &'a str,
    base_id: &'a str,
    kind: &'a str,
    path: String,
    generation: Option<&'a str>,
    status: Option<&'a str>,
    board: Option<&'a str>,
    lifecycle: &'a str,
    signed: Option<&'a str>,
}

/// Converts the listing to its JSON document.
#[must_use]
pub(crate) fn to_document(listing: &PacketListing) -> PacketListDocument<'_> {
    PacketListDocument { schema: SCHEMA, packets: listing.entries.iter().map(to_entry).collect() }
}

fn to_entry(entry: &PacketListEntry) -> PacketListEntryDocument<'_> {
    PacketListEntryDocument {
        wp_id: &entry.wp_id,
        base_id: &entry.base_id,
        kind: entry.kind,
        path: entry.path.to_string(),
        generation: entry.generation.as_deref(),
        status: entry.status.as_deref(),
        board: entry.board.as_deref(),
        lifecycle: entry.lifecycle,
        signed: entry.signed.as_deref(),
    }
}

/// Renders the listing as a table with one row per packet or stub.
#[must_use]
pub(crate) fn render_human(listing: &PacketListing) -> String {
    let header = ["WP", "GENERATION", "STATUS", "BOARD", "LIFECYCLE", "SIGNED"].map(str::to_owned);
    let short = |text: Option<&str>| crate::text::to_single_line(text.unwrap_or("-"), 24);
    let row = |entry: &PacketListEntry| {
        [
            crate::text::to_single_line(&entry.wp_id, 60),
            short(entry.generation.as_deref()),
            short(entry.status.as_deref()),
            short(entry.board.as_deref()),
            entry.lifecycle.to_owned(),
            short(entry.signed.as_deref()),
        ]
    };
    let rows: Vec<[String; 6]> = std::iter::once(header).chain(listing.entries.iter().map(row)).collect();
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
    out.push_str(&format!("\n{}, {}\n", format_count(packets, "packet"), format_count(stubs, "stub")));
    escape_hidden(&out).into_owned()
}
