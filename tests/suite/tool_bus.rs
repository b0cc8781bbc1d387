//! The tool bus as a user meets it: rights come from the trusted configuration, and what
//! was not granted does not run.

#[cfg(target_os = "linux")]
use std::path::{Path, PathBuf};

use countersign::DemoRepository;

use crate::support::repo::Sandbox;

const JUDGE: [&str; 2] = ["pre-work", "WP-1-Farewell"];

/// An approved packet whose pre-work runs one step with these settings.
fn with_rights(step: &str, profiles: &str) -> Sandbox {
    with_command("[sh, -c, touch ran]", step, profiles)
}

#[cfg(target_os = "linux")]
fn with_confined(run: &str, step: &str) -> Sandbox {
    with_command(run, step, "")
}

fn with_command(run: &str, step: &str, profiles: &str) -> Sandbox {
    with_command_in(Sandbox::new(), run, step, profiles)
}

fn with_command_in(sandbox: Sandbox, run: &str, step: &str, profiles: &str) -> Sandbox {
    DemoRepository::base_files().into_iter().for_each(|(path, text)| sandbox.write(path, text));
    sandbox.write(
        "countersign.yaml",
        format!(
            "version: 1\n{profiles}steps:\n  - name: proof\n    run: {run}\n    gates: [pre-work]\n\
             \x20   tests: false\n{step}"
        ),
    );
    let base = sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    DemoRepository::approved_files(&base).into_iter().for_each(|(path, text)| sandbox.write(path, text));
    sandbox.commit("packet");
    sandbox
}

fn ran(sandbox: &Sandbox) -> bool {
    sandbox.root.join("ran").exists()
}

#[test]
fn a_step_gets_what_its_profile_grants() {
    let granted = "profiles:\n  tests: [\"proc.exec:sh\", fs.read, \"fs.write:workspace\"]\n";
    let sandbox = with_rights("    profile: tests\n", granted);
    let (_, said) = sandbox.run_redacted(&JUDGE);
    assert!(ran(&sandbox), "{said}");
    // The hostile twins: another program, and a right that the profile does not have.
    let other = "profiles:\n  tests: [\"proc.exec:cargo\", fs.read]\n";
    let refused = [
        ("    profile: tests\n", other, "proc.exec:sh"),
        ("    profile: tests\n    capabilities: [\"proc.exec:sh\"]\n", other, "proc.exec:sh"),
        ("    profile: tests\n    capabilities: [\"net.http:any\"]\n", granted, "net.http:any"),
    ];
    for (step, profiles, capability) in refused {
        let sandbox = with_rights(step, profiles);
        let (exit, said) = sandbox.run_redacted(&JUDGE);
        assert_eq!(exit, 2, "{said}");
        assert!(!ran(&sandbox), "{said}");
        let expected = format!("`{capability}` is not granted by the profile `tests`");
        assert!(said.contains("G-CAP") && said.contains(&expected), "{said}");
        let (_, log) = sandbox.run_redacted(&["log", "--all"]);
        assert!(log.contains(&format!("{capability}: deny")), "{log}");
        assert!(log.contains("G-CAP deny process.run") && log.contains("G-DET pass"), "{log}");
        let (_, problems) = sandbox.run_redacted(&["problems", "WP-1-Farewell"]);
        assert!(problems.contains("G-CAP"), "{problems}");
    }
}

#[test]
fn an_unknown_capability_is_a_mistake_in_the_configuration() {
    for (step, profiles) in [
        ("    capabilities: [\"proc.exce:sh\"]\n", ""),
        ("", "profiles:\n  tests: [magic.wand]\n"),
        ("    capabilities: [\"net.http\"]\n", ""),
        ("    profile: none-of-these\n", "profiles:\n  tests: [fs.read]\n"),
    ] {
        let sandbox = with_rights(step, profiles);
        let (exit, said) = sandbox.run_redacted(&JUDGE);
        assert_eq!(exit, 2, "{said}");
        assert!(!ran(&sandbox) && said.contains("countersign.yaml:"), "{said}");
        let is_unknown = step.contains("exce") || profiles.contains("magic");
        assert_eq!(said.contains("HSK-4001"), is_unknown, "{said}");
    }
}

#[test]
fn a_credential_is_a_right() {
    let keeps = "    environment: {keep: [PATH, DEPLOY_TOKEN]}\n";
    let run = |sandbox: &Sandbox| {
        let output = sandbox.program().args(JUDGE).env("DEPLOY_TOKEN", "hunter2").output().expect("runs");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let sandbox = with_rights(keeps, "");
    let said = run(&sandbox);
    assert!(ran(&sandbox), "the configuration names it: {said}");
    let (_, log) = sandbox.run_redacted(&["log", "--all"]);
    assert!(log.contains("secrets.use:DEPLOY_TOKEN: allow"), "{log}");
    let profile = "profiles:\n  tests: [\"proc.exec:sh\", fs.read]\n";
    let sandbox = with_rights(&format!("{keeps}    profile: tests\n"), profile);
    let said = run(&sandbox);
    assert!(!ran(&sandbox) && said.contains("secrets.use:DEPLOY_TOKEN"), "{said}");
}

#[test]
fn rights_come_from_the_trusted_revision() {
    let profiles = "profiles:\n  tests: [\"proc.exec:cargo\", fs.read]\n";
    let sandbox = with_rights("    profile: tests\n    capabilities: [\"proc.exec:sh\"]\n", profiles);
    // The work grants itself what it needs.
    sandbox.edit("countersign.yaml", "proc.exec:cargo", "proc.exec:sh");
    let (_, said) = sandbox.run_redacted(&JUDGE);
    assert!(!ran(&sandbox), "{said}");
}

/// Whether the kernel can confine programs: otherwise rights are only declared.
#[cfg(target_os = "linux")]
fn kernel_confines() -> bool {
    let known = std::fs::read_to_string("/sys/kernel/security/lsm").unwrap_or_default();
    let sandbox =
        with_confined("[sh, -c, \"echo x > ../outside\"]", "    capabilities: [fs.write:workspace]\n");
    sandbox.run(&JUDGE);
    let confines = !sandbox.root.with_file_name("outside").exists();
    assert!(confines || !known.contains("landlock"), "the kernel has Landlock, and nothing is enforced");
    if !confines {
        eprintln!("skipped: this kernel cannot confine programs");
    }
    confines
}

#[cfg(target_os = "linux")]
#[test]
fn a_confined_step_writes_only_what_it_was_granted() {
    if !kernel_confines() {
        return;
    }
    // What is written, the rights of the step, whether it works.
    let cases = [
        ("out/a", "[\"fs.write:out/\"]", true),
        ("report.xml", "[\"fs.write:report.xml\"]", true),
        ("other.xml", "[\"fs.write:report.xml\"]", false),
        ("src/new.rs", "[\"fs.write:out/\"]", false),
        ("../outside", "[\"fs.write:workspace\"]", false),
        ("../outside", "[\"fs.write:workspace\", \"fs.write:tmp\"]", true),
        ("$HOME/.cargo/config.toml", "[\"fs.write:workspace\", \"fs.write:cache\"]", false),
        ("$HOME/.cache/x", "[\"fs.write:cache\"]", true),
        ("/dev/null", "[\"fs.write:out/\"]", true),
    ];
    for (target, rights, works) in cases {
        let run = format!("[sh, -c, \"echo x > {target}\"]");
        let sandbox = with_confined(&run, &format!("    capabilities: {rights}\n"));
        std::fs::create_dir_all(sandbox.home().join(".cargo")).expect("folder");
        std::fs::create_dir_all(sandbox.home().join(".cache")).expect("folder");
        let mut program = sandbox.program();
        // The test's own folder is below the folder for temporary files.
        let output = program.args(JUDGE).env("TMPDIR", sandbox.dir.path()).output().expect("runs");
        let both = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&both).into_owned();
        assert!(!said.contains("is denied"), "{said}");
        let failed = said.contains("ended with exit code");
        assert_eq!(!failed, works, "{target} with {rights}: {said}");
        // The same step runs without a confinement if the configuration says so.
        if !works {
            let free = with_confined(&run, &format!("    capabilities: {rights}\n    confine: false\n"));
            std::fs::create_dir_all(free.home().join(".cargo")).expect("folder");
            let (_, said) = free.run_redacted(&JUDGE);
            assert!(!said.contains("ended with exit code"), "{target}: {said}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_step_of_a_known_toolchain_is_confined_by_default() {
    use std::os::unix::fs::PermissionsExt as _;
    if !kernel_confines() {
        return;
    }
    // A home folder that is no temporary file, which every program may write.
    let is_temporary = |path: &Path| path.starts_with("/tmp") || path.starts_with("/var/tmp");
    let caches = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let places = [Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR"))), caches];
    let Some(outside) = places.into_iter().flatten().find(|path| !is_temporary(path)) else {
        eprintln!("skipped: every folder here is one of temporary files");
        return;
    };
    std::fs::create_dir_all(&outside).expect("folder");
    // What the program with this name writes, the settings, whether it works.
    let cases = [
        ("cargo", "ran", "", true),
        ("cargo", "target/debug/a", "", true),
        ("cargo", "$HOME/.cargo/registry/index", "", true),
        ("cargo", "$HOME/.cargo/config.toml", "", false),
        ("cargo", "$HOME/.bashrc", "", false),
        ("cargo", "$HOME/.bashrc", "    confine: false\n", true),
        ("cargo", "$HOME/.config/app", "    capabilities: [fs.write]\n", false),
        ("npm", "$HOME/.npm/_cacache/a", "", true),
        ("npm", "$HOME/.npmrc", "", false),
        ("go", "$HOME/go/pkg/a", "", true),
        ("go", "$HOME/go/bin/a", "", false),
        ("pytest", "$HOME/.cache/pip", "", true),
        ("pytest", "$HOME/.config/pip.conf", "", false),
        ("runner", "$HOME/.bashrc", "", true),
        ("runner", "$HOME/.bashrc", "    confine: true\n", false),
    ];
    for (name, target, step, works) in cases {
        let sandbox = Sandbox::new();
        let script = format!("#!/bin/sh\nmkdir -p target/debug\necho 'new' > \"{target}\"\n");
        sandbox.write(&format!("bin/{name}"), &script);
        let program = sandbox.root.join(format!("bin/{name}"));
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("mode");
        sandbox.write(".gitignore", "/target/\n/ran\n");
        let sandbox = with_command_in(sandbox, &format!("[bin/{name}]"), step, "");
        let home = tempfile::tempdir_in(&outside).expect("a home folder");
        for folder in [".config", "go/bin"] {
            std::fs::create_dir_all(home.path().join(folder)).expect("folder");
        }
        let mut command = sandbox.program();
        command.args(JUDGE).env("HOME", home.path()).env_remove("CARGO_HOME").env_remove("RUSTUP_HOME");
        let output = command.output().expect("runs");
        let both = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&both).into_owned();
        let failed = said.contains("ended with exit code");
        assert_eq!(!failed, works, "{name} writes {target} with {step:?}: {said}");
        if failed {
            // The refused path and what to type are in the report.
            let path = target.replace("$HOME/", "");
            assert!(said.contains(&path) && said.contains("confine: false"), "{target}: {said}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn memory_and_processor_time_are_limited() {
    let cases = [
        ("[tail, /dev/zero]", "memory: 150MiB", "used more than 150 MiB"),
        ("[sh, -c, \"tail /dev/zero & wait\"]", "memory: 150MiB", "used more than 150 MiB"),
        ("[sh, -c, \"while :; do :; done\"]", "cpu_time: 1s", "used more than 1 s of processor time"),
    ];
    for (run, limit, expected) in cases {
        let sandbox = with_confined(run, &format!("    {limit}\n    timeout: 60s\n"));
        let (exit, said) = sandbox.run_redacted(&JUDGE);
        assert!(exit == 1 && said.contains(expected), "{run}: {exit}: {said}");
    }
    let honest = with_confined("[sh, -c, touch ran]", "    memory: 1GiB\n    cpu_time: 1m\n");
    honest.run(&JUDGE);
    assert!(ran(&honest));
    for wrong in ["memory: 2GB", "memory: 1KiB", "memory: much", "cpu_time: 2 days"] {
        let sandbox = with_confined("[sh, -c, touch ran]", &format!("    {wrong}\n"));
        assert_eq!(sandbox.run_redacted(&JUDGE).0, 2, "{wrong}");
    }
}
