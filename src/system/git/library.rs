//! The linked library.

/// The version of libgit2 that is linked, as `1.9.1`.
#[must_use]
pub(crate) fn libgit2_version() -> String {
    let (major, minor, patch) = git2::Version::get().libgit2_version();
    format!("{major}.{minor}.{patch}")
}
