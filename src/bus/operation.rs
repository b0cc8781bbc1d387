//! The life of an operation as types: only an admitted one reaches an engine, and only
//! gates admit.

use crate::config::Grants;

use super::envelope::{DenialSeverity, GateDenial, PlannedOperation};
use super::gate::{AdmissionContext, Pipeline};

/// An operation in one state of its life.
#[derive(Debug)]
pub(crate) struct Operation<S> {
    planned: PlannedOperation,
    state: S,
}

/// Planned: nothing was checked.
#[derive(Debug)]
pub(crate) struct Planned(());

/// Admitted by all six gates.
#[derive(Debug)]
pub(crate) struct Admitted {
    granted: Vec<String>,
    degraded: Vec<GateDenial>,
}

impl<S> Operation<S> {
    /// Returns the envelope.
    #[must_use]
    pub(crate) fn envelope(&self) -> &PlannedOperation {
        &self.planned
    }
}

impl Operation<Planned> {
    /// Plans an operation.
    #[must_use]
    pub(crate) fn new(planned: PlannedOperation) -> Self {
        Self { planned, state: Planned(()) }
    }

    /// Passes the gates.
    ///
    /// # Errors
    /// All reasons of all gates.
    pub(crate) fn admit(
        self,
        pipeline: &Pipeline,
        grants: &Grants,
        is_replayed: bool,
        cannot_enforce: &[&'static str],
    ) -> Result<Operation<Admitted>, Vec<GateDenial>> {
        let Self { planned, state: Planned(()) } = self;
        let context = AdmissionContext { grants, is_replayed, cannot_enforce };
        let found = pipeline.evaluate(&planned, &context);
        if found.iter().any(|denial| denial.severity == DenialSeverity::Error) {
            return Err(found);
        }
        let granted = planned.capabilities_requested.clone();
        Ok(Operation { planned, state: Admitted { granted, degraded: found } })
    }
}

impl Operation<Admitted> {
    /// Returns the rights that it was given.
    #[must_use]
    pub(crate) fn granted(&self) -> &[String] {
        &self.state.granted
    }

    /// Returns what could not be enforced.
    #[must_use]
    pub(crate) fn degraded(&self) -> &[GateDenial] {
        &self.state.degraded
    }
}
