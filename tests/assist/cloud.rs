//! A server that forwards to the cloud: not one byte leaves without a signature over exactly
//! these bytes.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::fixture::{WP, assist, configure, remark, report, with_work};
use crate::server::Server;
use crate::support::repo::{Sandbox, isolated_command};

/// A repository, a counting server, and a person with a key.
struct Cloud {
    sandbox: Sandbox,
    server: Server,
    key: PathBuf,
}

impl Cloud {
    /// `None` without `ssh-keygen`.
    fn new(policy: &str) -> Option<Self> {
        let sandbox = with_work();
        let server = Server::with_remark(&remark("a remark"));
        let key = sandbox.home().join("key");
        let made = isolated_command("ssh-keygen", &sandbox.root, &sandbox.home())
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "mira", "-f"])
            .arg(&key)
            .status();
        if !made.is_ok_and(|status| status.success()) {
            eprintln!("skipped: there is no ssh-keygen here");
            return None;
        }
        let public = std::fs::read_to_string(key.with_extension("pub")).expect("public key");
        let signers = sandbox.home().join("signers");
        std::fs::write(&signers, format!("mira namespaces=\"countersign-consent\" {public}"))
            .expect("signers");
        let cloud = Self { sandbox, server, key };
        cloud.configure(policy, cloud.server.port());
        Some(cloud)
    }

    fn configure(&self, policy: &str, port: u16) {
        let signers = self.sandbox.home().join("signers").display().to_string();
        configure(
            &self.sandbox,
            &format!(
                "models:\n  cloud: {policy}\n  consent_signers: {signers}\n  providers:\n    gateway:\n      kind: openai_compat\n\
                 \x20     tier: cloud\n      relay: true\n      base_url: http://127.0.0.1:{port}\n      models: [big]\n\
                 \x20 roles:\n    validator: {{provider: gateway, model: big}}\n"
            ),
        );
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        self.sandbox.run_redacted(arguments)
    }

    fn payload(&self) -> PathBuf {
        self.sandbox.home().join("payload.json")
    }

    fn file(&self, end: &str) -> String {
        format!("{}{end}", self.payload().display())
    }

    /// Writes what would be sent.
    fn dry_run(&self) -> (i32, String) {
        self.run(&["review", "assist", WP, "--dry-run", &self.file("")])
    }

    /// Signs it with a key.
    fn sign(&self, key: &Path, more: &[&str]) -> (i32, String) {
        let (plan, key) = (self.file(".plan.json"), key.display().to_string());
        self.run(&[&["review", "consent", &plan, "--ssh-key", &key, "--as", "mira", "--yes"], more].concat())
    }

    fn send(&self) -> Output {
        let consent = self.file(".consent.json");
        self.sandbox.run(&["review", "assist", WP, "--again", "--consent", &consent])
    }

    /// Sends with a changed consent; it must be refused, and nothing may leave.
    fn refuse(&self, name: &str, code: &str) {
        let before = self.server.connections();
        let output = self.send();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains(code), "{name}: {said}");
        assert_eq!(self.server.connections(), before, "{name}: somebody connected");
    }
}

#[test]
fn nothing_leaves_without_a_signature_over_these_bytes() {
    let Some(cloud) = Cloud::new("consent") else { return };
    // Asked without a consent: the message says what to do.
    let (exit, said) = cloud.run(&["review", "assist", WP]);
    assert!(
        exit == 2 && said.contains("HSK-403-CLOUD-CONSENT-REQUIRED") && said.contains("--dry-run"),
        "{said}"
    );
    let (exit, said) = cloud.dry_run();
    assert_eq!(exit, 0, "{said}");
    for part in ["what would be sent", "sha256", "gateway", "src/farewell.rs", "removed   nothing"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(cloud.server.connections(), 0);
    let (exit, said) = cloud.sign(&cloud.key, &[]);
    assert_eq!(exit, 0, "{said}");
    let sent = cloud.send();
    assert_eq!(sent.status.code(), Some(1), "{}", String::from_utf8_lossy(&sent.stderr));
    assert!(String::from_utf8_lossy(&sent.stdout).contains("src/farewell.rs:1: a remark"));
    let requests = cloud.server.received();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        requests[0].body,
        std::fs::read(cloud.payload()).expect("payload"),
        "the bytes that were shown"
    );
    // Once.
    let again = cloud.send();
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.code() == Some(2) && said.contains("was used at"), "{said}");
    assert_eq!(cloud.server.received().len(), 1);
    let (_, log) = cloud.run(&["log"]);
    for part in ["cloud requested", "cloud approved", "cloud executed", "cloud denied", "POISONED"] {
        assert!(log.contains(part), "{part}: {log}");
    }
    // The audit of the packet is what it was.
    let (exit, audit) = report(&cloud.sandbox, &["audit", WP]);
    assert!(
        exit == 1 && audit["run"]["ledger"]["untrusted_jobs"].as_array().is_some_and(|all| all.len() == 1),
        "{audit}"
    );
}

#[test]
fn a_consent_that_does_not_hold_sends_nothing() {
    let Some(cloud) = Cloud::new("consent") else { return };
    cloud.dry_run();
    let (exit, said) = cloud.sign(&cloud.key, &[]);
    assert_eq!(exit, 0, "{said}");
    let path = PathBuf::from(cloud.file(".consent.json"));
    let honest = std::fs::read_to_string(&path).expect("consent");
    let changes: [(&str, &str, Value); 9] = [
        ("/statement/projection_plan/payload_sha256", "hash", "0".repeat(64).into()),
        ("/statement/projection_plan/max_bytes", "size", 1.into()),
        ("/statement/consent_receipt/approved", "approval", false.into()),
        ("/statement/consent_receipt/valid_until_utc", "time", "2099-01-01T00:00:00Z".into()),
        ("/statement/consent_receipt/user_id", "user", "tess".into()),
        ("/statement/request/requested_model_id", "model", "other".into()),
        ("/statement/destination/url", "address", "http://127.0.0.1:9/v1/chat/completions".into()),
        ("/signature", "signature", "".into()),
        ("/schema", "version", "countersign.consent/v2".into()),
    ];
    for (pointer, name, value) in changes {
        let mut changed: Value = serde_json::from_str(&honest).expect("JSON");
        *changed.pointer_mut(pointer).expect("there") = value;
        std::fs::write(&path, changed.to_string()).expect("consent");
        cloud.refuse(name, "HSK-403-CLOUD-CONSENT-MISMATCH");
    }
    for (name, text) in
        [("no JSON", "yes"), ("an unknown key", "{\"schema\":\"countersign.consent/v1\",\"ok\":1}")]
    {
        std::fs::write(&path, text).expect("consent");
        cloud.refuse(name, "is not a consent");
    }
    // The work changed after it was signed; then it is as it was.
    std::fs::write(&path, &honest).expect("consent");
    let work = cloud.sandbox.read("src/farewell.rs");
    cloud.sandbox.append("src/farewell.rs", "// more\n");
    cloud.sandbox.commit("more");
    cloud.refuse("other work", "other bytes would be sent");
    cloud.sandbox.write("src/farewell.rs", &work);
    cloud.sandbox.git(&["reset", "-q", "--hard", "HEAD~1"]);
    // Another server under the same name.
    let other = Server::with_remark(&remark("evil"));
    cloud.configure("consent", other.port());
    cloud.refuse("another port", "another destination");
    assert_eq!(other.received().len(), 0);
    // The policy of the user counts more than any signature.
    for (policy, code) in
        [("locked", "HSK-403-GOVERNANCE-LOCKED"), ("denied", "HSK-403-CLOUD-ESCALATION-DENIED")]
    {
        cloud.configure(policy, cloud.server.port());
        cloud.refuse(policy, code);
    }
    cloud.configure("consent", cloud.server.port());
    assert_eq!(cloud.send().status.code(), Some(1));
    assert_eq!(cloud.server.received().len(), 1);
}

#[test]
fn an_agent_consents_to_nothing() {
    let Some(cloud) = Cloud::new("consent") else { return };
    cloud.dry_run();
    // In the environment of an agent, with the person's own key.
    let plan = cloud.file(".plan.json");
    let key = cloud.key.display().to_string();
    let arguments = ["review", "consent", &plan, "--ssh-key", &key, "--as", "mira", "--yes"];
    let output = cloud.sandbox.program().env("CLAUDECODE", "1").args(arguments).output().expect("runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("an agent consents to nothing"), "{said}");
    // With a key of its own.
    let own = cloud.sandbox.home().join("own");
    let made = isolated_command("ssh-keygen", &cloud.sandbox.root, &cloud.sandbox.home())
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&own)
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    let (exit, said) = cloud.sign(&own, &[]);
    assert!(exit == 2 && said.contains("may not consent as `mira`"), "{exit}: {said}");
    assert!(!PathBuf::from(cloud.file(".consent.json")).exists());
    assert_eq!(cloud.sign(&cloud.key, &[]).0, 0);
    // A list of signers in the repository, or none at all, allows nobody.
    cloud.sandbox.write("allowed_signers", "mira ssh-ed25519 AAAA\n");
    std::fs::remove_file(cloud.sandbox.home().join("signers")).expect("removed");
    let output = cloud.send();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(cloud.server.connections(), 0);
}

#[test]
fn other_bytes_than_those_of_the_plan_are_not_signed() {
    let Some(cloud) = Cloud::new("consent") else { return };
    cloud.dry_run();
    let mut bytes = std::fs::read(cloud.payload()).expect("payload");
    bytes.push(b' ');
    std::fs::write(cloud.payload(), bytes).expect("payload");
    let (exit, said) = cloud.sign(&cloud.key, &[]);
    assert!(exit == 2 && said.contains("the plan is for other bytes"), "{exit}: {said}");
    // A plan that points elsewhere.
    cloud.dry_run();
    let plan = PathBuf::from(cloud.file(".plan.json"));
    let text =
        std::fs::read_to_string(&plan).expect("plan").replace("\"payload.json\"", "\"../../etc/hostname\"");
    std::fs::write(&plan, text).expect("plan");
    let (exit, said) = cloud.sign(&cloud.key, &[]);
    assert!(exit == 2 && said.contains("must be beside it"), "{exit}: {said}");
}

#[test]
fn an_answer_that_was_kept_needs_no_second_consent() {
    let Some(cloud) = Cloud::new("consent") else { return };
    cloud.dry_run();
    cloud.sign(&cloud.key, &["--minutes", "1"]);
    assert_eq!(cloud.send().status.code(), Some(1));
    let (exit, advice) = assist(&cloud.sandbox, &[]);
    assert!(exit == 1 && advice["is_kept"] == true, "{advice}");
    assert_eq!(cloud.server.received().len(), 1);
}

#[test]
fn a_relay_that_is_down_uses_up_no_consent() {
    let Some(cloud) = Cloud::new("consent") else { return };
    // A port at which nothing listens.
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("port").port();
    cloud.configure("consent", port);
    cloud.dry_run();
    assert_eq!(cloud.sign(&cloud.key, &[]).0, 0);
    for _ in 0..2 {
        let said = String::from_utf8_lossy(&cloud.send().stdout).into_owned();
        assert!(said.contains("no connection") && !said.contains("used up"), "{said}");
    }
}

#[test]
fn a_consent_is_used_up_in_every_copy_of_the_repository() {
    let Some(cloud) = Cloud::new("consent") else { return };
    cloud.dry_run();
    assert_eq!(cloud.sign(&cloud.key, &[]).0, 0);
    assert_eq!(cloud.send().status.code(), Some(1));
    // Another ledger, and none of the answers.
    std::fs::remove_dir_all(cloud.sandbox.root.join(".git/countersign")).expect("removed");
    let again = cloud.send();
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.code() == Some(2) && said.contains("another copy of the repository"), "{said}");
    assert_eq!(cloud.server.received().len(), 1);
}

#[test]
fn the_list_of_signers_is_not_one_of_a_repository() {
    let Some(cloud) = Cloud::new("consent") else { return };
    let text = std::fs::read_to_string(cloud.sandbox.home().join("config/countersign/config.yaml"))
        .expect("settings");
    let home = cloud.sandbox.home().join("signers").display().to_string();
    configure(&cloud.sandbox, &text.replace(&home, "signers"));
    let (exit, said) = cloud.run(&["providers", "list"]);
    assert!(exit == 2 && said.contains("a repository must not hold this file"), "{exit}: {said}");
}
