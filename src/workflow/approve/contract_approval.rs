//! `approve`: shows the whole contract of a packet and signs it with an SSH key, under
//! the name that the list of allowed keys gives the key.

use crate::digest::sshsig::{self, SigningKey};
use crate::document::allowed_signers::AllowedSigners;
use crate::document::packet::contract_parts;
use crate::document::{Packet, Signature, WpId};
use crate::rule::Profile;
use crate::system::{files, ssh_agent};
use crate::text::{Edit, RepoPath, escape_hidden, line_ending, to_single_line};
use crate::workflow::field::edit_rest_of_line;
use crate::workflow::records::{Records, WorkflowError};

use super::sign_contract::MAX_KEY_BYTES;
use super::{ApprovalContext, ContractSignature, KeySource, SignRequest, sign, sign_contract};

/// How a contract is approved.
#[derive(Debug)]
pub(crate) struct ContractApproval<'a> {
    /// The key.
    pub key: &'a KeySource,
    /// Name of the approver; the default is the one of the list of allowed keys.
    pub name: Option<&'a str>,
    /// The profile of the repository.
    pub profile: Profile,
}

/// Finds the packet of an id.
///
/// # Errors
/// The text is not a valid id, or the packet does not exist.
pub(crate) fn find_packet(records: &Records<'_>, requested: &str) -> Result<(WpId, Packet), WorkflowError> {
    let shown = to_single_line(requested, 80);
    let id = WpId::parse(requested).map_err(|why| {
        WorkflowError::refused(
            format!("invalid work packet id `{shown}`: {why}"),
            "An id has the form `WP-{phase}-{name}`.",
        )
    })?;
    match records.packet(&id)? {
        Some(packet) => Ok((id, packet)),
        None => Err(WorkflowError::refused(
            format!("`{id}` has no packet: {} does not exist", records.layout.packet(&id)),
            format!("`countersign list` shows all packets; `countersign new packet {id}` creates this one."),
        )),
    }
}

/// Renders the whole contract for the approver: every line that the key will sign, with
/// its line number.
///
/// # Errors
/// The refinement cannot be read.
pub(crate) fn render_contract(
    records: &Records<'_>,
    id: &WpId,
    packet: &Packet,
) -> Result<String, WorkflowError> {
    let mut out = format!("The contract of {id} ({}):\n", packet.source.name());
    for part in contract_parts(packet) {
        out.push_str(&format!("\n{}\n", escape_hidden(&part.key)));
        for line in &part.lines {
            let number = packet.source.line(line.span.start);
            out.push_str(&format!("{number:>6} | {}\n", escape_hidden(line.value.trim_end())));
        }
    }
    if packet.waivers.is_empty() {
        out.push_str("\nIt grants no waiver.\n");
    }
    if let Some(refinement) = records.refinement(id)? {
        out.push_str(&format!(
            "\nThe signature also covers {} (SHA-256 {}).\n",
            refinement.source.name(),
            refinement.approved_sha256()
        ));
    }
    Ok(out)
}

/// Approves the contract of a packet in its pending state.
///
/// # Errors
/// The name of the approver is not known, the profile `full` refuses the signature, or
/// the key cannot sign.
pub(crate) fn approve(
    records: &mut Records<'_>,
    context: &ApprovalContext<'_>,
    id: &WpId,
    approval: &ContractApproval<'_>,
) -> Result<ContractSignature, WorkflowError> {
    let signature = new_signature(records, context, approval)?;
    let user = Signature::parse(&signature).map(|signature| signature.user).unwrap_or_default();
    if let Some(reason) = context.check_role(&user) {
        return Err(WorkflowError::Refused(vec![reason]));
    }
    if approval.profile == Profile::Full {
        let request = SignRequest {
            signature,
            used_by: "Approver".to_owned(),
            notes: presence_note(approval.key).to_owned(),
            merge_base: None,
        };
        sign(records, context, id.as_str(), &request)?;
    } else {
        write_signature(records, id, &signature)?;
    }
    sign_contract(records, id, approval.key)
}

/// Returns the remark for the audit: a key in a file or an agent can sign without a
/// person; only a security token proves a touch.
fn presence_note(key: &KeySource) -> &'static str {
    match public_key(key) {
        Ok(Some(key)) if key.key.starts_with("sk-") => "",
        _ => "signed without presence",
    }
}

/// Makes the typed signature: the approver's name and the time, with seconds.
fn new_signature(
    records: &Records<'_>,
    context: &ApprovalContext<'_>,
    approval: &ContractApproval<'_>,
) -> Result<String, WorkflowError> {
    let name = match approval.name {
        Some(name) => name.to_owned(),
        None => listed_name(records, approval.key)?,
    };
    let text = format!("{name}{}", context.now.strftime("%d%m%y%H%M%S"));
    match Signature::parse(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(WorkflowError::refused(
            format!(
                "invalid name of the approver `{}`; expected lower-case letters a to z",
                to_single_line(&name, 40)
            ),
            "Give the name with `--as`, for example `--as mira`.",
        )),
    }
}

/// Returns the name under which the list of allowed keys has the key.
fn listed_name(records: &Records<'_>, key: &KeySource) -> Result<String, WorkflowError> {
    let path = records.layout.allowed_signers.clone();
    let allowed = records.source(&RepoPath::from(path.as_str()))?.map(|source| AllowedSigners::read(&source));
    let known = public_key(key)?;
    let name = allowed.as_ref().zip(known.as_ref()).and_then(|(allowed, key)| {
        let mut principals = allowed.signers_with_key(&key.key).flat_map(|signer| &signer.principals);
        principals.find_map(|principal| {
            let local = principal.split('@').next().unwrap_or_default();
            let is_name = !local.is_empty() && local.chars().all(|c| c.is_ascii_lowercase());
            is_name.then(|| local.to_owned())
        })
    });
    name.ok_or_else(|| {
        let key = known.map_or_else(|| "KEY".to_owned(), |key| key.key);
        let namespace = sshsig::NAMESPACE;
        WorkflowError::refused(
            format!("{path} does not list this key, so the name of the approver is not known"),
            format!(
                "Add the line `NAME namespaces=\"{namespace}\" {key}` to {path} on the main branch. To sign \
                 before that, give the name with `--as NAME`; gates accept the signature once the main branch \
                 has the line."
            ),
        )
    })
}

/// Returns the public key; `None` if a tool outside signs, or the agent decides.
fn public_key(source: &KeySource) -> Result<Option<SigningKey>, WorkflowError> {
    let failed = |what: &str, why: &dyn std::fmt::Display| WorkflowError::Failed(format!("{what}: {why}"));
    match source {
        KeySource::External => Ok(None),
        KeySource::File(path) => {
            let shown = path.display().to_string();
            let bytes = files::read(path, MAX_KEY_BYTES)
                .map_err(|error| failed(&format!("cannot read the key {shown}"), &error))?;
            // A signature of a text that no gate knows shows which key it is.
            let (_, key) = sshsig::sign(&bytes, b"").map_err(|fault| failed(&shown, &fault))?;
            Ok(Some(key))
        }
        KeySource::Agent => {
            let keys = ssh_agent::list_keys().map_err(|error| failed("the SSH agent", &error))?;
            Ok(keys.iter().find_map(|key| sshsig::parse_supported_key(&key.blob)))
        }
    }
}

/// Writes the typed signature into the packet.
fn write_signature(records: &mut Records<'_>, id: &WpId, signature: &str) -> Result<(), WorkflowError> {
    let Some(packet) = records.packet(id)? else {
        return Err(WorkflowError::Failed(format!("the packet of {id} no longer exists")));
    };
    let edit = match packet.metadata_field("USER_SIGNATURE") {
        Some(field) => edit_rest_of_line(&packet.source, field, signature),
        None => insert_signature(&packet, signature),
    };
    records.edit(&packet.source, &[edit])?;
    let written = records.packet(id)?.and_then(|packet| packet.signature);
    if written.is_some_and(|written| written.value == signature) {
        return Ok(());
    }
    let why = "the signature cannot be added automatically; add the line `- USER_SIGNATURE: <pending>` \
        below the title, or to METADATA, and run the command again";
    Err(WorkflowError::Document(packet.source.name().clone(), why.to_owned()))
}

/// Returns the edit that adds the line of the signature to a packet without one: as the
/// first line of METADATA, or below the title.
fn insert_signature(packet: &Packet, signature: &str) -> Edit {
    let source = &packet.source;
    let heading = packet.section("METADATA").map(|section| section.title.span);
    let heading = heading.unwrap_or_else(|| packet.head_span());
    let number = source.line(heading.start);
    let line = source.line_span(number).unwrap_or(heading);
    let ending = line_ending(source.text());
    // Text directly below an item would become part of it.
    let next = source.line_span(number + 1).map_or("", |next| source.slice(next)).trim();
    let gap = if next.is_empty() || next.starts_with("- ") { "" } else { ending };
    let before = if packet.section("METADATA").is_some() { "" } else { ending };
    Edit::insert(line.end, format!("{ending}{before}- USER_SIGNATURE: {signature}{gap}"))
}
