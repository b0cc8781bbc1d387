//! The fuzz targets over stored inputs: the documents of the demo, inputs that
//! once broke a reader (`fixtures/fuzz/`), and edits of both.

use proptest::prelude::*;

use super::TARGETS;
use crate::test_support::{files_below, project, read_bytes};

fn seeds() -> Vec<Vec<u8>> {
    let folders = ["fixtures/demo", "fixtures/fuzz"];
    let files = folders.iter().flat_map(|folder| files_below(&project().join(folder)));
    files.map(|path| read_bytes(&path)).collect()
}

#[test]
fn every_target_takes_every_seed() {
    let seeds = seeds();
    std::thread::scope(|scope| {
        for (_, target) in TARGETS {
            let seeds = &seeds;
            scope.spawn(move || seeds.iter().for_each(|seed| target(seed)));
        }
    });
}

#[test]
fn every_target_has_a_program() {
    for (name, _) in TARGETS {
        assert!(project().join(format!("tests/fuzz/fuzz_targets/{name}.rs")).is_file(), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// A seed with one part replaced does not panic a target.
    #[test]
    fn every_target_takes_edited_seeds(
        pick in 0usize..1000,
        target in 0usize..TARGETS.len(),
        cut in (0usize..4000, 0usize..400),
        put in "[ -~\\n\u{e9}\u{200b}|`#*\\[\\]{}:,\"<>-]{0,40}",
    ) {
        let seeds = seeds();
        let mut bytes = seeds[pick % seeds.len()].clone();
        let start = cut.0.min(bytes.len());
        let end = (start + cut.1).min(bytes.len());
        bytes.splice(start..end, put.bytes());
        TARGETS[target].1(&bytes);
    }
}
