//! "Did you mean" hints of messages.

/// Maximum length of a text that gets a hint, in bytes.
const MAX_BYTES: usize = 100;
/// Minimum similarity of a hint, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.6;

/// Returns `; did you mean …` with the most similar candidate; empty if none is
/// similar.
#[must_use]
pub(crate) fn did_you_mean<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    if text.len() > MAX_BYTES {
        return String::new();
    }
    let scored = candidates.map(|known| (strsim::normalized_damerau_levenshtein(known, text), known));
    match scored.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((score, near)) if score > MIN_SIMILARITY => format!("; did you mean `{near}`?"),
        _ => String::new(),
    }
}
