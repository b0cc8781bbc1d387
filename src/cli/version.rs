//! What `--version` prints.

use std::sync::OnceLock;

use crate::system::git::libgit2_version;

/// The version number.
pub(crate) const SHORT: &str = env!("CARGO_PKG_VERSION");

/// Version, commit, features and the version of libgit2.
pub(crate) fn long() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let features: Vec<&str> = [
            ("ssh", cfg!(feature = "ssh")),
            ("ledger", cfg!(feature = "ledger")),
            ("llm", cfg!(feature = "llm")),
            ("cloud", cfg!(feature = "cloud")),
        ]
        .into_iter()
        .filter_map(|(name, is_on)| is_on.then_some(name))
        .collect();
        format!(
            "{SHORT}\ncommit:   {}\nfeatures: {}\nlibgit2:  {}",
            option_env!("COUNTERSIGN_COMMIT").unwrap_or("unknown"),
            if features.is_empty() { "none".to_owned() } else { features.join(", ") },
            libgit2_version()
        )
    })
}
