//! What the gates read of a small fixed repository, as counts that no machine changes.

use crate::change::SelectionRequest;
use crate::check::context::Gate;
use crate::pipeline::packet_gate::{GateRequest, check_packet};
use crate::system::files;
use crate::system::git::{GitRepository, Identity, RepositoryBuilder};

use super::{DemoRepository, RecordedHashes, WP_ID};

/// Number of commits behind the work.
const COMMITS: usize = 60;
/// Number of files that the work does not change.
const FILES: usize = 200;

/// A gate, and the most objects and bytes of objects that it may read.
const CEILINGS: [(Gate, u64, u64); 4] = [
    (Gate::GateCheck, 222, 32_000),
    (Gate::PreWork, 222, 32_000),
    (Gate::PostWork, 244, 52_100),
    (Gate::Audit, 245, 52_400),
];

#[test]
fn gates_read_no_more_objects_than_recorded() {
    let scratch = files::create_scratch_folder("countersign-cost-").expect("folder");
    let root = scratch.path();
    let builder = RepositoryBuilder::create(root).expect("repository");
    let who = Identity { name: "Ada", email: "ada@example.org" };
    for number in 0..FILES {
        let path = format!("gen/folder{}/file{number}.rs", number % 20);
        builder.write(&path, &format!("// {number}\n")).expect("file");
    }
    for number in 0..COMMITS {
        builder.write("gen/folder0/file0.rs", &format!("// version {number}\n")).expect("file");
        let at = 1_760_000_000 + i64::try_from(number).unwrap_or(0);
        builder.commit_all(&format!("version {number}"), who, at).expect("commit");
    }
    let mut demo = DemoRepository::default();
    demo.initialize(&builder).expect("packet");
    demo.write_work(&builder).expect("work");
    demo.write_handover(&builder, RecordedHashes::Correct).expect("handover");
    demo.commit_work(&builder).expect("commit");
    let mut said = Vec::new();
    for (gate, objects, bytes) in CEILINGS {
        let repo = GitRepository::discover(root).expect("repository");
        let request = GateRequest {
            task: None,
            other_packets: Vec::new(),
            gate,
            packet: WP_ID.into(),
            selection: SelectionRequest::Default,
            base: None,
            config: None,
            now: jiff::civil::datetime(2026, 3, 1, 12, 0, 0, 0),
        };
        check_packet(&repo, &request).expect("judged");
        let (read, length) = repo.objects_read();
        if read > objects || length > bytes {
            said.push(format!("{}: {read} objects with {length} bytes", gate.as_str()));
        }
    }
    assert!(said.is_empty(), "more than recorded: {}", said.join("; "));
}
