//! Why no main branch is known, for messages.

use crate::change::Repository;
use crate::config::FILE_NAME;
use crate::text::to_single_line;

use super::main_branch::{MAX_NAMES, MainBranch};

impl MainBranch {
    /// Returns why no main branch is known, as a clause with what to do.
    pub(crate) fn explain_unknown(&self, repo: &dyn Repository) -> String {
        let quoted = |names: &[String]| {
            let names = names.iter().take(MAX_NAMES).map(|name| format!("`{}`", to_single_line(name, 80)));
            names.collect::<Vec<_>>().join(" or ")
        };
        if let Some((reference, names)) = self.disowned.first() {
            return format!(
                "the {FILE_NAME} of `{reference}` names {} as the main branch, and this clone has no such \
                 branch; correct `main_branch` there, and judge that change with `--base {reference}`",
                quoted(names)
            );
        }
        let what = format!("this clone has no main branch {}", quoted(&self.wanted));
        let correct =
            format!("correct `main_branch` of {FILE_NAME}, or name the trusted revision with `--base`");
        match (repo.main_remote(), self.wanted.first()) {
            (Some(remote), Some(name)) => {
                let deepen = if repo.is_shallow() { " --unshallow" } else { "" };
                format!(
                    "{what}; run `git fetch{deepen} {remote} +refs/heads/{name}:refs/remotes/{remote}/{name}`, \
                     {correct}"
                )
            }
            _ => format!("{what}; {correct}"),
        }
    }

    /// Returns the reason why no main branch is known if a branch disowns the name that it
    /// has, as a clause with what to do.
    pub(crate) fn explain_disowned(&self, repo: &dyn Repository) -> Option<String> {
        (!self.disowned.is_empty()).then(|| self.explain_unknown(repo))
    }
}
