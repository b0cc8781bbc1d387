//! Checks what an engine says about its work: nothing of it is believed.

use super::envelope::{ArtifactHandle, EngineResult, EngineStatus};
use super::operation::{Admitted, Operation};

/// What a result gets wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ResultFault {
    /// It is the result of another operation.
    #[error("the result has the op_id `{found}`, and the operation `{expected}`")]
    OperationId {
        /// Of the operation.
        expected: String,
        /// Of the result.
        found: String,
    },
    /// Its times are not in order.
    #[error("the result ended before it started")]
    Times,
    /// It claims rights that were not granted.
    #[error("the result claims `{0}`, which was not granted")]
    Capability(String),
    /// It promises more than was asked for.
    #[error("the result has another determinism than the operation")]
    Determinism,
    /// It lacks evidence.
    #[error("{0} needs evidence, and the result has none")]
    Evidence(String),
    /// It names bytes that are not there.
    #[error("the artifact {uri} is not what the result says: {why}")]
    Artifact {
        /// Its path.
        uri: String,
        /// The reason.
        why: String,
    },
    /// It produced more than was allowed.
    #[error("the result has {found} bytes of output, more than {limit}")]
    Size {
        /// Size of all outputs.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// It produced something else than was asked for.
    #[error("the result has an output of a type that the operation does not name")]
    Type,
    /// It says that it failed, and not why.
    #[error("the result failed without an error")]
    Unexplained,
}

/// Reads the bytes of an artifact: SHA-256 in hexadecimal digits, and size.
pub(crate) type ArtifactReader<'a> = dyn Fn(&ArtifactHandle) -> Result<(String, u64), String> + 'a;

/// Checks a result against its operation. `read` finds the bytes of outputs and evidence.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn check_result(
    operation: &Operation<Admitted>,
    result: &EngineResult,
    read: &ArtifactReader<'_>,
) -> Result<(), ResultFault> {
    let planned = operation.envelope();
    if result.op_id != planned.op_id {
        return Err(ResultFault::OperationId {
            expected: planned.op_id.clone(),
            found: result.op_id.clone(),
        });
    }
    let times = [&result.started_at, &result.ended_at].map(|text| text.parse::<jiff::Timestamp>());
    match times {
        [Ok(start), Ok(end)] if start <= end => {}
        _ => return Err(ResultFault::Times),
    }
    let claims = &result.provenance.capabilities_granted;
    if let Some(claim) = claims.iter().find(|claim| !operation.granted().contains(claim)) {
        return Err(ResultFault::Capability(claim.clone()));
    }
    if result.provenance.determinism != planned.determinism
        || result.provenance.engine_id != planned.engine_id
    {
        return Err(ResultFault::Determinism);
    }
    if planned.determinism.requires_evidence()
        && result.evidence.is_empty()
        && result.status != EngineStatus::Denied
    {
        return Err(ResultFault::Evidence(format!("{:?}", planned.determinism)));
    }
    if result.outputs.iter().any(|output| !planned.output_spec.expected_types.contains(&output.kind)) {
        return Err(ResultFault::Type);
    }
    let size = result.outputs.iter().fold(0u64, |sum, output| sum.saturating_add(output.size_bytes));
    let limit = planned.output_spec.max_bytes.or(planned.budget.output_bytes).unwrap_or(0);
    if size > limit {
        return Err(ResultFault::Size { found: size, limit });
    }
    let mut checked: Vec<&ArtifactHandle> = Vec::new();
    for artifact in result.outputs.iter().chain(&result.evidence) {
        // One log is often output and evidence.
        if checked.contains(&artifact) {
            continue;
        }
        let wrong = |why: String| ResultFault::Artifact { uri: artifact.uri.clone(), why };
        let (hash, bytes) = read(artifact).map_err(wrong)?;
        if hash != artifact.content_hash {
            return Err(wrong(format!("its SHA-256 is {hash}")));
        }
        if bytes != artifact.size_bytes {
            return Err(wrong(format!("it has {bytes} bytes")));
        }
        checked.push(artifact);
    }
    if result.status == EngineStatus::Failed && result.errors.is_empty() {
        return Err(ResultFault::Unexplained);
    }
    Ok(())
}
