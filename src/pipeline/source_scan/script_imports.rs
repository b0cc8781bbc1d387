//! What the imports and declarations of a script say about a request in it: whose client it
//! uses, and which client uses it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use regex::bytes::Regex as BytesRegex;

use crate::scan::lexer::tokenize;
use crate::scan::{Language, TokenKind, TokenKindSet};

use super::script_doubles::{module_path, resolve};

static IMPORTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?m)^[ \t]*import\s+(?P<names>[^;'"]*?)\bfrom\s*["'](?P<from>[^"'\n]+)["']"#).ok()
});
/// A declaration at the top level.
static DECLARATIONS: LazyLock<Option<BytesRegex>> = LazyLock::new(|| {
    BytesRegex::new(concat!(
        r"(?m)^(?:export[ \t]+)?(?:default[ \t]+)?(?:async[ \t]+)?",
        r"(?:function[ \t]*\*?[ \t]*|(?:const|let|var|class)[ \t]+)(?P<name>[A-Za-z_$][\w$]*)",
    ))
    .ok()
});
/// The argument of a request for a file that a build puts beside the page.
static ASKS_FOR_FILE: LazyLock<Option<BytesRegex>> = LazyLock::new(|| {
    BytesRegex::new(concat!(
        r"\A\s*\(\s*(?:new\s+URL\s*\(\s*)?(?:[\w.$]+\s*\+\s*)?",
        r#"["'`][^"'`\n]*\.(?:wasm|svg|png|jpe?g|webp|ico|css|woff2?|ttf|mp3|ogg|wav|glb|gltf|glsl)["'`]\s*[,)]"#,
    ))
    .ok()
});

/// Maximum number of names of one import that are followed.
const MAX_IMPORTED_NAMES: usize = 100;

/// Names that a script imports from a module and calls.
#[derive(Debug)]
pub(super) struct ImportedNames {
    /// The path of the module as others import it; for an alias such as `@/` what is behind it.
    module: String,
    is_relative: bool,
    names: BTreeSet<String>,
}

impl ImportedNames {
    /// Returns whether the names are from the script at a path.
    fn is_of(&self, path: &str) -> bool {
        let own = module_path(path);
        // An alias is for the folder of the sources.
        let is_below_alias = || {
            own.strip_suffix(&self.module).is_some_and(|start| {
                let last = start.strip_suffix('/').map(|start| start.rsplit('/').next().unwrap_or(start));
                matches!(last, Some("src" | "app" | "lib" | "client"))
            })
        };
        own == self.module || (!self.is_relative && is_below_alias())
    }
}

/// Returns the imports of a script as the text of the names and of the path. Imports in comments
/// and texts do not count.
fn find_imports(language: Language, text: &str) -> Vec<(&str, &str)> {
    let Some(imports) = IMPORTS.as_ref() else { return Vec::new() };
    let code = tokenize(language, text.as_bytes())
        .masked_text(text.as_bytes(), TokenKindSet::of(&[TokenKind::Code]));
    let all = imports.captures_iter(text).filter_map(|found| {
        let (names, from) = (found.name("names")?, found.name("from")?);
        let is_code = code.get(names.start()..names.end()) == Some(names.as_str().as_bytes());
        is_code.then(|| (names.as_str(), from.as_str()))
    });
    all.collect()
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// Returns the names that an import takes from a module and the script calls: `send` of
/// `import { send as ask }` and `ask()`. Types have no code.
fn called_names(names: &str, code: &str) -> BTreeSet<String> {
    if names.trim_start().starts_with("type ") {
        return BTreeSet::new();
    }
    let is_called = |name: &str| {
        let is_call = |rest: &str| {
            let rest = rest.trim_start();
            rest.starts_with('(') || rest.starts_with('.') || rest.starts_with("?.") || rest.starts_with('<')
        };
        code.match_indices(name).any(|(at, _)| {
            let rest = code.get(at + name.len()..).unwrap_or_default();
            let before = code.get(..at).unwrap_or_default();
            !before.ends_with(|c: char| is_of_name(c) || c == '.') && is_call(rest)
        })
    };
    let each = names.split(['{', '}', ',']).map(str::trim);
    each.filter(|one| !one.is_empty() && !one.starts_with("type "))
        .filter_map(|one| {
            let mut words = one.split_whitespace();
            let first = words.next()?;
            let local = words.last().unwrap_or(first);
            is_called(local).then(|| first.to_owned())
        })
        .take(MAX_IMPORTED_NAMES)
        .collect()
}

/// Returns whether a script imports a name, and no import of it is from the library of that
/// name.
pub(super) fn imports_from_elsewhere(language: Language, text: &str, name: &str) -> bool {
    let imports = find_imports(language, text);
    let has = |names: &str| names.split(|c: char| !is_of_name(c)).any(|word| word == name);
    let mut from = imports.iter().filter(|(names, _)| has(names)).map(|(_, from)| *from).peekable();
    let is_library =
        |from: &str| from == name || from.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
    from.peek().is_some() && from.all(|from| !is_library(from))
}

/// Returns the names that a script at a path imports from modules of the same tree.
pub(super) fn names_from_modules(path: &str, language: Language, text: &str) -> Vec<ImportedNames> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let code = tokenize(language, text.as_bytes())
        .masked_text(text.as_bytes(), TokenKindSet::of(&[TokenKind::Code]));
    let code = String::from_utf8_lossy(&code);
    let imports = find_imports(language, text).into_iter().filter_map(|(names, from)| {
        let alias = ["@/", "~/", "$lib/"].iter().find_map(|start| from.strip_prefix(start));
        let is_relative = from.starts_with('.');
        let target = if is_relative { resolve(folder, from) } else { alias?.to_owned() };
        // `./errors.js`, `./errors`
        let is_script = Language::from_path(&target.as_str().into()).is_script();
        let module = if is_script { module_path(&target) } else { target };
        let module = module.strip_suffix("/index").map_or(module.clone(), str::to_owned);
        let names = called_names(names, &code);
        (!module.is_empty()).then_some(ImportedNames { module, is_relative, names })
    });
    imports.collect()
}

/// Returns whether an offset of the script at a path is inside of a declaration at its top level
/// that one of the imports names.
pub(super) fn is_in_imported(
    imports: &[ImportedNames],
    (path, language): (&str, Language),
    text: &[u8],
    at: usize,
) -> bool {
    let own: Vec<&ImportedNames> = imports.iter().filter(|import| import.is_of(path)).collect();
    let Some(declarations) = DECLARATIONS.as_ref().filter(|_| !own.is_empty()) else { return false };
    let code = tokenize(language, text).masked_text(text, TokenKindSet::of(&[TokenKind::Code]));
    let before = code.get(..at).unwrap_or_default();
    let Some(last) = declarations.captures_iter(before).last() else { return false };
    let (Some(whole), Some(name)) = (last.get(0), last.name("name")) else { return false };
    // A bracket at the begin of a line ends the declaration, and so does another statement.
    let inside = before.get(whole.start()..).unwrap_or_default();
    let ends = [&b"\n}"[..], b"\n)", b"\n]"].iter().any(|end| {
        memchr::memmem::find_iter(inside, end)
            .any(|found| !continues(inside.get(found + end.len()..).unwrap_or_default()))
    });
    let is_statement = |line: &[u8]| {
        line.first().is_some_and(|byte| {
            byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$' | b'(' | b'@' | b'!')
        })
    };
    let ends = ends || inside.split(|byte| *byte == b'\n').skip(1).any(is_statement);
    let name = String::from_utf8_lossy(name.as_bytes());
    !ends && own.iter().any(|import| import.names.contains(name.as_ref()))
}

/// Returns whether a declaration goes on behind a bracket: the body of a function follows its
/// parameters.
fn continues(rest: &[u8]) -> bool {
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    line.ends_with(b"{") || line.ends_with(b"=>")
}

/// Returns whether a request that ends at an offset asks for a file of the page itself, such as
/// a picture.
pub(super) fn asks_for_file(text: &[u8], end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    let rest = rest.get(..rest.len().min(500)).unwrap_or_default();
    ASKS_FOR_FILE.as_ref().is_some_and(|pattern| pattern.is_match(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_with_the_name_of_its_library_is_imported_from_elsewhere() {
        let own = |text: &str| imports_from_elsewhere(Language::TypeScript, text, "axios");
        assert!(own("import axios, { parse } from '@/services/axios';\n"));
        assert!(own("import {\n  http as axios,\n} from \"./http\";\n"));
        for text in [
            "import axios from 'axios';\n",
            "import axios from \"axios/dist/a.js\";\n",
            "// import axios from './http'\n",
            "/*\nimport axios from './http'\n*/\n",
            "import { axiosLike } from './http';\n",
            "import axios from './http';\nimport axios from 'axios';\n",
            "axios.get('/')\n",
        ] {
            assert!(!own(text), "{text}");
        }
    }

    #[test]
    fn a_request_belongs_to_the_declaration_around_it() {
        let client = "import {\n  send,\n  other as more,\n  type Tide,\n  unused,\n} from './net/send.js';\n\
                      import { ask } from '@/tide/ask';\n// import { read } from './net/send';\n\
                      import type { far } from './net/send';\nsend(ask<A>(1)); more.a; far(); new Tide();\n\
                      export { unused };\n";
        let imports = names_from_modules("web/src/api.ts", Language::TypeScript, client);
        let is = |path: &str, text: &str| {
            let at = text.find("fetch").unwrap_or_default();
            is_in_imported(&imports, (path, Language::TypeScript), text.as_bytes(), at)
        };
        let send = "export async function send(\n  url: string,\n) {\n  return fetch(url);\n}\n";
        assert!(is("web/src/net/send.ts", send));
        assert!(is("web/src/tide/ask.ts", "export const ask = async (url) => {\n  await fetch(url);\n};\n"));
        for (path, text) in [
            // Another file, another name, and behind the function.
            ("web/src/send.ts", send),
            ("web/src/net/send.ts", "export function read() {\n  fetch(1);\n}\n"),
            ("web/src/net/send.ts", "export function send() {\n}\nfetch(1);\n"),
            ("web/src/net/send.ts", "fetch(1);\nexport function send() {\n}\n"),
            ("web/src/wide/ask2.ts", "export const ask = () => fetch(1);\n"),
            // Another folder than that of the alias, a type, a name of the client, an unused name, and
            // another statement.
            ("web/src/wide/tide/ask.ts", "export const ask = () => fetch(1);\n"),
            ("web/src/net/send.ts", "export class Tide {\n  a() { fetch(1); }\n}\n"),
            ("web/src/net/send.ts", "export function far() {\n  fetch(1);\n}\n"),
            ("web/src/net/send.ts", "export function more() {\n  fetch(1);\n}\n"),
            ("web/src/net/send.ts", "export function unused() {\n  fetch(1);\n}\n"),
            ("web/src/net/send.ts", "export const send = () => 1;\nif (a) {\n  fetch(1);\n}\n"),
            ("web/src/net/send.ts", "export const send = () => 1;\n(() => fetch(1))();\n"),
        ] {
            assert!(!is(path, text), "{path} {text}");
        }
    }

    #[test]
    fn files_beside_the_page_are_told_from_answers() {
        let is = |text: &str| asks_for_file(text.as_bytes(), "fetch".len());
        assert!(is("fetch(`${base}tide.wasm`)") && is("fetch(new URL('./a.svg', import.meta.url))"));
        assert!(is("fetch(root + '/a.css', { cache })"));
        for text in ["fetch(`/tides?of=${a}`)", "fetch('/a.wasm/tides')", "fetch(url)", "fetch('/a.json')"] {
            assert!(!is(text), "{text}");
        }
    }
}
