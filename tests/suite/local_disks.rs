//! What git writes to disk is not always what it stores. The stored change is judged, and
//! files that only look different on disk are not part of it.

use crate::support::repo::Sandbox;

const FENCE: &str = "version: 1\nprofile: fence\nscope:\n  - src/\nsteps: []\n";

fn fenced() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.txt", "one\n");
    sandbox.write("countersign.yaml", FENCE);
    sandbox
}

fn verdict(sandbox: &Sandbox) -> (i32, String) {
    sandbox.run_redacted(&["verify", "--worktree"])
}

fn assert_unchanged(sandbox: &Sandbox, what: &str) {
    let (exit, said) = verdict(sandbox);
    assert!(exit == 0 && said.contains("nothing to check"), "{what}: {exit} {said}");
}

fn assert_found(sandbox: &Sandbox, path: &str, what: &str) {
    let (exit, said) = verdict(sandbox);
    assert!(exit == 1 && said.contains(path), "{what}: {exit} {said}");
}

const ASSET: &str = "the big asset";

/// A repository with a file in Git LFS, as it is on disk after `git lfs pull`.
fn with_lfs_file() -> Sandbox {
    let sandbox = fenced();
    sandbox.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    let hash = sha256(ASSET);
    let pointer =
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{hash}\nsize {}\n", ASSET.len());
    sandbox.write("asset.bin", pointer);
    sandbox.commit("project");
    for (key, value) in [("clean", "git-lfs clean -- %f"), ("smudge", "git-lfs smudge -- %f")] {
        sandbox.git(&["config", &format!("filter.lfs.{key}"), value]);
    }
    sandbox.write("asset.bin", ASSET);
    sandbox
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_file_of_lfs_is_known_by_its_pointer() {
    assert_unchanged(&with_lfs_file(), "as pulled");
    let sandbox = with_lfs_file();
    sandbox.write("asset.bin", "the bad asset");
    assert_found(&sandbox, "asset.bin", "another content of the same size");
    let sandbox = with_lfs_file();
    sandbox.append("asset.bin", "x");
    assert_found(&sandbox, "asset.bin", "more content");
    // Without the attribute, the content is not what git would store.
    let sandbox = with_lfs_file();
    sandbox.write(".gitattributes", "*.bin -text\n");
    assert_found(&sandbox, "asset.bin", "no file of LFS");
    // A filter with another name is not known.
    let sandbox = with_lfs_file();
    sandbox.write(".gitattributes", "*.bin filter=other\n");
    sandbox.git(&["config", "filter.other.clean", "cat"]);
    assert_found(&sandbox, "asset.bin", "another filter");
}

#[test]
fn a_file_in_another_encoding_is_known_by_its_text() {
    let text = "gr\u{fc}n\r\nzwei\r\n";
    let utf16le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark = [vec![0xff, 0xfe], utf16le.clone()].concat();
    for (name, bytes) in [
        ("UTF-16", with_mark.clone()),
        ("UTF-16LE-BOM", with_mark),
        ("UTF-16LE", utf16le),
        ("ISO-8859-1", { text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect() }),
    ] {
        let sandbox = fenced();
        sandbox.write(
            ".gitattributes",
            format!("*.txt text eol=crlf working-tree-encoding={name}\nsrc/a.txt -working-tree-encoding\n"),
        );
        sandbox.write("b.txt", &bytes);
        sandbox.commit("project");
        assert_unchanged(&sandbox, name);
        // One character more.
        let mut longer = bytes.clone();
        longer.extend_from_slice(&bytes[bytes.len() - 4..]);
        sandbox.write("b.txt", longer);
        assert_found(&sandbox, "b.txt", name);
    }
}

#[test]
fn keywords_links_and_modes_of_the_disk_are_no_change() {
    let sandbox = fenced();
    sandbox.write(".gitattributes", "*.id ident\n");
    sandbox.write("x.id", "$Id$ text\n");
    sandbox.commit("project");
    sandbox.remove("x.id");
    sandbox.git(&["checkout", "--", "x.id"]);
    assert!(sandbox.read("x.id").contains("$Id: "), "git expands the keyword");
    assert_unchanged(&sandbox, "ident");
    sandbox.append("x.id", "more\n");
    assert_found(&sandbox, "x.id", "ident");
}

#[cfg(unix)]
#[test]
fn a_disk_without_links_has_files_with_their_targets() {
    let linked = || {
        let sandbox = fenced();
        std::os::unix::fs::symlink("src/a.txt", sandbox.root.join("link")).expect("link");
        sandbox.commit("project");
        sandbox.git(&["config", "core.symlinks", "false"]);
        sandbox.remove("link");
        sandbox.git(&["checkout", "--", "link"]);
        assert!(!sandbox.root.join("link").is_symlink(), "git writes a file");
        sandbox
    };
    assert_unchanged(&linked(), "core.symlinks=false");
    let sandbox = linked();
    sandbox.write("link", "deploy.sh");
    assert_found(&sandbox, "link", "another target");
    // Where links work, a file in place of a link is a change.
    let sandbox = linked();
    sandbox.git(&["config", "core.symlinks", "true"]);
    assert_found(&sandbox, "link", "a file in place of a link");
}

#[cfg(unix)]
#[test]
fn a_disk_without_modes_has_no_change_of_modes() {
    use std::os::unix::fs::PermissionsExt;
    let executable = || {
        let sandbox = fenced();
        sandbox.write("run.sh", "true\n");
        let mode = |mode| {
            std::fs::set_permissions(sandbox.root.join("run.sh"), std::fs::Permissions::from_mode(mode))
        };
        mode(0o755).expect("mode");
        sandbox.commit("project");
        mode(0o644).expect("mode");
        sandbox
    };
    let sandbox = executable();
    sandbox.git(&["config", "core.fileMode", "false"]);
    assert_unchanged(&sandbox, "core.fileMode=false");
    assert_found(&executable(), "run.sh", "core.fileMode=true");
    // A disk that shows both modes has them, whatever the setting says.
    let sandbox = executable();
    sandbox.git(&["config", "core.fileMode", "false"]);
    let path = sandbox.root.join("src/a.txt");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("mode");
    assert_found(&sandbox, "run.sh", "one mode of many");
    // A mode that only the index has is a change.
    let sandbox = executable();
    sandbox.git(&["config", "core.fileMode", "false"]);
    sandbox.git(&["update-index", "--chmod=-x", "run.sh"]);
    assert_found(&sandbox, "run.sh", "the mode in the index");
}
