//! `approval/…`: the SSH signature over the contract.

use crate::check::CheckResult;
use crate::check::context::{ApprovalCheckContext, ContractFact};
use crate::digest::sshsig::{NAMESPACE, SigningKey, verify};
use crate::document::allowed_signers::AllowedSigner;
use crate::document::signed_contract::{ContractDifference, SignedContract};
use crate::document::{Refinement, Signature};
use crate::finding::{Finding, KeySignature, Label};
use crate::rule::Rule;
use crate::text::{Source, format_count, to_single_line};
use jiff::civil::DateTime;

/// Parts that a finding names.
const MAX_NAMED_PARTS: usize = 12;

/// `approval/signed`: a key that may sign has signed the contract as it is.
pub(in crate::check) fn signed(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let (seal, required) = (input.key_signature, input.packet.policy.signed_approval_required);
    let packet = input.packet.packet;
    let here = packet.signature.as_ref().map_or(packet.head_span(), |signature| signature.span);
    let (contract, signature) = match (&seal.contract, &seal.signature) {
        (Some(contract), Some(signature)) => (contract, signature),
        (None, None) if !required => {
            return CheckResult::skipped(
                "the configuration demands no signature by a key, and there is none",
            );
        }
        (None, None) => {
            let message = format!("no key has signed the contract of `{}`", input.packet.id);
            return Some(rule.finding(message, input.packet.label_at(here, "signed by a name only"))).into();
        }
        (contract, _) => {
            let missing = if contract.is_none() { &seal.contract_path } else { &seal.signature_path };
            let message = "of the signed contract and its signature one is missing";
            return Some(rule.finding(message, Label::path(missing, "no such file"))).into();
        }
    };
    let Some(signers) = &seal.signers else {
        let path = &seal.signers_path;
        if !required {
            return CheckResult::skipped(format!(
                "the trusted revision has no {path}, so nobody knows whose keys count"
            ));
        }
        let message = format!("the trusted revision does not say whose keys count: it has no {path}");
        return Some(rule.finding(message, Label::path(path, "no such file there"))).into();
    };
    let whole = |source: &std::sync::Arc<Source>, text: &str| {
        Label::text(source, source.line_span(1).unwrap_or_default(), text)
    };
    let key = match verify(signature.text(), signed_text(contract).as_bytes()) {
        Ok(key) => key,
        Err(fault) => {
            let said = format!("the signature of the contract does not hold: {fault}");
            return Some(rule.finding(said, whole(signature, "this signature"))).into();
        }
    };
    let mut out: Vec<Finding> = Vec::new();
    if let Err(why) = find_allowed_signer(input, &key) {
        let finding = rule.finding(why, whole(signature, "signed with this key"));
        let finding = signers.faults.iter().take(3).fold(finding, |finding, fault| {
            let line = signers.source.line(fault.span.start);
            finding.note(format!("Line {line} of it allows nobody: {}.", fault.message))
        });
        out.push(
            finding
                .note(format!("Its fingerprint is {}.", key.fingerprint))
                .related(whole(&signers.source, "keys that count")),
        );
    }
    match current_contract(input).differences(signed_text(contract).trim_start_matches('\u{feff}')) {
        None => {
            let said = format!("what was signed is no contract of `{}`", input.packet.id);
            out.push(rule.finding(said, whole(contract, "of another packet, or none")));
        }
        Some(touched) if !touched.is_empty() => out.push(changed_parts_finding(input, rule, &touched)),
        Some(_) => {}
    }
    out.into()
}

/// Who has signed the contract with a key, if the signature holds in every
/// way.
pub(crate) fn key_signature(input: &ApprovalCheckContext<'_>) -> Option<KeySignature> {
    let (contract, signature) =
        (input.key_signature.contract.as_ref()?, input.key_signature.signature.as_ref()?);
    let key = verify(signature.text(), signed_text(contract).as_bytes()).ok()?;
    let signer = find_allowed_signer(input, &key).ok()?;
    let whole =
        current_contract(input).differences(&signed_text(contract)).is_some_and(|touched| touched.is_empty());
    let principals = to_single_line(&signer.principals.join(","), 120);
    whole.then_some(KeySignature { principals, fingerprint: key.fingerprint })
}

/// The signed text, whatever a checkout made of its line endings.
fn signed_text(contract: &Source) -> String {
    contract.text().replace("\r\n", "\n")
}

/// The contract as it is judged.
fn current_contract(input: &ApprovalCheckContext<'_>) -> SignedContract {
    let refinement: Option<&Refinement> = input.refinement.as_ref().ok().copied();
    SignedContract::from_packet(input.packet.id, input.packet.packet, refinement)
}

/// The line that allows a key to sign this packet, or why none does.
fn find_allowed_signer<'a>(
    input: &'a ApprovalCheckContext<'_>,
    key: &SigningKey,
) -> Result<&'a AllowedSigner, String> {
    let Some(signers) = &input.key_signature.signers else {
        return Err("nobody knows whose keys count".to_owned());
    };
    let text = input.packet.packet.signature.as_ref().map_or("", |signature| signature.value.as_str());
    let signature = Signature::parse(text).ok();
    let user = signature.as_ref().map_or("", |signature| signature.user.as_str());
    let at: Option<DateTime> = signature.as_ref().map(|signature| signature.at);
    let own: Vec<&AllowedSigner> =
        signers.signers.iter().filter(|signer| signer.key == key.key && !signer.is_authority).collect();
    if own.is_empty() {
        return Err(format!(
            "the key that signed the contract is not in {}",
            input.key_signature.signers_path
        ));
    }
    let for_this: Vec<&AllowedSigner> =
        own.into_iter().filter(|signer| signer.allows_namespace(NAMESPACE)).collect();
    if for_this.is_empty() {
        return Err(format!("the key that signed may not sign for the namespace `{NAMESPACE}`"));
    }
    let of_user: Vec<&AllowedSigner> =
        for_this.into_iter().filter(|signer| signer.is_principal(user)).collect();
    if of_user.is_empty() {
        let user = to_single_line(user, 40);
        return Err(format!("the packet is signed by `{user}`, but the key belongs to somebody else"));
    }
    let then: Vec<&AllowedSigner> =
        of_user.into_iter().filter(|signer| at.is_some_and(|at| signer.is_valid_at(at))).collect();
    if then.is_empty() {
        return Err("the key that signed was not valid at the moment of the signature".to_owned());
    }
    // The moment is typed by whoever signs; the commit says another one.
    let committed = match input.contract {
        ContractFact::Known { introduction, .. } => introduction.time,
        _ => return then.first().copied().ok_or_else(|| "no line allows the key".to_owned()),
    };
    let committed =
        jiff::Timestamp::from_second(committed).map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).datetime());
    let valid = then.into_iter().find(|signer| committed.as_ref().is_ok_and(|at| signer.is_valid_at(*at)));
    valid.ok_or_else(|| "the key that signed was not valid when the signature was committed".to_owned())
}

/// What was touched since the contract was signed, each with its place.
fn changed_parts_finding(
    input: &ApprovalCheckContext<'_>,
    rule: &Rule,
    touched: &[ContractDifference],
) -> Finding {
    let names: Vec<String> = touched
        .iter()
        .take(MAX_NAMED_PARTS)
        .map(|part| format!("{} ({})", to_single_line(&part.name, 60), part.change))
        .collect();
    let message = format!(
        "{} of the contract {} touched since the key signed it: {}",
        format_count(touched.len(), "part"),
        if touched.len() == 1 { "was" } else { "were" },
        names.join(", ")
    );
    let mut places = touched.iter().filter_map(|part| Some((part, part.span?)));
    let primary = match places.next() {
        Some((part, span)) => input.packet.label_at(first_line_of(input, span), part.change),
        None => match &input.refinement {
            Ok(refinement) => {
                Label::text(&refinement.source, refinement.head_span(), "the refinement was signed, too")
            }
            Err(_) => input.packet.label_at(input.packet.packet.head_span(), "this packet"),
        },
    };
    let finding = rule.finding(message, primary);
    places.take(MAX_NAMED_PARTS).fold(finding, |finding, (part, span)| {
        finding.related(input.packet.label_at(first_line_of(input, span), part.change))
    })
}

/// The first line of a part.
fn first_line_of(input: &ApprovalCheckContext<'_>, span: crate::text::Span) -> crate::text::Span {
    let source = &input.packet.packet.source;
    let line = source.line_span(source.line(span.start)).unwrap_or(span);
    crate::text::Span::new(span.start, span.end.min(line.end))
}
