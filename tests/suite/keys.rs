//! Approvals that are signed with a key: they cannot be made without the key,
//! and `ssh-keygen -Y` accepts each of them.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use ssh_key::LineEnding;
use ssh_key::private::{Ed25519Keypair, PrivateKey};

use crate::support::initialized::{
    PACKET, REFINEMENT, answer_refinement, assert_refused, commit, fill_packet, governed, run_ok,
    signature_now,
};
use crate::support::repo::{Sandbox, isolated_command};

const WP: &str = "WP-1-Two";
const CONTRACT: &str = ".GOV/roles_shared/signatures/WP-1-Two.contract";
const CONTRACT_SIGNATURE: &str = ".GOV/roles_shared/signatures/WP-1-Two.contract.sig";
const SIGNERS: &str = ".GOV/roles_shared/allowed_signers";

/// A key for tests. It is computed from its name and is not a secret.
fn key_pair(name: &str) -> PrivateKey {
    let mut seed = [0; 32];
    name.bytes().zip(&mut seed).for_each(|(from, to)| *to = from);
    PrivateKey::from(Ed25519Keypair::from_seed(&seed))
}

/// The file of the key, readable by its owner only.
pub fn write_key(sandbox: &Sandbox, name: &str) -> String {
    let path = sandbox.home().join(name);
    let text = key_pair(name).to_openssh(LineEnding::LF).expect("key");
    std::fs::write(&path, text.as_bytes()).expect("key file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mode");
    }
    path.display().to_string()
}

pub fn public_key(name: &str) -> String {
    let text = key_pair(name).public_key().to_openssh().expect("key");
    text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

/// The packet, approved by name, in a repository that requires keys and allows
/// these signers.
fn sandbox_requiring_keys(signers: &str) -> Sandbox {
    let sandbox = governed();
    sandbox.append("countersign.yaml", "require_signed_approval: true\n");
    sandbox.write(SIGNERS, signers);
    commit(&sandbox, "keys");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Two"]);
    run_ok(&sandbox, &["new", "refinement", WP, "--anchor", "9-11"]);
    answer_refinement(&sandbox, REFINEMENT);
    run_ok(&sandbox, &["refine", WP]);
    run_ok(&sandbox, &["sign", WP, &signature_now("mira")]);
    run_ok(&sandbox, &["prepare", WP, "--coder", "coder-a"]);
    run_ok(&sandbox, &["new", "packet", WP]);
    fill_packet(&sandbox, PACKET);
    sandbox.edit(PACKET, "has agreed.)\n", "has agreed.)\n\nSKELETON APPROVED\n");
    sandbox
}

fn sandbox_with_key_of_mira() -> Sandbox {
    sandbox_requiring_keys(&format!("mira@example.org namespaces=\"countersign\" {}\n", public_key("mira")))
}

fn sign_with_key(sandbox: &Sandbox, name: &str) -> String {
    let said = run_ok(sandbox, &["sign", WP, "--ssh-key", &write_key(sandbox, name), "--yes"]);
    commit(sandbox, "signed");
    said
}

fn assert_gate_fails(sandbox: &Sandbox, gate: &str, why: &str) {
    let (exit, said) = sandbox.run_redacted(&[gate, WP, "--no-run"][..if gate == "audit" { 2 } else { 3 }]);
    assert!(exit == 1 && said.contains("[approval/signed]") && said.contains(why), "{gate}: {why}: {said}");
}

/// Runs ssh-keygen if it is installed.
fn ssh_keygen(sandbox: &Sandbox, arguments: &[&str], input: Option<&str>) -> Option<Output> {
    let mut command = isolated_command("ssh-keygen", &sandbox.root, &sandbox.home());
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(match input {
        Some(path) => Stdio::from(std::fs::File::open(sandbox.root.join(path)).expect("input")),
        None => Stdio::null(),
    });
    let Ok(child) = command.spawn() else {
        eprintln!("skipped: there is no ssh-keygen here");
        return None;
    };
    Some(child.wait_with_output().expect("ssh-keygen ends"))
}

#[test]
fn a_name_is_not_enough_where_a_key_is_required() {
    let sandbox = sandbox_with_key_of_mira();
    commit(&sandbox, "by name");
    assert_gate_fails(&sandbox, "pre-work", "no key has signed the contract");
    let said = sign_with_key(&sandbox, "mira");
    assert!(said.contains("signed the contract") && !said.contains("but"), "{said}");
    let said = run_ok(&sandbox, &["pre-work", WP]);
    assert!(said.contains("contract signed by the key of mira@example.org (SHA256:"), "{said}");
    let Some(verified) = ssh_keygen(
        &sandbox,
        &[
            "-Y",
            "verify",
            "-f",
            SIGNERS,
            "-I",
            "mira@example.org",
            "-n",
            "countersign",
            "-s",
            CONTRACT_SIGNATURE,
        ],
        Some(CONTRACT),
    ) else {
        return;
    };
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}

#[test]
fn only_an_approver_approves_where_the_roles_name_one() {
    for (roles, allowed) in [
        ("[mira]", true),
        ("[tess, mira@example.org]", true),
        ("[tess]", false),
        ("[tess@example.org]", false),
        ("[Mira]", false),
    ] {
        let sandbox = sandbox_with_key_of_mira();
        commit(&sandbox, "by name");
        sign_with_key(&sandbox, "mira");
        // The rules come from main: a branch cannot give itself a role.
        sandbox.append("countersign.yaml", "roles: {approver: [mira]}\n");
        sandbox.git(&["stash", "-q"]);
        sandbox.git(&["switch", "-q", "main"]);
        sandbox.append("countersign.yaml", &format!("roles: {{approver: {roles}}}\n"));
        commit(&sandbox, "roles");
        sandbox.git(&["switch", "-q", "feat/WP-1-Two"]);
        if allowed {
            run_ok(&sandbox, &["pre-work", WP]);
        } else {
            assert_gate_fails(&sandbox, "pre-work", "`mira` signed the packet, but may not approve it");
        }
    }
}

#[test]
fn a_key_signature_survives_the_work_but_not_an_edit_of_the_contract() {
    let sandbox = sandbox_with_key_of_mira();
    sign_with_key(&sandbox, "mira");
    sandbox.append("a.txt", "two\n");
    for (from, to) in [
        ("**Status:** Ready for Dev", "**Status:** In Progress"),
        ("CODER_MODEL: <unclaimed>", "CODER_MODEL: coder-a"),
        (
            "CODER_REASONING_STRENGTH: <unclaimed> (LOW | MEDIUM | HIGH | EXTRA_HIGH)",
            "CODER_REASONING_STRENGTH: LOW",
        ),
    ] {
        sandbox.edit(PACKET, from, to);
    }
    run_ok(&sandbox, &["manifest", WP, "--write"]);
    sandbox.append(PACKET, "\n");
    let text = sandbox.read(PACKET).replace('\n', "\r\n");
    sandbox.write(PACKET, text);
    for gate in ["post-work", "audit"] {
        let (_, said) = sandbox.run_redacted(&[gate, WP, "--verbose"]);
        assert!(!said.contains("[approval/signed]"), "{said}");
    }
    let before = sandbox.read(PACKET);
    for (from, to, part) in [
        ("  - a.txt\r\n", "  - a.txt\r\n  - b.txt\r\n", "packet SCOPE (changed)"),
        ("grep -qx two a.txt", "true", "packet QUALITY_GATE (changed)"),
        ("- NONE\r\n\r\n## QUALITY", "- WAIVER_ID: W-1 | CX-573F | all\r\n\r\n## QUALITY", "waiver (added)"),
        ("RISK_TIER: LOW", "RISK_TIER: HIGH", "packet RISK_TIER (changed)"),
    ] {
        sandbox.edit(PACKET, from, to);
        assert_gate_fails(&sandbox, "post-work", part);
        assert_gate_fails(&sandbox, "audit", part);
        sandbox.write(PACKET, &before);
    }
    sandbox.edit(REFINEMENT, "The wording is normative.", "It is not.");
    assert_gate_fails(&sandbox, "post-work", "refinement (changed)");
}

#[test]
fn the_policy_revision_decides_whose_keys_count() {
    let sandbox = sandbox_with_key_of_mira();
    // The coder adds a signer in the same change.
    let own = format!("mira namespaces=\"countersign\" {}\n", public_key("coder"));
    sandbox.append(SIGNERS, &own);
    let said = sign_with_key(&sandbox, "coder");
    assert!(!said.contains("but"), "on disk the key is allowed: {said}");
    assert_gate_fails(&sandbox, "pre-work", "is not in .GOV/roles_shared/allowed_signers");
    let (_, said) = sandbox.run_redacted(&["post-work", WP, "--no-run", "--range", "main..HEAD"]);
    assert!(
        said.contains("is not in .GOV/roles_shared/allowed_signers") && said.contains("[scope/protected]"),
        "{said}"
    );
    let cases = [
        ("anna@example.org {}", "but the key belongs to another person"),
        ("*@example.org {}", "but the key belongs to another person"),
        ("mira namespaces=\"git,file\" {}", "is not allowed for the namespace `countersign`"),
        ("mira valid-before=\"20200101\" {}", "was not valid at the time of the signature"),
        ("mira valid-after=\"20990101\" {}", "was not valid at the time of the signature"),
        ("mira cert-authority {}", "is not in .GOV"),
        ("mira frob {}", "is not in .GOV"),
    ];
    for (line, why) in cases {
        let sandbox = sandbox_requiring_keys(&format!("{}\n", line.replace("{}", &public_key("mira"))));
        let said = sign_with_key(&sandbox, "mira");
        assert!(said.contains("does not allow this key to sign for mira"), "{line}: {said}");
        assert_gate_fails(&sandbox, "pre-work", why);
    }
}

#[test]
fn what_ssh_keygen_signs_is_accepted_for_its_purpose_only() {
    let sandbox = sandbox_with_key_of_mira();
    let said = run_ok(&sandbox, &["sign", WP, "--contract"]);
    assert!(said.contains("ssh-keygen -Y sign -n countersign -f KEY"), "{said}");
    let key = write_key(&sandbox, "mira");
    let sign = |namespace: &str| {
        let _ = std::fs::remove_file(sandbox.root.join(CONTRACT_SIGNATURE));
        let made = ssh_keygen(&sandbox, &["-Y", "sign", "-n", namespace, "-f", &key, CONTRACT], None);
        made.map(|made| assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr)))
    };
    if sign("file").is_none() {
        return;
    }
    commit(&sandbox, "signed for something else");
    assert_gate_fails(&sandbox, "pre-work", "its namespace is `file`");
    sign("countersign");
    commit(&sandbox, "signed");
    run_ok(&sandbox, &["pre-work", WP]);
    // The same signature with another text.
    sandbox.append(CONTRACT, "0 packet NOTHING\n");
    commit(&sandbox, "another text");
    assert_gate_fails(&sandbox, "pre-work", "it does not match the signed text");
    sandbox.remove(CONTRACT_SIGNATURE);
    commit(&sandbox, "no signature");
    assert_gate_fails(&sandbox, "pre-work", " is missing");
    sandbox.write(CONTRACT_SIGNATURE, "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n");
    commit(&sandbox, "nonsense");
    assert_gate_fails(&sandbox, "pre-work", "it cannot be read as an OpenSSH signature");
}

#[test]
fn a_contract_of_another_packet_signs_nothing_here() {
    let sandbox = sandbox_with_key_of_mira();
    sign_with_key(&sandbox, "mira");
    let other = sandbox.read(CONTRACT).replacen("WP-1-Two", "WP-1-Other", 1);
    sandbox.write(CONTRACT, other);
    let Some(made) = ssh_keygen(
        &sandbox,
        &["-Y", "sign", "-n", "countersign", "-f", &write_key(&sandbox, "mira"), "-q", CONTRACT],
        None,
    ) else {
        return;
    };
    // ssh-keygen asks before it overwrites a file, and gets no answer.
    if !made.status.success() || sandbox.git(&["status", "--porcelain", CONTRACT_SIGNATURE]).is_empty() {
        sandbox.remove(CONTRACT_SIGNATURE);
        ssh_keygen(
            &sandbox,
            &["-Y", "sign", "-n", "countersign", "-f", &write_key(&sandbox, "mira"), CONTRACT],
            None,
        );
    }
    commit(&sandbox, "another contract");
    assert_gate_fails(&sandbox, "pre-work", "the signed text is not a contract of `WP-1-Two`");
}

#[test]
fn keys_that_cannot_sign_are_refused_with_a_reason() {
    let sandbox = sandbox_with_key_of_mira();
    let refuses = |path: &str, why: &str| {
        let (exit, said) = sandbox.run_redacted(&["sign", WP, "--ssh-key", path, "--yes"]);
        assert!(exit == 2 && said.contains(why), "{path}: {exit} {said}");
        assert!(
            !sandbox.root.join(CONTRACT_SIGNATURE).exists() && !sandbox.root.join(CONTRACT).exists(),
            "{path}"
        );
    };
    sandbox.write("../home/mira.pub", public_key("mira"));
    refuses(&sandbox.home().join("mira.pub").display().to_string(), "this is a public key");
    refuses("../home/nothing", "nothing");
    for (kind, secret, why) in [("ed25519", "secret", "protected by a passphrase"), ("ecdsa", "", "")] {
        let path = sandbox.home().join(kind).display().to_string();
        if ssh_keygen(&sandbox, &["-q", "-t", kind, "-N", secret, "-f", &path], None).is_some() {
            refuses(&path, why);
        }
    }
    let mut program = sandbox.program();
    let output = program
        .env_remove("SSH_AUTH_SOCK")
        .args(["sign", WP, "--ssh-key", "agent", "--yes"])
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("SSH_AUTH_SOCK is not set"));
    let bare = governed();
    run_ok(&bare, &["new", "refinement", WP, "--anchor", "9-11"]);
    assert_refused(
        &bare,
        &["sign", WP, "--ssh-key", &write_key(&bare, "mira"), "--yes"],
        "`WP-1-Two` has no packet",
    );
}

/// An SSH agent for one test, stopped at its end.
struct Agent {
    socket: String,
    pid: String,
}

impl Agent {
    fn start(sandbox: &Sandbox) -> Option<Self> {
        let output = isolated_command("ssh-agent", &sandbox.root, &sandbox.home()).arg("-s").output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let value = |name: &str| {
            let (_, rest) = text.split_once(&format!("{name}="))?;
            Some(rest.split(';').next()?.to_owned())
        };
        Some(Self { socket: value("SSH_AUTH_SOCK")?, pid: value("SSH_AGENT_PID")? })
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(&self.pid).status();
    }
}

#[cfg(unix)]
#[test]
fn the_agent_signs_with_the_key_that_counts() {
    let sandbox = sandbox_with_key_of_mira();
    let Some(agent) = Agent::start(&sandbox) else {
        eprintln!("skipped: there is no ssh-agent here");
        return;
    };
    for name in ["coder", "mira"] {
        let mut add = isolated_command("ssh-add", &sandbox.root, &sandbox.home());
        add.env("SSH_AUTH_SOCK", &agent.socket).arg("-q").arg(Path::new(&write_key(&sandbox, name)));
        assert!(add.status().expect("ssh-add runs").success());
    }
    let mut program = sandbox.program();
    program.env("SSH_AUTH_SOCK", &agent.socket).args(["sign", WP, "--ssh-key", "agent", "--yes"]);
    let output = program.output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    commit(&sandbox, "signed");
    run_ok(&sandbox, &["pre-work", WP]);
}

#[test]
fn a_key_signature_survives_a_squash_merge() {
    for is_signed in [true, false] {
        let sandbox = sandbox_with_key_of_mira();
        if is_signed {
            sign_with_key(&sandbox, "mira");
        } else {
            commit(&sandbox, "by name");
        }
        sandbox.append("a.txt", "two\n");
        run_ok(&sandbox, &["manifest", WP, "--write"]);
        commit(&sandbox, "work");
        sandbox.git(&["switch", "-q", "main"]);
        sandbox.git(&["merge", "-q", "--squash", "feat/WP-1-Two"]);
        commit(&sandbox, "Two (#1)");
        let (_, said) = sandbox.run_redacted(&["post-work", WP, "--range", "main~1..main", "--no-run"]);
        assert_eq!(said.contains("error[approval/"), !is_signed, "{said}");
    }
}
