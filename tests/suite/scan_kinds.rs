//! Scans in real repositories: files that are not the product, by what imports, names and calls
//! them, and the twins that are the product.

use crate::scans::{BAD, report, rules, scan_change};
use crate::support::repo::Sandbox;

/// Returns the paths of the findings of `scan`, of the given files.
fn scanned(files: &[(&str, &str)]) -> Vec<String> {
    let sandbox = Sandbox::new();
    files.iter().for_each(|(path, text)| sandbox.write(path, *text));
    let (_, found) = report(&sandbox, &["scan"]);
    let all = found["findings"].as_array().expect("findings").iter();
    all.filter_map(|one| one["place"]["path"].as_str().map(str::to_owned)).collect()
}

/// Returns the files with those of the second list in the place of files of the same path.
fn with<'a>(files: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let is_kept = |(path, _): &&(&str, &str)| !more.iter().any(|(other, _)| other == path);
    files.iter().filter(is_kept).chain(more).copied().collect()
}

#[test]
fn a_go_file_that_only_tests_call_is_test_code() {
    const HOOK: (&str, &str) = (
        "shop/fortest.go",
        "package shop\n\ntype forTest struct{ s *Shop }\n\nfunc (s *Shop) ForTest() forTest { return forTest{s} }\n\n\
         func (f forTest) Fill() { panic(\"empty\") }\n",
    );
    let files = [
        ("go.mod", "module example.org/a\n"),
        ("main.go", "package main\n\nimport \"example.org/a/shop\"\n\nfunc main() { shop.Open() }\n"),
        (
            "shop/shop.go",
            "package shop\n\n// Shop has forTest for tests.\ntype Shop struct{}\n\nfunc Open() {}\n\nfunc (f forTest) Close2() {}\n",
        ),
        HOOK,
        ("shop/shop_test.go", "package shop\n\nvar _ = (&Shop{}).ForTest()\n"),
        (
            "shop/seatest/take.go",
            "package seatest\n\nimport \"testing\"\n\nfunc Take(t *testing.T) { s.ForTest() }\n",
        ),
        ("shop/seatest/more.go", "package seatest\n\nfunc More() { s.ForTest().Fill() }\n"),
    ];
    assert!(scanned(&files).is_empty());
    // The product calls it, by the method or by the type.
    let call = ("shop/open.go", "package shop\n\nfunc Start(s *Shop) { s.ForTest().Fill() }\n");
    assert_eq!(scanned(&with(&files, &[call])), ["shop/fortest.go"]);
    let made = ("shop/open.go", "package shop\n\nvar one = forTest{}\n");
    assert_eq!(scanned(&with(&files, &[made])), ["shop/fortest.go"]);
    // The standard library may call this method; and a package alone with such a name takes no test.
    let text = HOOK.1.replace("ForTest()", "String()");
    assert_eq!(scanned(&with(&files, &[(HOOK.0, &text)])), ["shop/fortest.go"]);
    let plain = ("shop/seatest/take.go", "package seatest\n");
    assert_eq!(scanned(&with(&files, &[plain])), ["shop/fortest.go"]);
    // A file that the product uses may use it.
    let used = "package shop\n\nfunc mock(s *Shop) { s.ForTest(); panic(1) }\n";
    let user = ("shop/open.go", "package shop\n\nfunc Start(s *Shop) { mock(s) }\n");
    let all = scanned(&with(&files, &[("shop/mock.go", used), user]));
    assert!(all.contains(&"shop/fortest.go".to_owned()), "{all:?}");
}

#[test]
fn a_go_file_that_ends_outside_of_tests_is_test_code_by_any_name() {
    let files = [
        ("go.mod", "module example.org/a\n"),
        ("main.go", "package main\n\nimport \"example.org/a/shop\"\n\nfunc main() { shop.Open() }\n"),
        ("shop/shop.go", "package shop\n\nfunc Open() {}\n"),
        (
            "shop/export.go",
            "package shop\n\nimport \"testing\"\n\nfunc Reset() {\n\tif !testing.Testing() {\n\t\tpanic(\"not a test\")\n\t}\n\tpanic(\"empty\")\n}\n",
        ),
    ];
    assert!(scanned(&files).is_empty());
    let call = ("shop/shop.go", "package shop\n\nfunc Open() { Reset() }\n");
    assert_eq!(scanned(&with(&files, &[call])), ["shop/export.go"]);
    let plain = ("shop/export.go", "package shop\n\nfunc Reset() {\n\tpanic(\"not a test\")\n}\n");
    assert_eq!(scanned(&with(&files, &[plain])), ["shop/export.go"]);
}

#[test]
fn a_program_beside_the_sources_is_a_tool_if_nothing_of_the_product_names_it() {
    let files = [
        ("app/package.json", r#"{"name": "app", "scripts": {"start": "node out/index.js"}}"#),
        ("app/src/index.ts", "export const a = 1;\n"),
        ("app/make_token.ts", "const name = process.argv[2];\nconsole.log(name);\n"),
    ];
    assert!(scanned(&files).is_empty());
    let file = ["app/make_token.ts"];
    for (path, text) in [
        ("app/package.json", r#"{"name": "app", "scripts": {"start": "tsx make_token.ts"}}"#),
        ("app/package.json", r#"{"name": "app", "bin": "./make_token.js"}"#),
        ("app/Dockerfile", "CMD node make_token.js\n"),
        ("app/wrangler.jsonc", "{ \"main\": \"make_token.ts\" }\n"),
        ("app/src/index.ts", "import '../make_token';\n"),
        ("app/pack.config.js", "module.exports = { entry: 'make_token.ts' };\n"),
    ] {
        assert_eq!(scanned(&with(&files, &[(path, text)])), file, "{path} {text}");
    }
    // It gives something to others, does not say that it is a command, or has the name of an entry.
    let text = format!("{}export const b = 1;\n", files[2].1);
    assert_eq!(scanned(&with(&files, &[("app/make_token.ts", &text)])), file);
    assert_eq!(scanned(&with(&files, &[("app/make_token.ts", "console.log(1);\n")])), file);
    assert_eq!(scanned(&with(&files, &[("app/server.ts", files[2].1)])), ["app/server.ts"]);
    // Without a folder of sources, the package is what is beside its manifest.
    assert_eq!(scanned(&[files[0], files[2]]), file);
    // A command of developers runs it.
    let docs =
        ("app/package.json", r#"{"name": "app", "scripts": {"docs:edit": "electron ./make_token.ts ."}}"#);
    assert!(scanned(&with(&files, &[docs, ("app/make_token.ts", "console.log(1);\n")])).is_empty());
    assert!(scanned(&with(&files[..2], &[("app/test-client.ts", "console.log(1);\n")])).is_empty());
}

#[test]
fn what_the_client_imports_to_send_requests_is_a_part_of_it() {
    let files = [
        ("package.json", r#"{"name": "web", "private": true}"#),
        (
            "src/api.ts",
            "import { send } from './net/send';\n\nexport const tides = () => send('/tides');\nfetch('/start');\n",
        ),
        ("src/net/send.ts", "export async function send(url: string) {\n  return await fetch(url);\n}\n"),
    ];
    assert!(scanned(&files).is_empty());
    // Another function of the same file, and a function that the client does not import.
    let more = format!("{}\nexport const wind = () => fetch('/wind');\n", files[2].1);
    assert_eq!(scanned(&with(&files, &[("src/net/send.ts", &more)])), ["src/net/send.ts"]);
    let other = ("src/api.ts", "fetch('/start');\n");
    assert_eq!(scanned(&with(&files, &[other])), ["src/net/send.ts"]);
    // A component is no client, whoever imports from it.
    let page = ("src/api.ts", "import { send } from './components/send';\nfetch('/start');\n");
    let component = ("src/components/send.ts", files[2].1);
    assert_eq!(scanned(&with(&files[..1], &[page, component])), ["src/components/send.ts"]);
}

#[test]
fn a_request_for_a_file_of_the_page_shows_no_client() {
    let files = [
        ("package.json", r#"{"name": "web", "private": true}"#),
        ("src/tide/client.ts", "export const load = () => fetch(`${root}tide.wasm`);\n"),
        ("src/tides.ts", "export const tides = () => fetch('/tides');\n"),
    ];
    assert!(scanned(&files).is_empty());
    let client = ("src/tide/client.ts", "export const load = () => fetch('/tides/a.wasm/size');\n");
    assert_eq!(scanned(&with(&files, &[client])), ["src/tides.ts"]);
}

#[test]
fn a_change_cannot_call_its_own_code_a_copy() {
    let base = [("src/lib.rs", "pub mod tides;\n"), ("src/tides.rs", "fn a() {}\n")];
    let copy = format!("// Vendored from https://tides.example\n{BAD}");
    let (code, found) = scan_change(&base, &[("src/tides.rs", &copy)]);
    // It is scanned this time, and the reviewer is told that it will not be later.
    let both = vec!["scan/rust-unwrap".to_owned(), "source/unscanned".to_owned()];
    assert_eq!((code, rules(&found)), (1, both.clone()), "{found}");
    let (_, found) = scan_change(&base, &[("src/new.rs", &copy)]);
    assert_eq!(rules(&found), ["source/unscanned"], "{found}");
    let copy = format!("// imported from https://github.com/sea/tides/blob/af13114/tides.rs\n\n{BAD}");
    let (_, found) = scan_change(&base, &[("src/tides.rs", &copy)]);
    assert_eq!(rules(&found), both, "{found}");
    let (_, found) = scan_change(&base, &[("src/new.rs", &copy)]);
    assert_eq!(rules(&found), ["source/unscanned"], "{found}");
}

#[test]
fn what_a_rule_of_a_linter_says_is_no_note() {
    let found = |line: &str| {
        let list = format!("ignore = [\n  {line}\n]\n");
        scanned(&[("src/lib.rs", "fn a() {}\n"), ("a.toml", &list)]).len()
    };
    assert_eq!(found("\"FIX\",     # TODO comments are fine, for us"), 0);
    assert_eq!(found("\"TD003\",  # No link on the line behind this TODO"), 0);
    for line in [
        "\"TD003\",  # TODO: the other rules",
        "\"TD003\",  # on for now, TODO",
        "\"TD003\",  # No link behind this TODO\n  # TODO: the other rules",
        "\"a longer value\",  # remove this TODO",
        "\"FIX\",  # TODO comments",
    ] {
        assert_eq!(found(line), 1, "{line}");
    }
}

#[test]
fn a_go_file_of_a_package_is_test_code_if_only_tests_use_its_names() {
    let files = [
        ("go.mod", "module example.org/a\n"),
        (
            "main.go",
            "package main\n\nimport \"example.org/a/internal/shop\"\n\nfunc main() { shop.Open() }\n",
        ),
        ("internal/shop/shop.go", "package shop\n\nfunc Open() {}\n"),
        (
            "internal/shop/helper.go",
            "package shop\n\nvar (\n\t_ Tide = (*mockTide)(nil)\n)\n\ntype mockTide struct{}\n\n\
             func (m *mockTide) add() { panic(\"empty\") }\n\nfunc MockTide() { new(mockTide).add() }\n",
        ),
        ("internal/shop/shop_test.go", "package shop\n\nvar _ = MockTide\n"),
    ];
    let file = ["internal/shop/helper.go"];
    assert!(scanned(&files).is_empty());
    let is_found = |more: (&str, &str)| scanned(&with(&files, &[more])).contains(&file[0].to_owned());
    // The product mentions a name, no test does, or others can call it without one.
    assert!(is_found(("internal/shop/shop.go", "package shop\n\nfunc Open() { MockTide() }\n")));
    assert!(is_found(("internal/shop/shop.go", "package shop\n\nfunc Open() { use(mockTide{}) }\n")));
    assert!(is_found(("other.go", "package main\n\nvar a = shop.MockTide\n")));
    assert!(is_found(("internal/shop/shop_test.go", "package shop\n")));
    for line in
        ["func (s *Shop) Read() {}", "func init() { MockTide() }", "//export MockTide", "import \"C\""]
    {
        assert!(is_found((file[0], &format!("{}\n{line}\n", files[3].1))), "{line}");
    }
    let list = files[3].1.replace("\t_ Tide", "\tTide");
    assert!(is_found((file[0], &list)));
    // A package for users of the module, which is no program.
    let library = with(&files, &[("main.go", "package a\n")]);
    let moved: Vec<(String, &str)> =
        library.iter().map(|(path, text)| (path.replace("internal/", "pkg/"), *text)).collect();
    let moved: Vec<(&str, &str)> = moved.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    assert!(scanned(&moved).contains(&"pkg/shop/helper.go".to_owned()));
}

#[test]
fn a_go_file_beside_helpers_that_take_a_test_is_test_code_if_only_they_use_it() {
    let files = [
        ("go.mod", "module example.org/a\n"),
        (
            "internal/run/run.go",
            "package run\n\nimport \"testing\"\n\nfunc Run(t *testing.T) { newReader() }\n",
        ),
        (
            "internal/run/reader.go",
            "package run\n\ntype reader struct{}\n\nfunc newReader() *reader { return build() }\n\n\
             func (*reader) Find() { panic(\"no\") }\n",
        ),
        ("internal/run/build.go", "package run\n\nfunc build() *reader { panic(\"no\") }\n"),
        ("internal/run/run_test.go", "package run\n\nfunc TestRun(t *testing.T) { Run(t) }\n"),
    ];
    assert!(scanned(&files).is_empty());
    let plain = ("internal/run/open.go", "package run\n\nfunc Open() { newReader() }\n");
    assert_eq!(scanned(&with(&files, &[plain])), ["internal/run/build.go", "internal/run/reader.go"]);
    // A name without a capital is that of its own package.
    let other = ("internal/open/open.go", "package open\n\nfunc Open(a *Tide) { a.newReader() }\n");
    assert!(scanned(&with(&files, &[other])).is_empty());
    let field = ("internal/run/open.go", "package run\n\nfunc Open(a *Tide) { a.newReader() }\n");
    assert!(scanned(&with(&files, &[field])).contains(&"internal/run/reader.go".to_owned()));
    // A file that nothing uses stays the product.
    let alone = ("internal/run/alone.go", "package run\n\nfunc alone() { panic(\"no\") }\n");
    assert_eq!(scanned(&with(&files, &[alone])), ["internal/run/alone.go"]);
}

#[test]
fn a_file_of_debug_builds_is_no_product_unless_other_builds_have_it() {
    let head = |line: &str| format!("{line}\nmod checks;\n");
    let found = |root: &str| {
        scanned(&[
            ("Cargo.toml", "[package]\nname = \"shop\"\n[features]\nbenchmark = []\n"),
            ("src/lib.rs", root),
            ("src/checks/mod.rs", "mod deep;\nfn a() { panic!(\"no\") }\n"),
            ("src/checks/deep.rs", "fn a() { b.unwrap(); }\n"),
        ])
    };
    assert!(found(&head("#[cfg(debug_assertions)]")).is_empty());
    assert!(found(&head("#[cfg(feature = \"benchmark\")]")).is_empty());
    let both = ["src/checks/deep.rs", "src/checks/mod.rs"];
    for line in [
        "",
        "#[cfg(not(debug_assertions))]",
        "mod checks;\n#[cfg(debug_assertions)]",
        "#[cfg(not(feature = \"benchmark\"))]",
        "#[cfg(feature = \"benchmarked\")]",
    ] {
        assert_eq!(found(&head(line)), both, "{line}");
    }
}

#[test]
fn a_script_that_only_pages_for_debugging_load_is_a_tool() {
    let head = "<script src=\"{% static \"page.js\" %}\"></script>\n\
                {% if debug %}<script src=\"{% static \"watch.js\" %}\"></script>{% endif %}\n";
    let files = [
        ("manage.py", "import os\n"),
        ("shop/templates/head.html", head),
        ("shop/static/page.js", "open();\n"),
        ("shop/static/watch.js", "console.log(1);\n"),
    ];
    let file = ["shop/static/watch.js"];
    assert!(scanned(&files).is_empty());
    // Another page loads it for all, or no page loads it.
    for text in
        [head.replace("debug", "not debug"), head.replace("debug", "user"), head.replace("watch", "other")]
    {
        assert_eq!(scanned(&with(&files, &[("shop/templates/head.html", &text)])), file, "{text}");
    }
    let other = ("shop/templates/other.html", "<script src=\"/static/watch.js\"></script>\n");
    assert_eq!(scanned(&with(&files, &[other])), file);
    let import = ("shop/static/page.js", "import './watch.js';\n");
    assert_eq!(scanned(&with(&files, &[import])), file);
}

#[test]
fn a_script_that_the_product_starts_is_no_tool() {
    let files = [
        ("app/package.json", r#"{"name": "app", "scripts": {"start": "node out/index.js"}}"#),
        ("app/src/index.ts", "export const a = 1;\n"),
        ("app/make_token.ts", "const name = process.argv[2];\nconsole.log(name);\n"),
    ];
    let file = ["app/make_token.ts"];
    for (path, text) in [
        // By the name of a command, of a program in another language, and of a compiled file.
        (
            "app/package.json",
            r#"{"name": "app", "scripts": {"start": "npm run go", "go": "tsx make_token.ts"}}"#,
        ),
        (
            "app/package.json",
            r#"{"name": "app", "scripts": {"start": "a", "prestart": "tsx make_token.ts"}}"#,
        ),
        ("app/package.json", r#"{"name": "app", "bin": "./out/make_token.js"}"#),
        ("app/src/index.ts", "fork('../make_token.js');\n"),
        ("app/src/index.ts", "exec('node make_token.js --serve');\n"),
        ("app/run.py", "subprocess.run(['node', 'app/make_token.js'])\n"),
        ("app/start.ps1", "node make_token.js\n"),
        ("app/bin/start", "#!/bin/sh\nexec tsx make_token.ts\n"),
    ] {
        assert!(scanned(&with(&files, &[(path, text)])).contains(&file[0].to_owned()), "{path} {text}");
    }
}

#[test]
fn a_go_file_that_the_product_reaches_in_another_way_is_no_test_code() {
    let files = [
        ("go.mod", "module example.org/a\n"),
        ("main.go", "package main\n\nimport \"example.org/a/shop\"\n\nfunc main() { shop.Open() }\n"),
        (
            "shop/shop.go",
            "package shop\n\ntype Shop struct{}\n\nfunc New() *Shop { return nil }\n\nfunc Open() {}\n",
        ),
        ("shop/fortest.go", "package shop\n\nfunc (s *Shop) ForTest() { panic(\"empty\") }\n"),
    ];
    assert!(scanned(&files).is_empty());
    let file = ["shop/fortest.go"];
    for (path, text) in [
        (
            "main.go",
            "package main\n\nimport \"example.org/a/shop\"\n\nfunc main() {\n\tshop.New().\n\t\tForTest()\n}\n",
        ),
        ("main.go", "package main\n\nfunc main() { find(\"ForTest\") }\n"),
        ("shop/page.tmpl", "{{ .ForTest }}\n"),
        ("shop/fortest.go", "package shop\n\nfunc (s *Shop) Reconcile() { panic(\"empty\") }\n"),
        ("shop/fortest.go", "package shop\n\nvar hook = install()\n\nfunc install() int { panic(1) }\n"),
        ("shop/fortest.go", "package shop\n\n//export forTest\nfunc forTest() { panic(1) }\n"),
    ] {
        assert_eq!(scanned(&with(&files, &[(path, text)])), file, "{path} {text}");
    }
    // A package of the product with such an end of its name.
    let contest = [
        files[0],
        ("main.go", "package main\n\nimport \"example.org/a/contest\"\n\nfunc main() { contest.Run() }\n"),
        ("contest/contest.go", "package contest\n\nfunc Run() { fillFake() }\n"),
        ("contest/fake.go", "package contest\n\nfunc fillFake() { panic(1) }\n"),
        ("contest/take.go", "package contest\n\nimport \"testing\"\n\nfunc Take(t *testing.T) {}\n"),
    ];
    assert_eq!(scanned(&contest), ["contest/fake.go"]);
}

#[test]
fn the_reviewer_is_told_what_a_change_takes_out_of_the_product() {
    const SHOP: (&str, &str) =
        ("apps/shop/package.json", r#"{"name": "shop", "private": true, "scripts": {"start": "node a.js"}}"#);
    let manifest = |needs: &str| {
        format!(
            r#"{{"name": "tide", "scripts": {{"build": "astro build"}}, "dependencies": {{"astro": "5"{needs}}}}}"#
        )
    };
    let (server, site) = (manifest(r#", "@astrojs/node": "9""#), manifest(""));
    let path = "apps/landing/package.json";
    let base = [SHOP, (path, server.as_str()), ("apps/landing/src/a.ts", "a();\n")];
    let told = |after: &[(&str, &str)]| {
        let (_, found) = scan_change(&base, after);
        rules(&found).into_iter().filter(|rule| rule == "source/unscanned").count()
    };
    // A manifest moves a file out, and a new file in the same package with findings.
    assert_eq!(told(&[(path, &site)]), 1);
    assert_eq!(told(&[(path, &site), ("apps/landing/src/b.ts", "console.log(1);\n")]), 2);
    assert_eq!(told(&[(path, &site), ("apps/landing/src/b.ts", "b();\n")]), 1);
    let attribute = (".gitattributes", "apps/landing/src/b.ts linguist-vendored\n");
    assert_eq!(told(&[attribute, ("apps/landing/src/b.ts", "console.log(1);\n")]), 1);
    // An old file says now that it is a copy.
    assert_eq!(told(&[("apps/landing/src/a.ts", "// Vendored from https://tides.example\na();\n")]), 1);
    // Other changes of manifests, a new package, and tests.
    assert_eq!(told(&[(path, &server.replace("\"5\"", "\"6\""))]), 0);
    assert_eq!(told(&[("apps/blog/package.json", &site), ("apps/blog/src/b.ts", "console.log(1);\n")]), 0);
    assert_eq!(
        told(&[
            (path, &server.replace("\"5\"", "\"6\"")),
            ("apps/landing/src/b.test.ts", "console.log(1);\n")
        ]),
        0
    );
}
