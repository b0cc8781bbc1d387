//! Renders `docs/profiles.md`: the profiles, the table of the trusted revision, and the
//! commands that `evidence` runs.

use crate::check::registered_rules;
use crate::config::Config;
use crate::pipeline::trusted_revision::TrustRow;
use crate::rule::{Profile, profile_texts};

/// Renders the manual page of the profiles and of the trusted revision.
#[must_use]
pub(crate) fn profiles_markdown() -> String {
    let mut out = String::from(
        "# Profiles and the trusted revision\n\nGenerated from `rules/profiles.yaml` and the code by `just gen`; do \
         not edit.\n\n## Profiles\n\n`profile:` in `countersign.yaml` selects one. A configuration without it is \
         `full`. The profile is read from the trusted revision, as all other rules are. `rules:` can set the level \
         of a rule (`scope/outside: warning`) or of a family (`manifest/*: off`), whatever the profile is.\n\n\
         | profile | contract | needs | judged |\n|---|---|---|---|\n",
    );
    for text in profile_texts() {
        out.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            text.name,
            text.contract.trim(),
            text.needs.trim(),
            text.judged.trim()
        ));
    }
    out.push_str("\n## Rules that run\n\nA rule that is not listed runs in all profiles.\n\n");
    out.push_str("| rule | fence | standard | full |\n|---|---|---|---|\n");
    for entry in registered_rules() {
        let runs: Vec<bool> = Profile::NAMES
            .iter()
            .filter_map(|name| Profile::parse(name))
            .map(|profile| !profile.leaves_out(&entry.rule.id))
            .collect();
        if runs.iter().all(|runs| *runs) {
            continue;
        }
        let cells: Vec<&str> = runs.iter().map(|runs| if *runs { "yes" } else { "–" }).collect();
        out.push_str(&format!("| `{}` | {} |\n", entry.rule.id, cells.join(" | ")));
    }
    out.push_str(
        "\n## The trusted revision\n\nRules, configuration, keys and the contracts of unsigned packets come from one \
         commit. The report names it and the reason. `--base REV` names it instead.\n\n\
         | selection | trusted revision | the coder can move it |\n|---|---|---|\n",
    );
    for row in TrustRow::ALL {
        out.push_str(&format!(
            "| {} | {} | {} |\n",
            row.selection(),
            row.reason(),
            if row.is_soft() { "yes, with the warning `fence/soft`" } else { "no" }
        ));
    }
    out.push_str(
        "\nThe main branch is `main`, `master`, the branch that HEAD of the remote names, and the names that \
         configurations in the history give. Such a branch must name itself in `main_branch` of its own configuration, \
         or have no configuration. A remote-tracking branch counts before a local one that it contains. A branch \
         without a configuration is passed over if another one descends from it and has one. If two branches are left \
         whose rules differ, nothing is judged (exit code 2), and the message asks for `--base`.\n",
    );
    out.push_str(
        "\n## Commands that `evidence` runs\n\nA command of TEST_PLAN runs if it is a configured step, or if \
         `evidence: {allow: […]}` of the trusted configuration lists it. An entry that ends with ` *` allows further \
         arguments. A list of your own replaces this one:\n\n",
    );
    for command in Config::defaults().evidence.allow {
        out.push_str(&format!("- `{}`\n", command.words.join(" ")));
    }
    out.push_str(
        "\nOther commands are refused, because their arguments or recipes could start any program. `pre-work` warns \
         of them and gives the line for the configuration.\n",
    );
    out
}
