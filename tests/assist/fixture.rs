//! A repository with a packet and work on it, and a user with servers of models.

use serde_json::Value;

use crate::support::repo::Sandbox;

pub const WP: &str = "WP-1-Farewell";
/// A line of the work that can be cited.
pub const QUOTE: &str = "pub fn farewell(name: &str) -> String {";

/// A remark about a line of the work.
pub fn remark(message: &str) -> String {
    serde_json::json!({
        "findings": [{"file": "src/farewell.rs", "line": 1, "quote": QUOTE, "message": message}],
    })
    .to_string()
}

/// A repository whose branch has work that an audit judges.
pub fn with_work() -> Sandbox {
    let sandbox = Sandbox::with_packet();
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    sandbox.write("src/farewell.rs", format!("{QUOTE}\n    format!(\"Bye, {{name}}\")\n}}\n"));
    sandbox.write("outside.txt", "a file that no packet allows\n");
    sandbox.commit("work");
    sandbox
}

/// Writes the user's configuration.
pub fn configure(sandbox: &Sandbox, text: &str) {
    let folder = sandbox.home().join("config/countersign");
    std::fs::create_dir_all(&folder).expect("folder");
    std::fs::write(folder.join("config.yaml"), text).expect("configuration");
}

/// A local server of `/v1/chat/completions`.
pub fn configure_local(sandbox: &Sandbox, port: u16, more: &str) {
    configure(
        sandbox,
        &format!(
            "models:\n  providers:\n    here:\n      kind: openai_compat\n      tier: local\n      base_url: http://127.0.0.1:{port}\n\
             \x20     models: [small]\n{more}  roles:\n    validator: {{provider: here, model: small}}\n"
        ),
    );
}

/// The report of a command as JSON, with its exit code.
pub fn report(sandbox: &Sandbox, arguments: &[&str]) -> (i32, Value) {
    let output = sandbox.run(&[arguments, &["--format", "json"]].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{said}"));
    (output.status.code().expect("exit code"), value)
}

/// Asks for advice; returns what the model said, with the exit code.
pub fn assist(sandbox: &Sandbox, more: &[&str]) -> (i32, Value) {
    let (exit, report) = report(sandbox, &[&["review", "assist", WP], more].concat());
    (exit, report["run"]["assist"].clone())
}

/// A report without what differs from run to run.
pub fn without_run(mut report: Value) -> String {
    report.as_object_mut().expect("object").remove("run");
    report.to_string()
}

/// The text of every file below the sandbox, git's own folder included.
pub fn everything_written(sandbox: &Sandbox) -> String {
    let folder = sandbox.root.parent().expect("folder");
    let texts = crate::support::files_below(folder).into_iter().filter_map(|path| std::fs::read(path).ok());
    texts.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}
