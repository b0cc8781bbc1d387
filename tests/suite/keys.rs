//! Approvals that are signed with a key: nobody without the key can make
//! them, and `ssh-keygen -Y` agrees with every one.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use ssh_key::LineEnding;
use ssh_key::private::{Ed25519Keypair, PrivateKey};

use crate::support::office::{PACKET, REFINEMENT, answer, commit, done, fill, governed, refused, signature};
use crate::support::repo::{Sandbox, scrubbed};

const WP: &str = "WP-1-Two";
const CONTRACT: &str = ".GOV/roles_shared/signatures/WP-1-Two.contract";
const SEAL: &str = ".GOV/roles_shared/signatures/WP-1-Two.contract.sig";
const SIGNERS: &str = ".GOV/roles_shared/allowed_signers";

/// A key of the tests: it is made from its name, so nobody's secret.
fn pair(name: &str) -> PrivateKey {
    let mut seed = [0; 32];
    name.bytes().zip(&mut seed).for_each(|(from, to)| *to = from);
    PrivateKey::from(Ed25519Keypair::from_seed(&seed))
}

/// Its file, where only its owner can read it.
fn key(sandbox: &Sandbox, name: &str) -> String {
    let path = sandbox.home().join(name);
    let text = pair(name).to_openssh(LineEnding::LF).expect("key");
    std::fs::write(&path, text.as_bytes()).expect("key file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mode");
    }
    path.display().to_string()
}

fn public(name: &str) -> String {
    let text = pair(name).public_key().to_openssh().expect("key");
    text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

/// The packet, approved by name, in a repository that demands keys and allows
/// these signers.
fn demanding(signers: &str) -> Sandbox {
    let sandbox = governed();
    sandbox.append("countersign.yaml", "require_signed_approval: true\n");
    sandbox.write(SIGNERS, signers);
    commit(&sandbox, "keys");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Two"]);
    done(&sandbox, &["new", "refinement", WP, "--anchor", "9-11"]);
    answer(&sandbox, REFINEMENT);
    done(&sandbox, &["refine", WP]);
    done(&sandbox, &["sign", WP, &signature("mira")]);
    done(&sandbox, &["prepare", WP, "--coder", "coder-a"]);
    done(&sandbox, &["new", "packet", WP]);
    fill(&sandbox, PACKET);
    sandbox.edit(PACKET, "has agreed.)\n", "has agreed.)\n\nSKELETON APPROVED\n");
    sandbox
}

fn mira() -> Sandbox {
    demanding(&format!("mira@example.org namespaces=\"countersign\" {}\n", public("mira")))
}

fn signed(sandbox: &Sandbox, name: &str) -> String {
    let said = done(sandbox, &["sign", WP, "--ssh-key", &key(sandbox, name)]);
    commit(sandbox, "signed");
    said
}

fn fails(sandbox: &Sandbox, gate: &str, why: &str) {
    let (exit, said) = sandbox.told(&[gate, WP, "--no-run"][..if gate == "audit" { 2 } else { 3 }]);
    assert!(exit == 1 && said.contains("[approval/signed]") && said.contains(why), "{gate}: {why}: {said}");
}

/// Runs ssh-keygen, where it is installed.
fn ssh_keygen(sandbox: &Sandbox, arguments: &[&str], input: Option<&str>) -> Option<Output> {
    let mut command = scrubbed("ssh-keygen", &sandbox.root, &sandbox.home());
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
fn a_name_is_not_enough_where_a_key_is_demanded() {
    let sandbox = mira();
    commit(&sandbox, "by name");
    fails(&sandbox, "pre-work", "no key has signed the contract");
    let said = signed(&sandbox, "mira");
    assert!(said.contains("signed it") && !said.contains("but"), "{said}");
    let said = done(&sandbox, &["pre-work", WP]);
    assert!(said.contains("contract signed by the key of mira@example.org (SHA256:"), "{said}");
    let Some(verified) = ssh_keygen(
        &sandbox,
        &["-Y", "verify", "-f", SIGNERS, "-I", "mira@example.org", "-n", "countersign", "-s", SEAL],
        Some(CONTRACT),
    ) else {
        return;
    };
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}

#[test]
fn the_work_does_not_break_it_and_the_contract_does() {
    let sandbox = mira();
    signed(&sandbox, "mira");
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
    done(&sandbox, &["manifest", WP, "--write"]);
    sandbox.append(PACKET, "\n");
    let text = sandbox.read(PACKET).replace('\n', "\r\n");
    sandbox.write(PACKET, text);
    for gate in ["post-work", "audit"] {
        let (_, said) = sandbox.told(&[gate, WP, "--verbose"]);
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
        fails(&sandbox, "post-work", part);
        fails(&sandbox, "audit", part);
        sandbox.write(PACKET, &before);
    }
    sandbox.edit(REFINEMENT, "The wording is normative.", "It is not.");
    fails(&sandbox, "post-work", "refinement (changed)");
}

#[test]
fn whose_keys_count_says_the_trusted_revision() {
    let sandbox = mira();
    // The coder allows himself, in the same work.
    let own = format!("mira namespaces=\"countersign\" {}\n", public("coder"));
    sandbox.append(SIGNERS, &own);
    let said = signed(&sandbox, "coder");
    assert!(!said.contains("but"), "on disk the key is allowed: {said}");
    fails(&sandbox, "pre-work", "is not in .GOV/roles_shared/allowed_signers");
    let (_, said) = sandbox.told(&["post-work", WP, "--no-run", "--range", "main..HEAD"]);
    assert!(
        said.contains("is not in .GOV/roles_shared/allowed_signers") && said.contains("[scope/protected]"),
        "{said}"
    );
    let cases = [
        ("anna@example.org {}", "but the key belongs to somebody else"),
        ("*@example.org {}", "but the key belongs to somebody else"),
        ("mira namespaces=\"git,file\" {}", "may not sign for the namespace `countersign`"),
        ("mira valid-before=\"20200101\" {}", "was not valid at the moment of the signature"),
        ("mira valid-after=\"20990101\" {}", "was not valid at the moment of the signature"),
        ("mira cert-authority {}", "is not in .GOV"),
        ("mira frob {}", "is not in .GOV"),
    ];
    for (line, why) in cases {
        let sandbox = demanding(&format!("{}\n", line.replace("{}", &public("mira"))));
        let said = signed(&sandbox, "mira");
        assert!(said.contains("does not allow this key to sign for mira"), "{line}: {said}");
        fails(&sandbox, "pre-work", why);
    }
}

#[test]
fn what_ssh_keygen_signs_is_accepted_for_its_purpose_only() {
    let sandbox = mira();
    let said = done(&sandbox, &["sign", WP, "--contract"]);
    assert!(said.contains("ssh-keygen -Y sign -n countersign -f KEY"), "{said}");
    let key = key(&sandbox, "mira");
    let sign = |namespace: &str| {
        let _ = std::fs::remove_file(sandbox.root.join(SEAL));
        let made = ssh_keygen(&sandbox, &["-Y", "sign", "-n", namespace, "-f", &key, CONTRACT], None);
        made.map(|made| assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr)))
    };
    if sign("file").is_none() {
        return;
    }
    commit(&sandbox, "signed for something else");
    fails(&sandbox, "pre-work", "it was made for the namespace `file`");
    sign("countersign");
    commit(&sandbox, "signed");
    done(&sandbox, &["pre-work", WP]);
    // Another text under the same signature.
    sandbox.append(CONTRACT, "0 packet NOTHING\n");
    commit(&sandbox, "another text");
    fails(&sandbox, "pre-work", "it does not sign this text");
    sandbox.remove(SEAL);
    commit(&sandbox, "no signature");
    fails(&sandbox, "pre-work", "one is missing");
    sandbox.write(SEAL, "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n");
    commit(&sandbox, "nonsense");
    fails(&sandbox, "pre-work", "it is no OpenSSH signature");
}

#[test]
fn a_contract_of_another_packet_signs_nothing_here() {
    let sandbox = mira();
    signed(&sandbox, "mira");
    let other = sandbox.read(CONTRACT).replacen("WP-1-Two", "WP-1-Other", 1);
    sandbox.write(CONTRACT, other);
    let Some(made) = ssh_keygen(
        &sandbox,
        &["-Y", "sign", "-n", "countersign", "-f", &key(&sandbox, "mira"), "-q", CONTRACT],
        None,
    ) else {
        return;
    };
    // It asks before it overwrites, and nobody answers.
    if !made.status.success() || sandbox.git(&["status", "--porcelain", SEAL]).is_empty() {
        sandbox.remove(SEAL);
        ssh_keygen(
            &sandbox,
            &["-Y", "sign", "-n", "countersign", "-f", &key(&sandbox, "mira"), CONTRACT],
            None,
        );
    }
    commit(&sandbox, "another contract");
    fails(&sandbox, "pre-work", "is no contract of `WP-1-Two`");
}

#[test]
fn keys_that_cannot_sign_say_why() {
    let sandbox = mira();
    let refuses = |path: &str, why: &str| {
        let (exit, said) = sandbox.told(&["sign", WP, "--ssh-key", path]);
        assert!(exit == 2 && said.contains(why), "{path}: {exit} {said}");
        assert!(!sandbox.root.join(SEAL).exists() && !sandbox.root.join(CONTRACT).exists(), "{path}");
    };
    sandbox.write("../home/mira.pub", public("mira"));
    refuses(&sandbox.home().join("mira.pub").display().to_string(), "it is the public key");
    refuses("../home/nothing", "nothing");
    for (kind, secret, why) in [("ed25519", "secret", "protected by a passphrase"), ("ecdsa", "", "")] {
        let path = sandbox.home().join(kind).display().to_string();
        if ssh_keygen(&sandbox, &["-q", "-t", kind, "-N", secret, "-f", &path], None).is_some() {
            refuses(&path, why);
        }
    }
    let mut program = sandbox.program();
    let output =
        program.env_remove("SSH_AUTH_SOCK").args(["sign", WP, "--ssh-key", "agent"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("SSH_AUTH_SOCK is not set"));
    let bare = governed();
    done(&bare, &["new", "refinement", WP, "--anchor", "9-11"]);
    refused(&bare, &["sign", WP, "--ssh-key", &key(&bare, "mira")], "there is no packet of `WP-1-Two`");
}

/// An agent of our own, ended with the test.
struct Agent {
    socket: String,
    pid: String,
}

impl Agent {
    fn start(sandbox: &Sandbox) -> Option<Self> {
        let output = scrubbed("ssh-agent", &sandbox.root, &sandbox.home()).arg("-s").output().ok()?;
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
    let sandbox = mira();
    let Some(agent) = Agent::start(&sandbox) else {
        eprintln!("skipped: there is no ssh-agent here");
        return;
    };
    for name in ["coder", "mira"] {
        let mut add = scrubbed("ssh-add", &sandbox.root, &sandbox.home());
        add.env("SSH_AUTH_SOCK", &agent.socket).arg("-q").arg(Path::new(&key(&sandbox, name)));
        assert!(add.status().expect("ssh-add runs").success());
    }
    let mut program = sandbox.program();
    program.env("SSH_AUTH_SOCK", &agent.socket).args(["sign", WP, "--ssh-key", "agent"]);
    let output = program.output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    commit(&sandbox, "signed");
    done(&sandbox, &["pre-work", WP]);
}
