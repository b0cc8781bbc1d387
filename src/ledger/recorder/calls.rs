//! What is known of the calls for a packet.

use crate::ledger::store::StoredCall;

use super::Recorder;

impl Recorder {
    /// Returns the calls for a packet; none if they cannot be read.
    #[must_use]
    pub(crate) fn calls_of(&self, packet: &str) -> Vec<StoredCall> {
        if !self.is_on() {
            return Vec::new();
        }
        let mut state = self.state.borrow_mut();
        self.with_store(&mut state, |_, store, _| store.calls(Some(packet), None)).unwrap_or_default()
    }
}
