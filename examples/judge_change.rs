//! Checks a change against its packet: `cargo run --example judge_change -- [FOLDER PACKET]`.
use countersign::{DemoRepository, Gate, GateRequest, GitRepository, RecordedHashes, RepositoryBuilder};
use countersign::{SelectionRequest, check_packet};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (temporary, mut packet) = (tempfile::tempdir()?, "WP-1-Farewell".to_owned());
    let mut folder = temporary.path();
    if let [path, id] = arguments.as_slice() {
        (folder, packet) = (path.as_ref(), id.clone());
    } else {
        let (builder, mut demo) = (RepositoryBuilder::create(folder)?, DemoRepository::default());
        demo.initialize(&builder)?;
        demo.write_work(&builder)?;
        demo.edit_invoices(&builder)?;
        demo.write_handover(&builder, RecordedHashes::Correct)?;
    }
    let (gate, selection, now) = (Gate::PostWork, SelectionRequest::Default, jiff::Zoned::now().datetime());
    let request = GateRequest {
        task: None,
        gate,
        packet,
        other_packets: Vec::new(),
        selection,
        base: None,
        config: None,
        now,
    };
    for finding in check_packet(&GitRepository::discover(folder)?, &request)?.findings {
        println!("{} [{}] {}", finding.level, finding.rule, finding.message);
    }
    Ok(())
}
