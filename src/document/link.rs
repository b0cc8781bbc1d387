//! Links of a Markdown document.

use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::text::{Span, Spanned};

/// Finds the destinations of all links and images, decoded, each with the span
/// of the link. Reference definitions are resolved; code contains no links.
#[must_use]
pub(crate) fn find_links(text: &str) -> Vec<Spanned<String>> {
    if !text.contains("](") && !text.contains("]:") {
        return Vec::new();
    }
    let offset = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = text.get(offset..).unwrap_or("");
    let events = Parser::new_ext(body, Options::ENABLE_TABLES).into_offset_iter();
    events
        .filter_map(|(event, range)| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                let span = Span::new(range.start + offset, range.end + offset);
                Some(Spanned::new(dest_url.into_string(), span))
            }
            _ => None,
        })
        .collect()
}

/// Returns the path that a destination names: without fragment and query,
/// percent escapes decoded. `None` for URLs with a scheme, for fragments of
/// the same document and for invalid paths.
#[must_use]
pub(crate) fn destination_path(destination: &str) -> Option<String> {
    let scheme = destination.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
    });
    if scheme || destination.starts_with("//") {
        return None;
    }
    let end = destination.find(['#', '?']).unwrap_or(destination.len());
    let path = percent_decode(destination.get(..end)?);
    (!path.is_empty() && !path.contains('\0') && !is_uuid(&path)).then_some(path)
}

/// Returns whether a destination is an id of something else than a file.
fn is_uuid(text: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.split('-').all(is_hex)
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = hex.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Joins `folder` and a relative path and resolves `.` and `..`; `None` if the
/// result is outside the repository.
#[must_use]
pub(crate) fn join_relative(folder: &str, path: &str) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    let start = if path.starts_with('/') { "" } else { folder };
    for name in start.split('/').chain(path.split('/')) {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_their_paths() {
        let text = "[a](x.md#s) ![b](../i%20j.png) `[c](no.md)` [d][r] <https://x.y>\n\n[r]: /root.md\n";
        let all: Vec<_> = find_links(text).into_iter().map(|link| link.value).collect();
        assert_eq!(all, ["x.md#s", "../i%20j.png", "/root.md", "https://x.y"]);
        assert_eq!(destination_path("x.md#s").as_deref(), Some("x.md"));
        assert_eq!(destination_path("../i%20j.png").as_deref(), Some("../i j.png"));
        assert_eq!(destination_path("https://x.y/z"), None);
        assert_eq!(destination_path("mailto:a@b.c"), None);
        assert_eq!(destination_path("#s"), None);
    }

    #[test]
    fn joined_paths_stay_in_the_repository() {
        assert_eq!(join_relative("a/b", "../c.md").as_deref(), Some("a/c.md"));
        assert_eq!(join_relative("a/b", "/c.md").as_deref(), Some("c.md"));
        assert_eq!(join_relative("a", "../../c.md"), None);
    }
}
