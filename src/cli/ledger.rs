//! Access of commands to the ledger.

use crate::ledger::Store;
use crate::system::git::GitRepository;

use super::{Output, PASSED};

/// Opens the ledger of a repository; `None` if nothing was recorded yet.
pub(crate) fn open_ledger(repo: &GitRepository) -> anyhow::Result<Option<Store>> {
    Ok(Store::open_existing(&repo.ledger_folder())?)
}

/// Says that nothing was recorded yet.
pub(crate) fn print_no_ledger(output: &Output) -> anyhow::Result<u8> {
    output.print_notice("nothing was recorded in this repository yet\n");
    Ok(PASSED)
}
