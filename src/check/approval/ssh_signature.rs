//! `approval/…`: the SSH signature of the contract.

use jiff::civil::DateTime;

use crate::check::CheckResult;
use crate::check::context::{ApprovalCheckContext, ContractFact};
use crate::digest::sshsig::{NAMESPACE, SigningKey, verify};
use crate::document::allowed_signers::AllowedSigner;
use crate::document::signed_contract::{ContractDifference, SignedContract};
use crate::document::{Refinement, Signature};
use crate::finding::{Finding, KeySignature, Label};
use crate::rule::Rule;
use crate::text::{Source, format_count, to_single_line};

/// Maximum number of changed parts that a finding names.
const MAX_NAMED_PARTS: usize = 12;

/// `approval/signed`: if a key has signed the contract, or the configuration
/// requires it, that signature is valid, the trusted revision allows the key,
/// and the contract is unchanged. The signer has the role of an approver.
pub(in crate::check) fn signed(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    if let Some(finding) = missing_role(input, rule) {
        return Some(finding).into();
    }
    signed_by_key(input, rule)
}

/// Returns a finding if the person who signed the packet may not approve it.
fn missing_role(input: &ApprovalCheckContext<'_>, rule: &Rule) -> Option<Finding> {
    let signature = input.packet.packet.signature.as_ref()?;
    let parsed = Signature::parse(&signature.value).ok()?;
    let policy = input.packet.policy;
    if policy.roles.may_approve(&parsed.user) {
        return None;
    }
    let user = to_single_line(&parsed.user, 40);
    let message = format!("`{user}` signed the packet, but may not approve it");
    let finding = rule.finding(message, input.packet.label_at(signature.span, "not an approver"));
    Some(finding.note(name_approvers(input)))
}

/// Returns a sentence that names the approvers of the configuration.
fn name_approvers(input: &ApprovalCheckContext<'_>) -> String {
    let approvers = to_single_line(&input.packet.policy.roles.approver.join(", "), 120);
    format!("`roles: approver:` of the configuration names {approvers}.")
}

/// Checks the signature by a key.
fn signed_by_key(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let (files, required) = (input.key_signature, input.packet.policy.signed_approval_required);
    let packet = input.packet.packet;
    let signature_span = packet.signature.as_ref().map_or(packet.head_span(), |signature| signature.span);
    let (contract, signature) = match (&files.contract, &files.signature) {
        (Some(contract), Some(signature)) => (contract, signature),
        (None, None)
            if !required && packet.signature.is_none() && !input.packet.policy.roles.approver.is_empty() =>
        {
            let message = format!("no approver has signed the contract of `{}`", input.packet.id);
            let finding = rule.finding(message, input.packet.label_at(signature_span, "no approval"));
            return Some(finding.note(name_approvers(input))).into();
        }
        (None, None) if !required => {
            return CheckResult::skipped(
                "the contract has no signature by a key, and the configuration does not require one",
            );
        }
        (None, None) => {
            let message = format!("no key has signed the contract of `{}`", input.packet.id);
            return Some(rule.finding(message, input.packet.label_at(signature_span, "signed by name only")))
                .into();
        }
        (contract, _) => {
            let (what, missing) = if contract.is_none() {
                ("the signed contract", &files.contract_path)
            } else {
                ("the signature of the contract", &files.signature_path)
            };
            let message = format!("{what} is missing");
            return Some(rule.finding(message, Label::path(missing, "no such file"))).into();
        }
    };
    let Some(signers) = &files.signers else {
        let path = &files.signers_path;
        if !required {
            return CheckResult::skipped(format!(
                "the trusted revision has no {path}, so the allowed keys are unknown"
            ));
        }
        let message = format!("the trusted revision has no {path}, so the allowed keys are unknown");
        return Some(rule.finding(message, Label::path(path, "not in the trusted revision"))).into();
    };
    let first_line = |source: &std::sync::Arc<Source>, text: &str| {
        Label::text(source, source.line_span(1).unwrap_or_default(), text)
    };
    let key = match verify(signature.text(), signed_text(contract).as_bytes()) {
        Ok(key) => key,
        Err(fault) => {
            let message = format!("the signature of the contract is invalid: {fault}");
            return Some(rule.finding(message, first_line(signature, "invalid signature"))).into();
        }
    };
    let mut out: Vec<Finding> = Vec::new();
    if let Err(why) = find_allowed_signer(input, &key) {
        let finding = rule.finding(why, first_line(signature, "signed with this key"));
        let finding = signers.faults.iter().take(3).fold(finding, |finding, fault| {
            let line = signers.source.line(fault.span.start);
            finding.note(format!("Line {line} of {} is invalid: {}.", files.signers_path, fault.message))
        });
        out.push(
            finding
                .note(format!("The fingerprint of the key is {}.", key.fingerprint))
                .related(first_line(&signers.source, "the allowed keys")),
        );
    }
    match current_contract(input).differences(signed_text(contract).trim_start_matches('\u{feff}')) {
        None => {
            let message = format!("the signed text is not a contract of `{}`", input.packet.id);
            out.push(rule.finding(message, first_line(contract, "not a contract of this packet")));
        }
        Some(changed) if !changed.is_empty() => out.push(changed_parts_finding(input, rule, &changed)),
        Some(_) => {}
    }
    out.into()
}

/// Returns the signer and key of the contract's signature; `None` unless the
/// signature is valid, the key is allowed and the contract is unchanged.
pub(crate) fn key_signature(input: &ApprovalCheckContext<'_>) -> Option<KeySignature> {
    let (contract, signature) =
        (input.key_signature.contract.as_ref()?, input.key_signature.signature.as_ref()?);
    let key = verify(signature.text(), signed_text(contract).as_bytes()).ok()?;
    let signer = find_allowed_signer(input, &key).ok()?;
    let unchanged =
        current_contract(input).differences(&signed_text(contract)).is_some_and(|changed| changed.is_empty());
    let principals = to_single_line(&signer.principals.join(","), 120);
    let has_presence = key.has_presence;
    unchanged.then_some(KeySignature { principals, fingerprint: key.fingerprint, has_presence })
}

/// Returns the signed text with LF line endings, because a checkout can
/// convert them.
fn signed_text(contract: &Source) -> String {
    contract.text().replace("\r\n", "\n")
}

/// Returns the contract in the judged tree.
fn current_contract(input: &ApprovalCheckContext<'_>) -> SignedContract {
    let refinement: Option<&Refinement> = input.refinement.as_ref().ok().copied();
    SignedContract::from_packet(input.packet.id, input.packet.packet, refinement)
}

/// Finds the line of `allowed_signers` that allows a key to sign this packet.
/// The error is the reason why no line allows it, as a clause.
fn find_allowed_signer<'a>(
    input: &'a ApprovalCheckContext<'_>,
    key: &SigningKey,
) -> Result<&'a AllowedSigner, String> {
    let Some(signers) = &input.key_signature.signers else {
        return Err("the allowed keys are unknown".to_owned());
    };
    let text = input.packet.packet.signature.as_ref().map_or("", |signature| signature.value.as_str());
    let signature = Signature::parse(text).ok();
    let user = signature.as_ref().map_or("", |signature| signature.user.as_str());
    let at: Option<DateTime> = signature.as_ref().map(|signature| signature.at);
    let with_key: Vec<&AllowedSigner> =
        signers.signers.iter().filter(|signer| signer.key == key.key && !signer.is_authority).collect();
    if with_key.is_empty() {
        return Err(format!(
            "the key that signed the contract is not in {}",
            input.key_signature.signers_path
        ));
    }
    let with_namespace: Vec<&AllowedSigner> =
        with_key.into_iter().filter(|signer| signer.allows_namespace(NAMESPACE)).collect();
    if with_namespace.is_empty() {
        return Err(format!("the key that signed is not allowed for the namespace `{NAMESPACE}`"));
    }
    let with_user: Vec<&AllowedSigner> =
        with_namespace.into_iter().filter(|signer| signer.is_principal(user)).collect();
    if with_user.is_empty() {
        let user = to_single_line(user, 40);
        return Err(format!("the packet is signed by `{user}`, but the key belongs to another person"));
    }
    let valid_at_signing: Vec<&AllowedSigner> =
        with_user.into_iter().filter(|signer| at.is_some_and(|at| signer.is_valid_at(at))).collect();
    if valid_at_signing.is_empty() {
        return Err("the key that signed was not valid at the time of the signature".to_owned());
    }
    // The signer types the time of the signature, so check the commit time, too.
    let committed = match input.contract {
        ContractFact::Known { earliest_time, .. } => *earliest_time,
        _ => return valid_at_signing.first().copied().ok_or_else(|| "no line allows the key".to_owned()),
    };
    let committed =
        jiff::Timestamp::from_second(committed).map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).datetime());
    let valid = valid_at_signing
        .into_iter()
        .find(|signer| committed.as_ref().is_ok_and(|at| signer.is_valid_at(*at)));
    valid.ok_or_else(|| "the key that signed was not valid when the signature was committed".to_owned())
}

/// Creates a finding that names the parts that changed since the contract was
/// signed, with a label at each part.
fn changed_parts_finding(
    input: &ApprovalCheckContext<'_>,
    rule: &Rule,
    changed: &[ContractDifference],
) -> Finding {
    let names: Vec<String> = changed
        .iter()
        .take(MAX_NAMED_PARTS)
        .map(|part| format!("{} ({})", to_single_line(&part.name, 60), part.change))
        .collect();
    let message = format!(
        "{} of the contract {} since the key signed it: {}",
        format_count(changed.len(), "part"),
        if changed.len() == 1 { "has changed" } else { "have changed" },
        names.join(", ")
    );
    let mut located = changed.iter().filter_map(|part| Some((part, part.span?)));
    let primary = match located.next() {
        Some((part, span)) => input.packet.label_at(first_line_of(input, span), part.change),
        None => match &input.refinement {
            Ok(refinement) => {
                Label::text(&refinement.source, refinement.head_span(), "also part of the signed contract")
            }
            Err(_) => input.packet.label_at(input.packet.packet.head_span(), "this packet"),
        },
    };
    let finding = rule.finding(message, primary);
    located.take(MAX_NAMED_PARTS).fold(finding, |finding, (part, span)| {
        finding.related(input.packet.label_at(first_line_of(input, span), part.change))
    })
}

/// Returns the part of a span that is on its first line.
fn first_line_of(input: &ApprovalCheckContext<'_>, span: crate::text::Span) -> crate::text::Span {
    let source = &input.packet.packet.source;
    let line = source.line_span(source.line(span.start)).unwrap_or(span);
    crate::text::Span::new(span.start, span.end.min(line.end))
}
