//! Names the commit that the program is built from, for `--version`.

use std::path::Path;
use std::process::Command;

#[expect(clippy::disallowed_methods, reason = "a build script asks git for the commit")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for file in [".git/HEAD", ".git/logs/HEAD"] {
        if Path::new(file).exists() {
            println!("cargo::rerun-if-changed={file}");
        }
    }
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let answer = |arguments: &[&str]| -> Option<String> {
        let output = Command::new("git").arg("-C").arg(&root).args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    // A package that was unpacked inside of another repository is not part of it.
    let is_own = answer(&["ls-files", "--error-unmatch", "Cargo.toml"]).is_some();
    if let Some(commit) = is_own.then(|| answer(&["rev-parse", "--short=12", "HEAD"])).flatten() {
        println!("cargo::rustc-env=COUNTERSIGN_COMMIT={commit}");
    }
}
