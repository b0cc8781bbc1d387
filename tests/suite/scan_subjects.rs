//! Scans: words that name a subject of the product, files that run on a server, and scripts
//! that people run by hand.

use serde_json::Value;

use crate::scans::{report, rules};
use crate::support::repo::Sandbox;

const NAME: &str = "scan/placeholder-name";

/// Writes a product that offers mock servers: `names` files use the name, and `texts` of them
/// show it to users.
fn offer_mock_servers(sandbox: &Sandbox, names: usize, texts: usize) {
    sandbox.write("package.json", "{\"name\": \"tide\", \"private\": true}");
    for at in 0..names {
        let label = if at < texts { "Create a mock server" } else { "Create" };
        let text = format!("export const mockServer{at} = () => open('{label}');\n");
        sandbox.write(&format!("src/part{at}.ts"), text);
    }
}

fn subjects(report: &Value) -> Vec<String> {
    let all = report["scan"]["subjects"].as_array().expect("subjects").iter();
    all.map(|one| one["subject"].as_str().expect("subject").to_owned()).collect()
}

#[test]
fn what_a_product_offers_to_its_users_is_no_stand_in() {
    let sandbox = Sandbox::new();
    offer_mock_servers(&sandbox, 8, 5);
    let (code, found) = report(&sandbox, &["scan"]);
    assert_eq!((code, rules(&found), subjects(&found)), (0, Vec::new(), vec!["mock server".to_owned()]));
    let reason = found["scan"]["subjects"][0]["reason"].as_str().expect("reason");
    assert_eq!(reason, "it is in the names of 8 files and in the texts of 5, such as src/part0.ts");
    let (_, said) = sandbox.run_redacted(&["scan"]);
    assert!(said.contains("8 findings of scan/placeholder-name left out, about `mock server`"), "{said}");
    // A stand-in beside it is still found, also in a file about the subject.
    sandbox.write("src/part0.ts", "open('a mock server');\nexport const mockServer0 = mockClient;\n");
    sandbox.write("src/mock-server/route.ts", "export const mockRoute = 1;\n");
    let (code, found) = report(&sandbox, &["scan"]);
    assert_eq!((code, rules(&found)), (1, vec![NAME.to_owned()]), "{found}");
    assert_eq!(found["findings"][0]["path"], "src/part0.ts");
}

#[test]
fn names_without_texts_for_users_are_stand_ins() {
    for (names, texts) in [(8, 4), (7, 7)] {
        let sandbox = Sandbox::new();
        offer_mock_servers(&sandbox, names, texts);
        let (code, found) = report(&sandbox, &["scan"]);
        assert_eq!((code, rules(&found).len(), subjects(&found).len()), (1, names, 0), "{found}");
    }
    // What a product needs itself is no subject, however often it is mentioned.
    let sandbox = Sandbox::new();
    offer_mock_servers(&sandbox, 9, 9);
    for at in 0..9 {
        let path = format!("src/part{at}.ts");
        sandbox.write(&path, sandbox.read(&path).replace("mockServer", "mockData").replace("server", "data"));
    }
    assert_eq!(rules(&report(&sandbox, &["scan"]).1).len(), 9);
    // Comments and tests are no texts for users.
    let sandbox = Sandbox::new();
    offer_mock_servers(&sandbox, 9, 0);
    for at in 0..9 {
        let path = format!("src/part{at}.ts");
        sandbox.write(&path, format!("// The mock server.\n{}", sandbox.read(&path)));
        sandbox.write(&format!("src/part{at}.test.ts"), "it('starts a mock server', mockServer);\n");
    }
    assert_eq!(rules(&report(&sandbox, &["scan"]).1).len(), 9);
}

#[test]
fn a_change_makes_no_subject_of_its_own_stand_ins() {
    let sandbox = Sandbox::new();
    offer_mock_servers(&sandbox, 1, 1);
    sandbox.commit("before");
    offer_mock_servers(&sandbox, 9, 9);
    sandbox.commit("after");
    let (code, found) = report(&sandbox, &["scan", "--range", "HEAD~1..HEAD"]);
    assert_eq!((code, rules(&found).len()), (1, 8), "{found}");
    // What was a subject before the change stays one.
    sandbox.write("src/list.ts", "export const mockServers = [];\nexport const mockTide = 1;\n");
    sandbox.commit("later");
    let (code, found) = report(&sandbox, &["scan", "--range", "HEAD~1..HEAD"]);
    assert_eq!((code, rules(&found), subjects(&found).len()), (1, vec![NAME.to_owned()], 1), "{found}");
    // A manifest of the change says nothing.
    sandbox.write("package.json", "{\"name\": \"tide-mocks\"}");
    sandbox.write("src/more.ts", "export const mockWind = 1;\n");
    sandbox.commit("renamed");
    assert_eq!(report(&sandbox, &["scan", "--range", "HEAD~1..HEAD"]).0, 1);
    sandbox.write("src/more.ts", "export const mockWind = 1;\nexport const mockRain = 1;\n");
    sandbox.commit("last");
    assert_eq!(report(&sandbox, &["scan", "--range", "HEAD~1..HEAD"]).0, 0);
}

#[test]
fn the_trusted_tree_shows_the_subjects() {
    // The first commit of a branch makes the words a subject, and the second one uses them.
    let sandbox = Sandbox::new();
    offer_mock_servers(&sandbox, 1, 1);
    sandbox.commit("before");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    offer_mock_servers(&sandbox, 9, 9);
    sandbox.commit("a subject of its own");
    sandbox.write("src/list.ts", "export const mockServers = [];\n");
    let staged = |sandbox: &Sandbox| {
        sandbox.git(&["add", "-A"]);
        report(sandbox, &["scan", "--staged"])
    };
    let (code, found) = staged(&sandbox);
    assert_eq!((code, rules(&found).len(), subjects(&found).len()), (1, 1, 0), "{found}");
    sandbox.commit("work");
    let (code, found) = report(&sandbox, &["scan", "--rev", "HEAD"]);
    assert_eq!((code, rules(&found).len(), subjects(&found).len()), (1, 1, 0), "{found}");
    let (code, found) = report(&sandbox, &["scan"]);
    assert_eq!((code, rules(&found).len(), subjects(&found).len()), (1, 10, 0), "{found}");
    // The same words are a subject after the main branch has them.
    sandbox.git(&["branch", "-q", "-f", "main", "HEAD^"]);
    assert_eq!(report(&sandbox, &["scan", "--rev", "HEAD"]).0, 0);
    let (code, found) = report(&sandbox, &["scan"]);
    assert_eq!((code, subjects(&found)), (0, vec!["mock server".to_owned()]), "{found}");
}

#[test]
fn a_package_for_others_can_be_about_mocks() {
    let count = |manifest: &str, code: &str| {
        let sandbox = Sandbox::new();
        sandbox.write("crates/a/Cargo.toml", manifest);
        sandbox.write("crates/a/src/lib.rs", code);
        rules(&report(&sandbox, &["scan"]).1).len()
    };
    let code = "pub struct MockTide;\n/// Stub implementation, for now.\npub fn mock_tide() {}\n";
    assert_eq!(count("[package]\nname = \"tidemock\"\nversion = \"1.0.0\"\n", code), 0);
    let of_keywords = "[package]\nname = \"tide\"\nkeywords = [\"mock\"]\ndescription = \"Mocks tides.\"\n";
    assert_eq!(count(of_keywords, code), 0);
    assert_eq!(count("[package]\nname = \"tide\"\nkeywords = [\"mock\"]\n", code), 3);
    assert_eq!(count("[package]\nname = \"tidemock\"\npublish = false\n", code), 3);
    // A product that needs it has stand-ins.
    let sandbox = Sandbox::new();
    sandbox.write("mock/package.json", "{\"name\": \"tide-mock\"}");
    sandbox.write("mock/src/index.ts", "export const mockTides = [1];\n");
    sandbox.write("app/package.json", "{\"name\": \"app\", \"devDependencies\": {\"tide-mock\": \"*\"}}");
    assert_eq!(report(&sandbox, &["scan"]).0, 0);
    sandbox.write("app/package.json", "{\"name\": \"app\", \"dependencies\": {\"tide-mock\": \"*\"}}");
    assert_eq!(rules(&report(&sandbox, &["scan"]).1), [NAME]);
}

#[test]
fn the_configuration_names_subjects() {
    let sandbox = Sandbox::new();
    offer_mock_servers(&sandbox, 8, 5);
    sandbox.write("src/route.ts", "export const mockRoute = 1;\nexport const mockTide = 2;\n");
    let count = |subjects: &str| {
        let config = format!("version: 1\nscan: {{vocabulary: {{stand-ins: {subjects}}}}}\n");
        sandbox.write("countersign.yaml", config);
        rules(&report(&sandbox, &["scan"]).1).len()
    };
    assert_eq!((count("[]"), count("[mock route]"), count("[mock route, mock server]")), (10, 9, 1));
    assert_eq!(count("[mock]"), 0);
    sandbox.write("countersign.yaml", "version: 1\nscan: {vocabulary: {stand-ins: [Mock-Server]}}\n");
    let (code, said) = sandbox.run_redacted(&["scan"]);
    assert_eq!((code, said.contains("one or two words in small letters")), (2, true), "{said}");
}

#[test]
fn code_of_a_server_is_no_client() {
    let count = |path: &str, text: &str| {
        let sandbox = Sandbox::new();
        sandbox.write("package.json", "{\"name\": \"a\"}");
        sandbox.write("src/apiClient.ts", "export const load = () => fetch('/tides');\n");
        sandbox.write(path, text);
        rules(&report(&sandbox, &["scan"]).1).len()
    };
    let request = "export const load = async () => fetch(url);\n";
    let page = "export default async function Page() {\n  await fetch(url);\n}\n";
    let route = "export async function action() {\n  return send();\n}\nconst send = () => fetch(url);\n";
    for (path, text) in [
        ("src/act.ts", format!("'use server';\n{request}")),
        ("src/keep.ts", format!("import \"server-only\";\n{request}")),
        ("src/keep.ts", format!("import {{ cookies }} from 'next/headers';\n{request}")),
        ("app/tides/page.tsx", page.to_owned()),
        ("app/routes/tides.ts", route.to_owned()),
    ] {
        assert_eq!(count(path, &text), 0, "{text}");
    }
    for (path, text) in [
        ("src/act.ts", request.to_owned()),
        ("src/act.ts", format!("// 'use server'\n{request}")),
        ("src/keep.ts", format!("import type {{ NextRequest }} from 'next/server';\n{request}")),
        ("app/routes/tides.tsx", format!("{route}export const Tides = () => useState(1);\n")),
        ("app/tides/page.tsx", format!("'use client';\n{page}")),
        ("app/routes/tides.tsx", format!("{route}export default function Tides() {{}}\n")),
    ] {
        assert_eq!(count(path, &text), 1, "{text}");
    }
}

#[test]
fn scripts_that_people_run_by_hand_are_tools() {
    let create = |more: &[(&str, &str)]| {
        let sandbox = Sandbox::new();
        sandbox
            .write("package.json", "{\"name\": \"a\", \"scripts\": {\"fill\": \"tsx src/scripts/fill.ts\"}}");
        sandbox.write("src/index.ts", "export const a = 1;\n");
        sandbox.write("src/scripts/fill.ts", "import { say } from './say';\nconsole.log(say);\n");
        sandbox.write("src/scripts/say.ts", "console.log(2);\n");
        more.iter().for_each(|(path, text)| sandbox.write(path, *text));
        rules(&report(&sandbox, &["scan"]).1).len()
    };
    assert_eq!(create(&[]), 0);
    assert_eq!(create(&[("src/fill.test.ts", "import './scripts/fill';\n")]), 0);
    for (path, text, expected) in [
        ("src/index.ts", "import './scripts/fill';\n", 2),
        ("src/index.ts", "import { say } from './scripts/say.js';\n", 1),
        ("src/index.ts", "loadAll('./scripts/*.ts');\n", 2),
        ("Dockerfile", "CMD [\"node\", \"dist/scripts/fill.js\"]\n", 2),
        ("package.json", "{\"name\": \"a\", \"scripts\": {\"start\": \"tsx src/scripts/fill.ts\"}}", 2),
        ("package.json", "{\"name\": \"a\", \"bin\": \"src/scripts/fill.ts\"}", 2),
        ("web/index.html", "<script type=\"module\" src=\"/src/scripts/fill.ts\"></script>", 2),
        ("src/page.astro", "<script src=\"./scripts/say.ts\"></script>", 1),
        ("manifest.json", "{\"background\": {\"service_worker\": \"scripts/fill.js\"}}", 2),
        ("src/index.ts", "export const load = (name) => import(`./scripts/${name}.js`);\n", 2),
        ("Makefile", "serve:\n\tnode dist/scripts/fill.js\n", 2),
        ("Makefile", "fill:\n\tnode dist/scripts/fill.js\n", 0),
        ("tsconfig.json", "{\"files\": [\"src/scripts/fill.ts\"]}", 0),
    ] {
        assert_eq!(create(&[(path, text)]), expected, "{text}");
    }
}
