//! Former ids of rules. Configurations, suppressions and waivers may still use them.

/// Former id and present id.
const RENAMED_RULES: [(&str, &str); 3] = [
    ("approval/separate-hands", "approval/separation-of-duties"),
    ("milestone/open", "phase-close/open-packet"),
    ("source/proof", "source/example-failed"),
];

/// Returns the present id of a rule that was renamed; `None` if `id` is not a
/// former id.
#[must_use]
pub(crate) fn canonical_rule_id(id: &str) -> Option<&'static str> {
    RENAMED_RULES.iter().find(|(former, _)| *former == id).map(|(_, present)| *present)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn former_ids_lead_to_present_ids_that_are_not_former_ids() {
        assert_eq!(canonical_rule_id("milestone/open"), Some("phase-close/open-packet"));
        assert_eq!(canonical_rule_id("phase-close/open-packet"), None);
        for (former, present) in RENAMED_RULES {
            assert!(canonical_rule_id(present).is_none(), "{former} leads to a former id");
        }
    }
    /// Only scan rules can be named in a suppression. A renamed one needs a rule of the
    /// family `suppression` that warns about its former id, as `rules:` does.
    #[test]
    fn no_former_id_can_stand_in_a_suppression() {
        assert!(RENAMED_RULES.iter().all(|(former, _)| !former.starts_with("scan/")));
    }
}
