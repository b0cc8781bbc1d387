//! Consent of a person: once for each signature, and for these bytes only.

use crate::config::LedgerMode;
use crate::document::allowed_signers::AllowedSigners;
use crate::provider::{CloudPolicy, ConsentBundle, RuntimeRole};
use crate::system::files;
use crate::text::{RepoPath, Source};
use crate::workflow::approve::KeySource;
use crate::workflow::assist::{ConsentRequest, plan_of, sign_consent};

use super::judged::{Asked, GOOD, Judged, resolved};

/// A key in a file, and the signers that list it.
fn consenting(judged: &Judged) -> (KeySource, AllowedSigners) {
    let pair = ssh_key::private::Ed25519Keypair::from_seed(&[7; 32]);
    let key = ssh_key::PrivateKey::from(pair);
    let path = judged.folder.path().join(".git/key");
    files::write(&path, key.to_openssh(ssh_key::LineEnding::LF).expect("key").as_bytes()).expect("file");
    let public = key.public_key().to_openssh().expect("public key");
    let line = format!("mira {public}\n");
    (KeySource::File(path), AllowedSigners::read(&Source::from_text(RepoPath::from("signers"), line)))
}

fn sign(judged: &Judged, key: &KeySource, signers: &AllowedSigners) -> ConsentBundle {
    let plan = plan_of(
        &judged.prepare(RuntimeRole::Validator),
        &resolved(RuntimeRole::Validator),
        "job",
        ("payload", "command"),
    );
    let now = crate::system::clock::now();
    sign_consent(&ConsentRequest { plan: &plan, key, signers, user: "mira", minutes: 10, now })
        .expect("signed")
}

#[test]
fn the_cloud_is_asked_once_for_each_signature() {
    let judged = Judged::demo();
    let (key, signers) = consenting(&judged);
    let consent = sign(&judged, &key, &signers);
    let cloud = |consent, policy, ledger| Asked {
        role: RuntimeRole::Validator,
        policy,
        consent,
        signers: Some(&signers),
        ledger,
        ..Asked::here(GOOD)
    };
    // Nothing leaves without a consent, or against the policy; and a ledger must remember it.
    let required = LedgerMode::BestEffort;
    for (asked, code) in [
        (cloud(None, CloudPolicy::Consent, required), "HSK-403-CLOUD-CONSENT-REQUIRED"),
        (cloud(Some(&consent), CloudPolicy::Denied, required), "HSK-403-CLOUD-ESCALATION-DENIED"),
        (cloud(Some(&consent), CloudPolicy::Locked, required), "HSK-403-GOVERNANCE-LOCKED"),
        (cloud(Some(&consent), CloudPolicy::Consent, LedgerMode::Off), "the ledger could not be used"),
    ] {
        let (answered, _) = judged.ask(&asked);
        let error = answered.expect_err("denied").to_string();
        assert!(error.contains(code), "{error}");
        assert_eq!(asked.client.calls(), 0, "{code}");
    }
    assert!(judged.events().contains("cloud_escalation_denied"));
    let asked = cloud(Some(&consent), CloudPolicy::Consent, required);
    let (answered, note) = judged.ask(&asked);
    assert!(answered.is_ok(), "{answered:?}");
    assert_eq!((asked.client.calls(), note.violation), (1, None));
    let events = judged.events();
    for kind in ["cloud_escalation_requested", "cloud_escalation_approved", "cloud_escalation_executed"] {
        assert!(events.contains(kind), "{kind}: {events}");
    }
    // The same receipt again: refused, and the job is poisoned.
    let (answered, note) = judged.ask(&asked);
    let error = answered.expect_err("used").to_string();
    assert!(error.contains("HSK-403-CLOUD-CONSENT-MISMATCH") && error.contains("was used at"), "{error}");
    assert_eq!(asked.client.calls(), 1);
    assert!(note.violation.is_some_and(|why| why.contains("was used at")));
    // A new signature is good again.
    let again = sign(&judged, &key, &signers);
    let asked = cloud(Some(&again), CloudPolicy::Consent, required);
    assert!(judged.ask(&asked).0.is_ok());
}

#[test]
fn a_consent_does_not_outlive_the_bytes() {
    let judged = Judged::demo();
    let (key, signers) = consenting(&judged);
    let consent = sign(&judged, &key, &signers);
    let other = Judged::new(|builder| {
        builder.write("src/farewell.rs", "pub fn farewell() { other(); }\n").expect("file");
    });
    let asked = Asked {
        role: RuntimeRole::Validator,
        policy: CloudPolicy::Consent,
        consent: Some(&consent),
        signers: Some(&signers),
        ..Asked::here(GOOD)
    };
    let error = other.ask(&asked).0.expect_err("other bytes").to_string();
    assert!(error.contains("other bytes would be sent"), "{error}");
    assert_eq!(asked.client.calls(), 0);
}

#[test]
fn a_receipt_is_used_up_in_every_copy_of_a_repository() {
    let judged = Judged::demo();
    let (key, signers) = consenting(&judged);
    let consent = sign(&judged, &key, &signers);
    let asked = Asked {
        role: RuntimeRole::Validator,
        policy: CloudPolicy::Consent,
        consent: Some(&consent),
        signers: Some(&signers),
        ..Asked::here(GOOD)
    };
    assert!(judged.ask(&asked).0.is_ok());
    // The same work in another repository, which has another ledger.
    let mut copy = Judged::demo();
    copy.receipts = Some(judged.ledger().join("receipts"));
    let error = copy.ask(&asked).0.expect_err("used").to_string();
    assert!(error.contains("another copy of the repository"), "{error}");
    assert_eq!(asked.client.calls(), 1);
}
