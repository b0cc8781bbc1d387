//! The tasks of a packet that is validated are finished.

use super::label_at;
use crate::check::repository_documents::GovernanceDocuments;
use crate::document::PacketStatus;
use crate::document::typed_contract::TypedContract;
use crate::finding::Finding;
use crate::rule::Rule;
use crate::text::to_single_line;

/// Maximum number of tasks that one finding names.
const MAX_NAMED: usize = 10;

/// Returns one finding for the tasks that still wait although their packet is validated.
pub(super) fn below_validated(
    governance: &GovernanceDocuments<'_>,
    id: &str,
    tasks: &[&TypedContract],
    rule: &Rule,
) -> Option<Finding> {
    let (_, packet) = governance.packet(id)?;
    let status = packet.status.as_ref()?;
    let PacketStatus::Validated(verdict) = &status.value else { return None };
    if verdict.as_deref().is_some_and(|verdict| !verdict.eq_ignore_ascii_case("PASS")) {
        return None;
    }
    let waits =
        |value: &str| rule.parameter("open").iter().any(|open| open.eq_ignore_ascii_case(value.trim()));
    let mut open = tasks.iter().filter_map(|task| {
        let own = task.written("status").filter(|own| waits(&own.value))?;
        Some((*task, own, to_single_line(&task.task_name(), 40)))
    });
    let (task, own, name) = open.next()?;
    let others: Vec<String> = open.map(|(_, _, name)| name).collect();
    let shown = to_single_line(&own.value, 40);
    let message = format!("`{id}` is `{}`, but its task `{name}` is {shown}", status.value);
    let finding = rule.finding(message, label_at(task, own.span, "not finished"));
    let rest = others.len().saturating_sub(MAX_NAMED);
    Some(match others.len() {
        0 => finding,
        _ => {
            let named = others.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
            let more = if rest > 0 { format!(", and {rest} more") } else { String::new() };
            finding.help(format!("Other open tasks of the packet: {named}{more}."))
        }
    })
}
