//! The signed contract: the text that an SSH key signs. It covers the contract
//! part of a packet and its refinement.
//!
//! Every part is a line with its name and the SHA-256 of its text. So a reader
//! of a signature that no longer matches can report which part was changed.

use crate::digest::sha256_hex;
use crate::text::Span;

use super::packet::{WHITESPACE, contract_parts};
use super::{Packet, Refinement, WpId};

/// First line of every signed contract: format and version.
const HEADER: &str = "countersign contract v1";

/// One line of the signed contract, with the span of the part in the packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedPart {
    /// Name of the part: `packet SCOPE`, `waiver`, `refinement`; a repeated name
    /// ends with `#2`, `#3` and so on.
    pub name: String,
    /// SHA-256 of its normalized text, as hexadecimal digits.
    pub hash: String,
    /// Span in the packet; `None` for the refinement and for lists that are
    /// collected from several sections.
    pub span: Option<Span>,
}

/// All parts that a contract signature covers.
#[derive(Debug, Clone)]
pub(crate) struct SignedContract {
    id: String,
    /// The parts, in order.
    pub parts: Vec<SignedPart>,
}

/// A difference between a contract and its signed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContractDifference {
    /// Name of the part.
    pub name: String,
    /// `changed`, `added` or `removed`.
    pub change: &'static str,
    /// Current span of the part in the packet, if it has one.
    pub span: Option<Span>,
}

impl SignedContract {
    /// Builds the contract of a packet and its refinement. Whitespace at line
    /// ends, empty lines at the end of a part and line endings do not matter.
    #[must_use]
    pub(crate) fn from_packet(id: &WpId, packet: &Packet, refinement: Option<&Refinement>) -> Self {
        let mut all: Vec<SignedPart> = Vec::new();
        let mut add = |name: String, text: &str, span: Option<Span>| {
            let earlier = all
                .iter()
                .filter(|part| part.name == name || part.name.starts_with(&format!("{name}#")))
                .count();
            let name = if earlier == 0 { name } else { format!("{name}#{}", earlier + 1) };
            all.push(SignedPart { name, hash: sha256_hex(normalize_lines(text).as_bytes()), span });
        };
        for part in contract_parts(packet) {
            add(format!("packet {}", part.key), &part.text(), Some(part.span));
        }
        for waiver in &packet.waivers {
            add("waiver".to_owned(), packet.source.slice(waiver.span), Some(waiver.span));
        }
        // Values that gates use, wherever they are in the packet.
        let plan = packet.test_plan.iter().map(|command| command.text.as_str());
        let criteria = packet.done_means.iter().map(|criterion| criterion.text.value.as_str());
        let in_scope = packet.scope.in_scope.iter().map(|entry| entry.raw.value.as_str());
        let out_of_scope = packet.scope.out_of_scope.iter().map(|entry| entry.raw.value.as_str());
        let listed =
            |all: Vec<&str>| all.iter().map(|one| format!("{}:{one}\n", one.len())).collect::<String>();
        for (name, all) in [
            ("planned commands", plan.collect::<Vec<_>>()),
            ("criteria", criteria.collect()),
            ("paths in scope", in_scope.collect()),
            ("paths out of scope", out_of_scope.collect()),
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

    /// Returns the text that is signed.
    #[must_use]
    pub(crate) fn message(&self) -> String {
        let lines = self.parts.iter().map(|part| format!("{} {}\n", part.hash, part.name));
        format!("{HEADER}\n{}\n{}", self.id, lines.collect::<String>())
    }

    /// Returns the differences between the contract and a signed text; `None` if
    /// the text is not a signed contract of this packet.
    #[must_use]
    pub(crate) fn differences(&self, signed: &str) -> Option<Vec<ContractDifference>> {
        let mut lines = signed.lines();
        if lines.next() != Some(HEADER) || lines.next() != Some(self.id.as_str()) {
            return None;
        }
        let signed_parts: Vec<(&str, &str)> =
            lines.map(|line| line.split_once(' ').map(|(hash, name)| (name, hash))).collect::<Option<_>>()?;
        let mut out = Vec::new();
        for part in &self.parts {
            let change = match signed_parts.iter().find(|(name, _)| *name == part.name) {
                Some((_, hash)) if *hash == part.hash => continue,
                Some(_) => "changed",
                None => "added",
            };
            out.push(ContractDifference { name: part.name.clone(), change, span: part.span });
        }
        let is_removed = |name: &str| !self.parts.iter().any(|part| part.name == name);
        for (name, _) in signed_parts.iter().filter(|(name, _)| is_removed(name)) {
            out.push(ContractDifference { name: (*name).to_owned(), change: "removed", span: None });
        }
        Some(out)
    }
}

/// Removes whitespace at line ends and empty lines at the end of a text. These
/// differences change the meaning neither in Markdown nor by a checkout.
fn normalize_lines(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches(WHITESPACE)).collect();
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |at| at + 1);
    lines.iter().take(last).map(|line| format!("{line}\n")).collect()
}
