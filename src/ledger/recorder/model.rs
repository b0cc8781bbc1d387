//! What calls of models leave in the ledger: a receipt that is used up, and the tokens.

use crate::config::LedgerMode;
use crate::ledger::record::LedgerTrouble;
use crate::ledger::store::StoredCall;

use super::{Recorder, State};

impl Recorder {
    /// Uses up a consent, before anything is sent. Returns when it was used before, if it
    /// was; then it must not be used again.
    ///
    /// # Errors
    /// The ledger is off or cannot be used: without it a second use of a consent would
    /// not be seen, and nothing may be sent.
    pub(crate) fn spend_consent(
        &self,
        receipt_id: &str,
        payload_sha256: &str,
    ) -> Result<Option<String>, LedgerTrouble> {
        if !self.is_on() {
            return Err(LedgerTrouble("it is off, and a consent can be used once only".to_owned()));
        }
        self.write_pending()?;
        let mut state = self.state.borrow_mut();
        self.with_store(&mut state, |recorder, store, _| {
            store.spend_consent(receipt_id, payload_sha256, &recorder.job_id)
        })
    }

    /// Returns whether a call left this answer to these bytes.
    #[must_use]
    pub(crate) fn knows_answer(&self, prompt_hash: &str, response_hash: &str) -> bool {
        let mut state = self.state.borrow_mut();
        self.is_on_with(&state)
            && self
                .with_store(&mut state, |_, store, _| store.has_answer(prompt_hash, response_hash))
                .unwrap_or(false)
    }

    fn is_on_with(&self, state: &State) -> bool {
        self.folder.is_some() && state.mode != LedgerMode::Off
    }

    /// Adds the tokens of a call to those of its packet and of this job. What cannot be
    /// written is trouble of the job, and no reason to lose the answer.
    pub(crate) fn store_call(&self, call: &StoredCall) {
        if !self.is_on() {
            return;
        }
        let mut state = self.state.borrow_mut();
        let tokens = &mut state.tokens;
        tokens.0 = tokens.0.saturating_add(call.call.tokens.sent());
        tokens.1 = tokens.1.saturating_add(call.call.tokens.output);
        let stored = self.with_store(&mut state, |_, store, _| {
            store.store_calls(std::slice::from_ref(call), &[])?;
            Ok(())
        });
        if let Err(trouble) = stored {
            state.trouble.get_or_insert(trouble.0);
        }
    }
}
