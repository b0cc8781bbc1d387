//! Where programs keep what they can create again: caches, targets, temporary files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::config::Toolchain;
use crate::system::{environment, files};

/// A folder that a toolchain writes and that holds no settings.
struct Cache {
    /// Whose it is; `None` if many programs share it.
    toolchain: Option<Toolchain>,
    /// The variable that moves it, or the folder that holds it; empty if none does.
    variable: &'static str,
    /// Its path below what the variable names.
    below: &'static str,
    /// Its path below the home folder, where the variable is not set; empty if there is none.
    default: &'static str,
    /// Whether it is a file.
    is_file: bool,
}

const fn folder(
    toolchain: Option<Toolchain>,
    variable: &'static str,
    below: &'static str,
    default: &'static str,
) -> Cache {
    Cache { toolchain, variable, below, default, is_file: false }
}

const fn file(
    toolchain: Toolchain,
    variable: &'static str,
    name: &'static str,
    default: &'static str,
) -> Cache {
    Cache { toolchain: Some(toolchain), variable, below: name, default, is_file: true }
}

/// The folder of caches that all programs share, below the home folder.
const SHARED: &str = ".cache";

/// All known caches. The folder that holds the settings of a program is never one of them.
const CACHES: [Cache; 27] = [
    folder(None, "XDG_CACHE_HOME", "", SHARED),
    folder(Some(Toolchain::Cargo), "CARGO_HOME", "registry", ".cargo/registry"),
    folder(Some(Toolchain::Cargo), "CARGO_HOME", "git", ".cargo/git"),
    file(Toolchain::Cargo, "CARGO_HOME", ".package-cache", ".cargo/.package-cache"),
    file(Toolchain::Cargo, "CARGO_HOME", ".package-cache-mutate", ".cargo/.package-cache-mutate"),
    file(Toolchain::Cargo, "CARGO_HOME", ".global-cache", ".cargo/.global-cache"),
    folder(Some(Toolchain::Cargo), "RUSTUP_HOME", "tmp", ".rustup/tmp"),
    folder(Some(Toolchain::Cargo), "RUSTUP_HOME", "downloads", ".rustup/downloads"),
    folder(Some(Toolchain::Cargo), "CARGO_TARGET_DIR", "", ""),
    folder(Some(Toolchain::Cargo), "CARGO_BUILD_TARGET_DIR", "", ""),
    folder(Some(Toolchain::Cargo), "SCCACHE_DIR", "", ""),
    folder(Some(Toolchain::Go), "GOMODCACHE", "", ""),
    folder(Some(Toolchain::Go), "GOCACHE", "", ""),
    folder(Some(Toolchain::Go), "GOTMPDIR", "", ""),
    folder(Some(Toolchain::Go), "GOPATH", "pkg", "go/pkg"),
    folder(Some(Toolchain::Npm), "npm_config_cache", "_cacache", ".npm/_cacache"),
    folder(Some(Toolchain::Npm), "npm_config_cache", "_logs", ".npm/_logs"),
    folder(Some(Toolchain::Npm), "npm_config_cache", "_npx", ".npm/_npx"),
    folder(Some(Toolchain::Yarn), "YARN_CACHE_FOLDER", "", ".yarn/berry/cache"),
    folder(Some(Toolchain::Bun), "BUN_INSTALL_CACHE_DIR", "", ".bun/install/cache"),
    folder(Some(Toolchain::Pnpm), "", "", ".local/share/pnpm/store"),
    folder(Some(Toolchain::Python), "PIP_CACHE_DIR", "", ""),
    folder(Some(Toolchain::Python), "UV_CACHE_DIR", "", ""),
    folder(Some(Toolchain::Python), "PYTHONPYCACHEPREFIX", "", ""),
    folder(None, "GRADLE_USER_HOME", "caches", ".gradle/caches"),
    folder(None, "", "", ".m2/repository"),
    folder(None, "NUGET_PACKAGES", "", ".nuget/packages"),
];

/// The caches of one program.
pub(super) struct CacheFolders<'a> {
    /// Environment of the program.
    pub environment: &'a [(OsString, OsString)],
    /// Its working folder.
    pub folder: &'a Path,
    /// Whose tests it runs; their caches are created where they are missing.
    pub toolchain: Option<Toolchain>,
}

impl CacheFolders<'_> {
    /// Returns the folders for temporary files.
    pub(super) fn temporary(&self) -> Vec<PathBuf> {
        let mut all: Vec<PathBuf> = ["/tmp", "/var/tmp"].iter().map(PathBuf::from).collect();
        all.extend(self.variable("TMPDIR").filter(|path| !self.holds_home(path)));
        all
    }

    /// Returns whether a folder is the home folder or above it: a right to write it would
    /// grant the settings.
    fn holds_home(&self, path: &Path) -> bool {
        self.home().is_some_and(|home| home.starts_with(path))
    }

    /// Returns the caches. Those of the program's toolchain are created: a right to write a
    /// folder that is not there would be none.
    pub(super) fn all(&self) -> Vec<PathBuf> {
        let mut all: Vec<PathBuf> = CACHES.iter().filter_map(|cache| self.place_of(cache)).collect();
        if self.toolchain == Some(Toolchain::Cargo) {
            all.extend(self.cargo_target());
        }
        all.retain(|path| !self.holds_home(path));
        all
    }

    fn place_of(&self, cache: &Cache) -> Option<PathBuf> {
        let moved = self
            .variable(cache.variable)
            .map(|path| if cache.below.is_empty() { path } else { path.join(cache.below) });
        let default =
            || (!cache.default.is_empty()).then(|| self.home().map(|home| home.join(cache.default)));
        let path = moved.or_else(|| default().flatten())?;
        let is_shared = cache.toolchain.is_none() && cache.default == SHARED;
        if self.toolchain.is_some() && (is_shared || cache.toolchain == self.toolchain) {
            create(&path, cache.is_file);
        }
        Some(path)
    }

    /// Reads the target folder that the user's settings of Cargo name. Those of the
    /// repository name none: the work could choose any folder.
    fn cargo_target(&self) -> Option<PathBuf> {
        let home = self.variable("CARGO_HOME").or_else(|| Some(self.home()?.join(".cargo")))?;
        let bytes = files::read(&home.join("config.toml"), MAX_SETTINGS_BYTES).ok()?;
        let settings: toml::Table = toml::from_str(std::str::from_utf8(&bytes).ok()?).ok()?;
        let target = settings.get("build")?.get("target-dir")?.as_str()?;
        let path = PathBuf::from(target);
        let path = path.is_absolute().then_some(path)?;
        create(&path, false);
        Some(path)
    }

    fn home(&self) -> Option<PathBuf> {
        self.variable("HOME").filter(|home| home.is_absolute())
    }

    fn variable(&self, name: &str) -> Option<PathBuf> {
        let (_, value) = self.environment.iter().find(|(known, _)| !name.is_empty() && known == name)?;
        // The first folder of this list is the one that is written; the others are no lists.
        let path = if name == "GOPATH" { environment::first_path(value)? } else { PathBuf::from(value) };
        (!path.as_os_str().is_empty()).then(|| self.folder.join(path))
    }
}

/// Maximum size of a file of settings, in bytes.
const MAX_SETTINGS_BYTES: u64 = 1024 * 1024;

/// Creates what is missing. If that is not possible, the program says so later.
fn create(path: &Path, is_file: bool) {
    if files::find_metadata(path).ok().flatten().is_some() {
        return;
    }
    if is_file {
        if path.parent().is_some_and(|folder| files::create_folder(folder).is_ok()) {
            files::create_new(path).ok();
        }
    } else {
        files::create_folder(path).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(environment: &[(&str, &str)], toolchain: Option<Toolchain>) -> Vec<PathBuf> {
        let environment: Vec<(OsString, OsString)> =
            environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
        CacheFolders { environment: &environment, folder: Path::new("/repo"), toolchain }.all()
    }

    #[test]
    fn caches_follow_their_variables_and_hold_no_settings() {
        let home = tempfile::tempdir().expect("folder");
        let at = |path: &str| home.path().join(path);
        let text = home.path().to_str().expect("text");
        let all = folders(&[("HOME", text)], None);
        assert!(all.contains(&at(".cargo/registry")) && all.contains(&at("go/pkg")), "{all:?}");
        assert!(!at(".cargo").exists(), "nothing is created for an unknown program");
        for settings in [".cargo", ".npm", ".config", ".rustup", ".gradle", ""] {
            assert!(!all.contains(&at(settings)), "{settings}");
        }
        let moved = folders(&[("HOME", text), ("CARGO_HOME", "/c"), ("GOPATH", "/g:/h")], None);
        assert!(moved.contains(&"/c/registry".into()) && moved.contains(&"/g/pkg".into()), "{moved:?}");
        assert!(!moved.contains(&at(".cargo/registry")));
        // Only the path of Go is a list: a colon in another one is a part of its name.
        let colon = folders(&[("HOME", text), ("GOCACHE", "/c:d")], None);
        assert!(colon.contains(&"/c:d".into()) && !colon.contains(&"/c".into()), "{colon:?}");
        // A variable that names the home folder, or one above it, grants nothing.
        let above = folders(&[("HOME", text), ("XDG_CACHE_HOME", text), ("GOCACHE", "/")], None);
        assert!(!above.contains(&home.path().to_path_buf()) && !above.contains(&"/".into()), "{above:?}");
        let environment: Vec<(OsString, OsString)> =
            vec![("HOME".into(), text.into()), ("TMPDIR".into(), text.into())];
        let caches = CacheFolders { environment: &environment, folder: Path::new("/repo"), toolchain: None };
        assert!(!caches.temporary().contains(&home.path().to_path_buf()));
    }

    #[test]
    fn missing_caches_of_a_toolchain_are_created_and_its_target_is_read() {
        let home = tempfile::tempdir().expect("folder");
        let text = home.path().to_str().expect("text");
        let target = home.path().join("elsewhere");
        files::create_folder(&home.path().join(".cargo")).expect("folder");
        let settings = format!("[build]\ntarget-dir = {:?}\n", target.display().to_string());
        let mut file = files::create_new(&home.path().join(".cargo/config.toml")).expect("file");
        std::io::Write::write_all(&mut file, settings.as_bytes()).expect("written");
        let all = folders(&[("HOME", text)], Some(Toolchain::Cargo));
        assert!(all.contains(&target), "{all:?}");
        for made in [".cargo/registry", ".cargo/.package-cache", ".cache", "elsewhere"] {
            assert!(home.path().join(made).exists(), "{made}");
        }
        for other in ["go", ".npm", ".gradle"] {
            assert!(!home.path().join(other).exists(), "{other} is of another toolchain");
        }
    }
}
