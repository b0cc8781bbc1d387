//! Short texts that a pattern matches, one for each of its alternatives. They show that
//! the search for literals finds whatever a pattern can match.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Maximum number of texts for one part of a pattern.
const MAX_SAMPLES: usize = 300;
/// Maximum length of one text in bytes.
const MAX_SAMPLE_BYTES: usize = 4_000;
/// Characters that represent a class, in order of preference.
const TYPICAL_CHARS: [char; 10] = ['a', 'A', '1', '_', ' ', '"', '(', ')', '.', '\n'];

/// Returns texts that a pattern matches, as far as they can be derived from its syntax:
/// every alternative occurs in one of them. Assertions such as `\b` are not considered,
/// so that not every text matches.
pub(in crate::scan) fn derive_samples(pattern: &str) -> Vec<Vec<u8>> {
    let parsed = regex_syntax::ParserBuilder::new().utf8(false).multi_line(true).build().parse(pattern);
    parsed.map_or_else(|_| Vec::new(), |hir| samples(&hir))
}

fn samples(hir: &Hir) -> Vec<Vec<u8>> {
    let mut out = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![Vec::new()],
        HirKind::Literal(literal) => vec![literal.0.to_vec()],
        HirKind::Class(class) => class_samples(class),
        HirKind::Capture(capture) => samples(&capture.sub),
        HirKind::Repetition(repetition) => {
            let inner = samples(&repetition.sub);
            let times = usize::try_from(repetition.min).unwrap_or(1).min(64);
            let repeat = |one: &Vec<u8>, times: usize| one.repeat(times);
            let mut out: Vec<Vec<u8>> = inner.iter().map(|one| repeat(one, times)).collect();
            if times == 0 {
                out.truncate(1);
                out.extend(inner);
            }
            out
        }
        HirKind::Alternation(parts) => parts.iter().flat_map(samples).collect(),
        HirKind::Concat(parts) => concatenations(parts),
    };
    out.retain(|one| one.len() <= MAX_SAMPLE_BYTES);
    out.dedup();
    out.truncate(MAX_SAMPLES);
    out
}

/// Returns texts for a sequence of parts: each text of each part occurs once, with the
/// first texts of the others.
fn concatenations(parts: &[Hir]) -> Vec<Vec<u8>> {
    let all: Vec<Vec<Vec<u8>>> = parts.iter().map(samples).collect();
    let first = |part: &Vec<Vec<u8>>| part.first().cloned().unwrap_or_default();
    let mut out = vec![all.iter().map(first).collect::<Vec<_>>().concat()];
    for (at, part) in all.iter().enumerate() {
        for text in part.iter().skip(1) {
            let with_text = |(index, other): (usize, &Vec<Vec<u8>>)| {
                if index == at { text.clone() } else { first(other) }
            };
            out.push(all.iter().enumerate().map(with_text).collect::<Vec<_>>().concat());
            if out.len() >= MAX_SAMPLES {
                return out;
            }
        }
    }
    out
}

/// Returns all characters of a small class, or a typical one of a larger class.
fn class_samples(class: &Class) -> Vec<Vec<u8>> {
    let contains = |c: char| match class {
        Class::Unicode(class) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&c))
        }
        Class::Bytes(class) => {
            let byte = u8::try_from(c).unwrap_or(0xff);
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&byte))
        }
    };
    let text = |c: char| c.to_string().into_bytes();
    // Single letters as alternatives are a class, too: all of them are tried.
    if let Class::Unicode(class) = class {
        let few: Vec<char> =
            class.ranges().iter().flat_map(|range| range.start()..=range.end()).take(9).collect();
        if few.len() < 9 {
            return few.into_iter().map(text).collect();
        }
    }
    if let Some(c) = TYPICAL_CHARS.into_iter().find(|c| contains(*c) && contains('z')) {
        return vec![text(c)];
    }
    let first = match class {
        Class::Unicode(class) => class.ranges().first().map(regex_syntax::hir::ClassUnicodeRange::start),
        Class::Bytes(class) => class.ranges().first().map(|range| char::from(range.start())),
    };
    let typical = TYPICAL_CHARS.into_iter().find(|c| contains(*c));
    let out: Vec<Vec<u8>> = typical.or(first).map(text).into_iter().collect();
    if out.is_empty() { vec![Vec::new()] } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alternative_occurs_in_a_text() {
        let texts = |pattern: &str| -> Vec<String> {
            derive_samples(pattern).iter().map(|one| String::from_utf8_lossy(one).into_owned()).collect()
        };
        assert_eq!(texts(r"\b(?:a|b)c[12]?\s*\("), ["ac(", "bc(", "ac1(", "ac2(", "ac ("]);
        assert_eq!(texts("(?i)k"), ["K", "k", "\u{212a}"]);
        assert_eq!(texts(r"x{2}[^\w]"), ["xx "]);
    }
}
