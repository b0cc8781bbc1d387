//! The demo's repository, for commands that write.

use countersign::{DemoRepository, RecordedHashes, RepositoryBuilder};

use super::repo::Sandbox;

/// The packet of the demo.
pub const WP: &str = "WP-1-Farewell";
/// Path of the packet.
pub const PACKET: &str = ".GOV/task_packets/WP-1-Farewell.md";

/// A repository whose packet is signed. With `worked`, it has the coder's work
/// on disk, evidence, and manifests with these hashes.
pub fn greeter_sandbox(worked: Option<RecordedHashes>) -> Sandbox {
    let sandbox = Sandbox::bare_folder();
    let builder = RepositoryBuilder::create(&sandbox.root).expect("repository");
    let mut world = DemoRepository::default();
    world.initialize(&builder).expect("base");
    if let Some(manifests) = worked {
        world.write_work(&builder).expect("work");
        world.write_handover(&builder, manifests).expect("packet");
    }
    sandbox
}

/// The packet handed over with its evidence, but with the manifest template.
pub fn greeter_without_manifests() -> Sandbox {
    let sandbox = greeter_sandbox(Some(RecordedHashes::Correct));
    let text = sandbox.read(PACKET);
    let (before, rest) = text.split_once("## VALIDATION\n").expect("section");
    let after = rest.find("## STATUS_HANDOFF").expect("next section");
    let template = include_str!("../../../fixtures/demo/manifest_template.md");
    sandbox.write(PACKET, format!("{before}## VALIDATION\n{template}{}", &rest[after..]));
    sandbox
}
