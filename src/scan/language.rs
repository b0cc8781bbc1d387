//! Languages of source files.

use crate::text::RepoPath;

macro_rules! languages {
    ($($variant:ident $name:literal: $($end:literal)*;)*) => {
        /// A language that has a lexer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Language {
            $(#[doc = concat!("`", $name, "`.")] $variant,)*
        }

        impl Language {
            /// All languages, in order.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// Returns the name of the language in rules.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Returns the usual file extension, without the dot.
            #[must_use]
            pub fn ending(self) -> &'static str {
                let all: &[&str] = match self { $(Self::$variant => &[$($end),*],)* };
                all.first().copied().unwrap_or("txt")
            }

            fn from_extension(extension: &str) -> Option<Self> {
                match extension { $($($end)|* => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

languages! {
    Rust "rust": "rs";
    TypeScript "typescript": "ts" "mts" "cts";
    Tsx "tsx": "tsx";
    JavaScript "javascript": "js" "mjs" "cjs";
    Jsx "jsx": "jsx";
    Vue "vue": "vue";
    Svelte "svelte": "svelte";
    Sql "sql": "sql";
    Toml "toml": "toml";
    Yaml "yaml": "yaml" "yml";
    Markdown "markdown": "md" "markdown";
    Python "python": "py" "pyi" "pyw";
    Go "go": "go";
    Shell "shell": "sh" "bash" "zsh" "ksh" "bats";
    Plain "plain": "txt";
}

/// Programming languages that have no lexer, with the endings of their files.
const UNKNOWN_CODE: [(&str, &[&str]); 26] = [
    ("assembly", &["asm", "s"]),
    ("C", &["c", "h"]),
    ("C#", &["cs"]),
    ("C++", &["cc", "cpp", "cxx", "hh", "hpp", "hxx"]),
    ("Clojure", &["clj", "cljs", "cljc"]),
    ("CUDA", &["cu", "cuh"]),
    ("Dart", &["dart"]),
    ("Elixir", &["ex", "exs"]),
    ("Erlang", &["erl", "hrl"]),
    ("F#", &["fs", "fsx"]),
    ("Fortran", &["f90", "f95", "f03"]),
    ("Groovy", &["groovy"]),
    ("Haskell", &["hs"]),
    ("Java", &["java"]),
    ("Julia", &["jl"]),
    ("Kotlin", &["kt", "kts"]),
    ("Lua", &["lua"]),
    ("Nim", &["nim"]),
    ("Objective-C", &["m", "mm"]),
    ("OCaml", &["ml", "mli"]),
    ("Perl", &["pl", "pm"]),
    ("PHP", &["php"]),
    ("Ruby", &["rb"]),
    ("Scala", &["scala"]),
    ("Swift", &["swift"]),
    ("Zig", &["zig"]),
];

impl Language {
    /// Returns whether it is JavaScript, TypeScript, or a component with a script.
    #[must_use]
    pub fn is_script(self) -> bool {
        matches!(self, Self::TypeScript | Self::Tsx | Self::JavaScript | Self::Jsx) || self.is_component()
    }

    /// Returns whether a line also ends at a carriage return alone, or at U+2028 and U+2029:
    /// ECMA-262, "Line Terminators"; in Python, a carriage return.
    #[must_use]
    pub fn has_other_line_ends(self) -> bool {
        self.is_script() || self == Self::Python
    }

    /// Returns whether a file has a script inside of markup.
    #[must_use]
    pub fn is_component(self) -> bool {
        matches!(self, Self::Vue | Self::Svelte)
    }

    /// Returns whether files of the language are code: programs, scripts and queries.
    #[must_use]
    pub fn is_code(self) -> bool {
        !matches!(self, Self::Toml | Self::Yaml | Self::Markdown | Self::Plain)
    }

    /// Returns whether files of the language can have tests: programs, and not queries or shell
    /// scripts.
    #[must_use]
    pub fn is_testable(self) -> bool {
        self.is_code() && !matches!(self, Self::Sql | Self::Shell)
    }

    /// Returns the name of a programming language that has no lexer, by the name of a file of
    /// it; `None` for all other files.
    #[must_use]
    pub fn unknown_code(path: &RepoPath) -> Option<&'static str> {
        let name = path.file_name().to_ascii_lowercase();
        let name = String::from_utf8_lossy(&name);
        let (_, extension) = name.rsplit_once('.')?;
        UNKNOWN_CODE.iter().find(|(_, endings)| endings.contains(&extension)).map(|(name, _)| *name)
    }

    /// Returns the language with a name in rules; `None` if there is none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.as_str() == name)
    }

    /// Returns the language of a file according to its name; `Plain` if it is unknown.
    #[must_use]
    pub fn from_path(path: &RepoPath) -> Self {
        let name = path.file_name().to_ascii_lowercase();
        let name = String::from_utf8_lossy(&name);
        if matches!(&*name, "cargo.lock" | "poetry.lock" | "pipfile") {
            return Self::Toml;
        }
        if matches!(&*name, ".bashrc" | ".bash_profile" | ".profile" | ".zshrc" | ".envrc") {
            return Self::Shell;
        }
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        Self::from_extension(extension).unwrap_or(Self::Plain)
    }

    /// Returns the language that the shebang line of a file names; `None` if there is no
    /// such line, or if the program is unknown.
    #[must_use]
    pub fn from_shebang(text: &[u8]) -> Option<Self> {
        let line = text.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
        let line = String::from_utf8_lossy(line.get(..line.len().min(200))?).into_owned();
        let names = line.split_whitespace().filter_map(|word| word.rsplit('/').next());
        let program = names.into_iter().find(|name| *name != "env" && !name.starts_with('-'))?;
        match program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
            "sh" | "bash" | "dash" | "zsh" | "ksh" | "bats" => Some(Self::Shell),
            "python" | "pypy" => Some(Self::Python),
            "node" | "nodejs" => Some(Self::JavaScript),
            "deno" | "bun" | "tsx" | "ts-node" => Some(Self::TypeScript),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_shebang_lines_determine_the_language() {
        let of = |path: &str| Language::from_path(&RepoPath::from(path));
        assert_eq!(of("src/A.RS"), Language::Rust);
        assert_eq!(of("a/b.d.ts"), Language::TypeScript);
        assert_eq!(of("Makefile"), Language::Plain);
        assert_eq!(Language::from_shebang(b"#!/usr/bin/env -S python3.12 -u\n"), Some(Language::Python));
        assert_eq!(Language::from_shebang(b"#!/bin/sh\n"), Some(Language::Shell));
        assert_eq!(Language::from_shebang(b"# no\n"), None);
        let unknown = |path: &str| Language::unknown_code(&RepoPath::from(path));
        assert_eq!((unknown("src/A.C"), unknown("a.go"), unknown("c")), (Some("C"), None, None));
        assert!(Language::ALL.iter().all(|one| Language::from_name(one.as_str()) == Some(*one)));
    }
}
