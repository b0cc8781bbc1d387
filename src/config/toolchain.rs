//! Toolchains whose tests are confined by default: it is known where they write.

/// A toolchain with known caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// Cargo and its subcommands.
    Cargo,
    /// The go command.
    Go,
    /// npm and npx.
    Npm,
    /// pnpm.
    Pnpm,
    /// Yarn.
    Yarn,
    /// Bun.
    Bun,
    /// pytest, unittest, and the programs that run them.
    Python,
}

impl Toolchain {
    /// Returns the toolchain that a command runs; `None` if it is not known.
    #[must_use]
    pub(crate) fn of(argv: &[String]) -> Option<Self> {
        let program = argv.first()?;
        let name = program.rsplit(['/', '\\']).next()?;
        let name = name.strip_suffix(".exe").or_else(|| name.strip_suffix(".cmd")).unwrap_or(name);
        let module = || match argv.get(1..) {
            Some([flag, module, ..]) if flag == "-m" => module.as_str(),
            _ => "",
        };
        match name {
            "cargo" => Some(Self::Cargo),
            "go" => Some(Self::Go),
            "npm" | "npx" => Some(Self::Npm),
            "pnpm" => Some(Self::Pnpm),
            "yarn" => Some(Self::Yarn),
            "bun" => Some(Self::Bun),
            "pytest" | "py.test" | "tox" | "uv" | "poetry" => Some(Self::Python),
            _ if name.starts_with("python") && matches!(module(), "pytest" | "unittest") => {
                Some(Self::Python)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Toolchain;

    #[test]
    fn commands_of_known_toolchains_are_recognized() {
        let of = |command: &str| {
            let argv: Vec<String> = command.split(' ').map(str::to_owned).collect();
            Toolchain::of(&argv)
        };
        for (command, expected) in [
            ("cargo test", Some(Toolchain::Cargo)),
            ("/usr/bin/cargo nextest run", Some(Toolchain::Cargo)),
            ("go test ./...", Some(Toolchain::Go)),
            ("pnpm -r test", Some(Toolchain::Pnpm)),
            ("python3.11 -m pytest -q", Some(Toolchain::Python)),
            ("python -m build", None),
            ("python setup.py test", None),
            ("sh -c cargo", None),
            ("make test", None),
            ("cargo-evil", None),
        ] {
            assert_eq!(of(command), expected, "{command}");
        }
        assert_eq!(Toolchain::of(&[]), None);
    }
}
