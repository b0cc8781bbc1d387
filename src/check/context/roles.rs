//! Which persons may approve, review, and grant waivers.

/// The persons of each role, as principals of `allowed_signers`. A role without persons
/// restricts nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    /// Persons who may approve a packet or a change of the rules.
    pub approver: Vec<String>,
    /// Persons who may present a validation report.
    pub reviewer: Vec<String>,
    /// Persons who may grant a waiver.
    pub waiver: Vec<String>,
}

impl Roles {
    /// Returns true if a person may approve.
    #[must_use]
    pub fn may_approve(&self, name: &str) -> bool {
        has_role(&self.approver, name)
    }

    /// Returns true if a person may present a validation report.
    #[must_use]
    pub fn may_review(&self, name: &str) -> bool {
        has_role(&self.reviewer, name.trim())
    }

    /// Returns true if a person may grant a waiver. Of a text such as `Mira (operator)`,
    /// the part before the parenthesis is the name, in any case.
    #[must_use]
    pub fn may_grant_waiver(&self, text: &str) -> bool {
        let name = text.split(" (").next().unwrap_or(text).trim_matches(['`', '*', ' ']);
        let lower: Vec<String> = self.waiver.iter().map(|person| person.to_lowercase()).collect();
        has_role(&lower, &name.to_lowercase())
    }
}

/// The name equals the whole name of a person with the role, or its part before the `@`.
fn has_role(persons: &[String], name: &str) -> bool {
    let is_same =
        |person: &String| person == name || person.split_once('@').is_some_and(|(local, _)| local == name);
    persons.is_empty() || persons.iter().any(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_whole_names() {
        let mira = || vec!["mira@example.org".to_owned()];
        let roles = Roles { approver: mira(), reviewer: Vec::new(), waiver: mira() };
        assert!(roles.may_approve("mira") && roles.may_approve("mira@example.org"));
        for other in ["mir", "mira2", "Mira", "mira@other.org", "", "mira@example.org, bot"] {
            assert!(!roles.may_approve(other), "{other}");
        }
        assert!(roles.may_review("anyone"));
        assert!(roles.may_grant_waiver("Mira (operator)") && roles.may_grant_waiver("`mira`"));
        assert!(!roles.may_grant_waiver("bot (for mira)") && !roles.may_grant_waiver("bot, mira"));
    }
}
