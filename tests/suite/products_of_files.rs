//! Inputs in which two sizes are large at once: settings, package manifests, and records of other
//! packets. See `products`.

use crate::products::{CONFIG, JUDGE, PACKET, Wide, assert_bounded, changed, lines};
use crate::support::repo::Sandbox;

#[test]
fn settings_and_the_length_of_their_line_are_not_multiplied() {
    let settings = [
        ("jest.config.js", "module.exports = {", "exclude: ['a'], "),
        ("pytest.ini", "addopts = ", "--ignore=a "),
        ("tox.ini", "addopts = ", "-p no:a "),
    ];
    let file = |(name, start, setting): (&str, &str, &str)| {
        (format!("src/{name}"), format!("{start}{}\n", setting.repeat(320_000 / setting.len())))
    };
    let files: Vec<(String, String)> = settings.into_iter().map(file).collect();
    let said = assert_bounded(&changed(&Wide::default().text(), &files), &JUDGE, &["tests/weakened"]);
    assert!(said.contains("has the new setting"), "the settings are read");
}

#[test]
fn packages_and_manifests_are_not_multiplied() {
    let sandbox = Sandbox::new();
    for number in 0..1_500 {
        sandbox.write(&format!("p{number}/package.json"), format!("{{\"name\": \"tide-mock-{number}\"}}"));
        sandbox.write(&format!("p{number}/src/index.ts"), "export const mockTide = 1;\n");
    }
    let said = assert_bounded(&sandbox, &["scan", "--format", "json"], &[]);
    let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(report["scan"]["subjects"].as_array().map(Vec::len), Some(1_500));
    let said = assert_bounded(&sandbox, &["scan"], &[]);
    assert!(said.contains("left out, about 1488 other subjects"), "{said}");
}

#[test]
fn scripts_and_the_length_of_a_word_are_not_multiplied() {
    let sandbox = Sandbox::new();
    sandbox.write("package.json", "{\"name\": \"tide\", \"dependencies\": {}}");
    for number in 0..200 {
        sandbox.write(&format!("scripts/s{number}.ts"), "console.log('tide');\n");
    }
    for number in 0..4 {
        sandbox.write(&format!("d{number}.json"), format!("\"{}\"\n", "1.".repeat(400_000)));
    }
    assert_bounded(&sandbox, &["scan"], &[]);
}

#[test]
fn rows_of_records_and_changed_files_are_not_multiplied() {
    let sandbox = Sandbox::new();
    sandbox.write("countersign.yaml", CONFIG);
    sandbox.write(PACKET, Wide::default().text());
    let records = |revision: usize, state: &str| {
        let row = |number: usize| {
            format!(
                "| WP-2-R{number} | [WP-2-R{number}-v{revision}](../task_packets/WP-2-R{number}-v{revision}.md) | \
                 Ready | x |"
            )
        };
        let head = "# R\n\n| Base WP ID | Active Packet | Task Board | Notes |\n|---|---|---|---|\n";
        sandbox
            .write(".GOV/roles_shared/WP_TRACEABILITY_REGISTRY.md", format!("{head}{}", lines(10_000, row)));
        let entry = |number: usize| format!("- **[WP-3-B{number}]** - [{state}]");
        let unread = |number: usize| format!("- WP-4-U{number} is {state}");
        let board = format!("{}{}", lines(10_000, entry), lines(5_000, unread));
        sandbox.write(".GOV/roles_shared/TASK_BOARD.md", format!("# Task Board\n\n## Done\n{board}"));
    };
    records(1, "ABANDONED");
    sandbox.commit("packet");
    records(2, "READY_FOR_DEV");
    for number in 0..2_000 {
        sandbox.write(&format!(".GOV/task_packets/WP-8-F{number}.md"), "# x\n");
    }
    sandbox.commit("work");
    let said = assert_bounded(&sandbox, &JUDGE, &["scope/other-packet"]);
    assert!(said.contains("more changes of this kind"), "the rows are compared");
}
