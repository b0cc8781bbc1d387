//! The recorder of a program without a ledger.

use crate::config::LedgerMode;
use crate::ledger::record::{JobEnd, LedgerTrouble, PacketUsage, PoisonedJob};

use super::Recorder;

impl Recorder {
    pub(super) fn write_pending(&self) -> Result<(), LedgerTrouble> {
        self.unavailable().map(|_| ())
    }

    pub(super) fn write_end(&self, _: &JobEnd) -> Result<(Vec<PoisonedJob>, PacketUsage), LedgerTrouble> {
        self.unavailable()
    }

    /// Without the feature nothing is recorded; that is trouble only where it is required.
    fn unavailable(&self) -> Result<(Vec<PoisonedJob>, PacketUsage), LedgerTrouble> {
        if self.state.borrow().mode == LedgerMode::Required {
            return Err(LedgerTrouble("this program was built without the feature `ledger`".to_owned()));
        }
        Ok((Vec::new(), PacketUsage::default()))
    }

    /// Returns whether the newest entry of this job is still there.
    #[expect(clippy::unused_self, reason = "the same signature with and without a ledger")]
    #[must_use]
    pub(crate) fn is_intact(&self) -> bool {
        true
    }
}
