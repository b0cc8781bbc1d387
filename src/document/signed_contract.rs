//! What a key signs: the contract part of packet and refinement, as one text.
//!
//! Every part is a line with its name and the SHA-256 of its words, so that a
//! reader of a signature that no longer fits can say which part was touched.

use crate::digest::sha256_hex;
use crate::text::Span;

use super::packet::{WHITESPACE, contract_parts};
use super::{Packet, Refinement, WpId};

/// The first line of every such text.
const HEADER: &str = "countersign contract v1";

/// One line of the text, with the place of what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPart {
    /// Its name: `packet SCOPE`, `waiver 1`, `refinement`.
    pub name: String,
    /// SHA-256 of its words.
    pub hash: String,
    /// Where it stands in the packet; `None` for the refinement.
    pub span: Option<Span>,
}

/// Everything that is signed.
#[derive(Debug, Clone)]
pub struct SignedContract {
    id: String,
    /// Its parts, in order.
    pub parts: Vec<SignedPart>,
}

/// A part of a contract that is not as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractDifference {
    /// Its name.
    pub name: String,
    /// `changed`, `added` or `gone`.
    pub change: &'static str,
    /// Where it stands now, in the packet.
    pub span: Option<Span>,
}

impl SignedContract {
    /// The contract of a packet and its refinement. Blanks at the ends of
    /// lines, empty lines and line endings do not count.
    #[must_use]
    pub fn from_packet(id: &WpId, packet: &Packet, refinement: Option<&Refinement>) -> Self {
        let mut all: Vec<SignedPart> = Vec::new();
        let mut add = |name: String, text: &str, span: Option<Span>| {
            let again = all
                .iter()
                .filter(|part| part.name == name || part.name.starts_with(&format!("{name}#")))
                .count();
            let name = if again == 0 { name } else { format!("{name}#{}", again + 1) };
            all.push(SignedPart { name, hash: sha256_hex(normalize_lines(text).as_bytes()), span });
        };
        for part in contract_parts(packet) {
            add(format!("packet {}", part.key), &part.text(), Some(part.span));
        }
        for waiver in &packet.waivers {
            add("waiver".to_owned(), packet.source.slice(waiver.span), Some(waiver.span));
        }
        // What gates read out of it, wherever it stands.
        let plan = packet.test_plan.iter().map(|command| command.text.as_str());
        let criteria = packet.done_means.iter().map(|criterion| criterion.text.value.as_str());
        let inside = packet.scope.in_scope.iter().map(|entry| entry.raw.value.as_str());
        let outside = packet.scope.out_of_scope.iter().map(|entry| entry.raw.value.as_str());
        let listed =
            |all: Vec<&str>| all.iter().map(|one| format!("{}:{one}\n", one.len())).collect::<String>();
        for (name, all) in [
            ("planned commands", plan.collect::<Vec<_>>()),
            ("criteria", criteria.collect()),
            ("paths in scope", inside.collect()),
            ("paths out of scope", outside.collect()),
            ("merge base", packet.merge_base.iter().map(|text| text.value.as_str()).collect()),
            ("refinement file", packet.refinement_file.iter().map(|text| text.value.as_str()).collect()),
        ] {
            add(name.to_owned(), &listed(all), None);
        }
        if let Some(refinement) = refinement {
            add("refinement".to_owned(), refinement.source.text().trim_start_matches('\u{feff}'), None);
        }
        Self { id: id.as_str().to_owned(), parts: all }
    }

    /// The text that is signed.
    #[must_use]
    pub fn message(&self) -> String {
        let lines = self.parts.iter().map(|part| format!("{} {}\n", part.hash, part.name));
        format!("{HEADER}\n{}\n{}", self.id, lines.collect::<String>())
    }

    /// How the contract differs from a text that was signed; `None` if that is
    /// no such text, or of another packet.
    #[must_use]
    pub fn differences(&self, signed: &str) -> Option<Vec<ContractDifference>> {
        let mut lines = signed.lines();
        if lines.next() != Some(HEADER) || lines.next() != Some(self.id.as_str()) {
            return None;
        }
        let then: Vec<(&str, &str)> =
            lines.map(|line| line.split_once(' ').map(|(hash, name)| (name, hash))).collect::<Option<_>>()?;
        let mut out = Vec::new();
        for part in &self.parts {
            let how = match then.iter().find(|(name, _)| *name == part.name) {
                Some((_, hash)) if *hash == part.hash => continue,
                Some(_) => "changed",
                None => "added",
            };
            out.push(ContractDifference { name: part.name.clone(), change: how, span: part.span });
        }
        for (name, _) in then.iter().filter(|(name, _)| !self.parts.iter().any(|part| part.name == *name)) {
            out.push(ContractDifference { name: (*name).to_owned(), change: "gone", span: None });
        }
        Some(out)
    }
}

/// The lines of a text, without blanks at their ends and empty lines behind the
/// last: what neither Markdown nor a checkout changes the meaning by.
fn normalize_lines(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches(WHITESPACE)).collect();
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |at| at + 1);
    lines.iter().take(last).map(|line| format!("{line}\n")).collect()
}
