//! What manifests name is the product, whatever its folder is called.

use super::tests::assert_areas;
use crate::scan::AreaKind::{Benchmarks, Examples, Fixtures, Product, Tests, Tools};

#[test]
fn targets_with_a_path_come_before_names_of_folders() {
    let manifest = "[package]\nname = \"krab\"\n[lib]\npath = \"tests/lib.rs\"\n\
        [[bin]]\nname = \"a\"\npath = \"examples/a.rs\"\n\
        [[bin]]\nname = \"b\"\npath = \"tools/b/main.rs\"\n\
        [[bin]]\nname = \"c\"\npath = \"scripts/c.rs\"\n";
    assert_areas(
        &[("Cargo.toml", manifest), ("src/main.rs", "")],
        &[
            ("tests/lib.rs", Product),
            ("tests/it.rs", Tests),
            ("examples/a.rs", Product),
            ("examples/other.rs", Examples),
            ("tools/b/main.rs", Product),
            ("tools/b/parse.rs", Product),
            ("scripts/c.rs", Product),
            ("scripts/other.rs", Tools),
        ],
    );
    // A further program in a folder of tests is one that tests start; the only one is not.
    let of_tests = "[package]\nname = \"krab\"\n[[bin]]\nname = \"fake\"\npath = \"tests/bin/fake.rs\"\n";
    assert_areas(&[("Cargo.toml", of_tests), ("src/lib.rs", "")], &[("tests/bin/fake.rs", Tests)]);
    let own = of_tests.replace("\"fake\"", "\"krab\"");
    assert_areas(&[("Cargo.toml", &own), ("src/lib.rs", "")], &[("tests/bin/fake.rs", Product)]);
}

#[test]
fn only_a_package_that_nothing_but_tests_can_use_is_for_tests() {
    let app = |table: &str| {
        format!("[package]\nname = \"app\"\n{table}[dev-dependencies]\nkit = {{path = \"../kit\"}}\n")
    };
    let optional = "[dependencies]\nkit = {path = \"../kit\", optional = true}\n";
    let kit = |name: &str| format!("[package]\nname = \"{name}\"\n");
    let check = |app: &str, file: &str, expected| {
        let files = [("app/Cargo.toml", app), ("kit/Cargo.toml", &kit("kit")), (file, "")];
        assert_areas(&files, &[("kit/src/lib.rs", expected)]);
    };
    check(&app(""), "kit/src/lib.rs", Tests);
    check(&app(""), "kit/src/bin/run.rs", Product);
    check(&app(optional), "kit/src/lib.rs", Product);
    check(&app(&format!("{optional}[features]\nextra = [\"dep:kit\"]\n")), "kit/src/lib.rs", Product);
    check(&app(&format!("{optional}[features]\ntest-kit = [\"dep:kit\"]\n")), "kit/src/lib.rs", Tests);
}

#[test]
fn the_name_of_a_package_makes_only_a_private_one_a_tool() {
    let package = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
    assert_areas(
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n"),
            ("crates/release/Cargo.toml", &package("release", "")),
            ("crates/gen-words/Cargo.toml", &package("gen-words", "")),
            ("crates/gen-docs/Cargo.toml", &package("gen-docs", "publish = false\n")),
            ("crates/dev/Cargo.toml", &package("dev", "publish = false\n")),
            ("crates/codegen/Cargo.toml", &package("codegen", "")),
            ("xtask/Cargo.toml", &package("xtask", "")),
            ("crates/perf/Cargo.toml", &package("perf", "")),
        ],
        &[
            ("crates/release/src/main.rs", Product),
            ("crates/gen-words/src/main.rs", Product),
            ("crates/gen-docs/src/main.rs", Tools),
            ("crates/dev/src/main.rs", Tools),
            ("crates/codegen/src/main.rs", Tools),
            ("xtask/src/main.rs", Tools),
            ("crates/perf/src/main.rs", Benchmarks),
        ],
    );
}

#[test]
fn entry_points_of_node_are_found_as_node_finds_them() {
    let manifest = "{\"name\": \"reed\", \"main\": \"./scripts/main\", \"bin\": \"./tools/go\", \
        \"exports\": {\"./parts/*\": \"./demo/*.js\", \"./*\": \"./*\"}}";
    assert_areas(
        &[("package.json", manifest)],
        &[
            ("scripts/main.js", Product),
            ("scripts/other.js", Tools),
            ("tools/go", Product),
            ("tools/stop", Tools),
            ("demo/a/b.js", Product),
            ("demo/a.ts", Examples),
            ("bench/a.js", Benchmarks),
        ],
    );
    assert_areas(
        &[("package.json", "{\"main\": \"test/index.js\"}")],
        &[("test/index.js", Product), ("test/a.js", Tests)],
    );
    let published = "{\"name\": \"@reed/demo-kit\", \"version\": \"1.0.0\", \"exports\": \"./a.js\"}";
    assert_areas(
        &[("pkgs/demo-kit/package.json", published), ("examples/kit/package.json", published)],
        &[("pkgs/demo-kit/a.js", Product), ("examples/kit/b.js", Examples)],
    );
}

#[test]
fn packages_that_python_manifests_name_are_the_product() {
    let manifest = "[project]\nname = \"sand-box\"\n[tool.setuptools]\npackages = [\"tools\", \"tests\"]\n";
    assert_areas(
        &[("pyproject.toml", manifest), ("sandbox/__init__.py", "")],
        &[
            ("sand_box/a.py", Product),
            ("tools/a.py", Product),
            ("tools/scripts/a.py", Product),
            ("tools/tests/test_a.py", Tests),
            ("tests/helper.py", Tests),
            ("scripts/a.py", Tools),
            ("sandbox/a.py", Examples),
        ],
    );
    let around = "[options]\npackages = find:\n[options.packages.find]\nwhere = tools\n";
    assert_areas(&[("setup.cfg", around)], &[("tools/reed/a.py", Product), ("scripts/a.py", Tools)]);
}

#[test]
fn names_count_from_the_folder_of_an_inner_project() {
    assert_areas(
        &[
            ("services/pay/pyproject.toml", "[project]\nname = \"pay\"\n"),
            ("services/pay/pay/__init__.py", ""),
            ("services/ship/go.mod", "module a.example/ship\n"),
            ("services/shop/package.json", "{\"name\": \"shop\"}"),
            ("src/api/requirements.txt", "flask\n"),
            ("src/options/package.json", "{\"type\": \"module\"}"),
        ],
        &[
            ("services/pay/scripts/a.py", Tools),
            ("services/pay/pay/scripts/a.py", Product),
            ("services/ship/examples/a.go", Examples),
            ("services/shop/scripts/a.sh", Tools),
            // A list of packages, or a manifest with options only, is no project.
            ("src/api/tools/a.py", Product),
            ("src/options/tools/a.sh", Product),
        ],
    );
}

#[test]
fn a_go_package_is_for_tests_if_its_subject_is_known() {
    assert_areas(
        &[("go.mod", "module a.example/m\n"), ("internal/parcel/a.go", "package parcel\n")],
        &[
            ("pkg/model/sample/a.go", Product),
            ("sandbox/a.go", Product),
            ("examples/sample/a.go", Examples),
            ("samples/a.go", Examples),
            ("loadtest/a.go", Tests),
            ("internal/parceltest/a.go", Tests),
            ("pkg/mockparcel/a.go", Tests),
            ("pkg/httptest/a.go", Tests),
            ("pkg/grpctesting/a.go", Tests),
            ("internal/parceltesting/a.go", Tests),
            ("pkg/backtesting/a.go", Product),
            ("pkg/protesting/a.go", Product),
            ("pkg/backtest/a.go", Product),
            ("pkg/speedtest/a.go", Product),
            ("pkg/mockingbird/a.go", Product),
            ("mockery/a.go", Product),
        ],
    );
}

#[test]
fn programs_that_developers_run_beside_a_root_package_are_tools() {
    let root = "[package]\nname = \"krab\"\n[workspace]\nmembers = [\"*\"]\n";
    let package = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
    let published = "description = \"a\"\nlicense = \"MIT\"\n";
    let files = [
        ("Cargo.toml", root.to_owned()),
        (".cargo/config.toml", "[alias]\nkrabdev = \"run -p krabdev --\"\ngo = \"run -p net\"\n".to_owned()),
        ("config/config.toml", "[alias]\nnet = \"run -p net\"\n".to_owned()),
        ("krabdev/Cargo.toml", package("krabdev", published)),
        ("net/Cargo.toml", package("net", published)),
        ("render/Cargo.toml", package("render", "publish = false\n")),
        ("part/Cargo.toml", package("part", "publish = false\n")),
    ];
    let mains = ["krabdev", "net", "render"].map(|name| (format!("{name}/src/main.rs"), String::new()));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .chain(mains.iter().map(|(path, text)| (path.as_str(), text.as_str())))
        .collect();
    assert_areas(
        &files,
        &[
            ("src/main.rs", Product),
            ("krabdev/src/main.rs", Tools),
            ("net/src/main.rs", Product),
            ("render/src/main.rs", Tools),
            ("part/src/lib.rs", Product),
        ],
    );
    // Without a package at the root, a usual build contains every program.
    let alone: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, if *path == "Cargo.toml" { "[workspace]\n" } else { text }))
        .collect();
    assert_areas(&alone, &[("krabdev/src/main.rs", Product), ("render/src/main.rs", Product)]);
}

#[test]
fn private_packages_of_tasks_and_of_tests_are_no_product() {
    let package = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
    let private = "publish = false\n";
    let generator = "[[bin]]\nname = \"generate-tide\"\npath = \"src/bin/tide.rs\"\nrequired-features = [\"tide\"]\n\
        [[bin]]\nname = \"show-tide\"\npath = \"src/bin/show.rs\"\nrequired-features = [\"tide\"]\n";
    assert_areas(
        &[
            ("tasks/pack/Cargo.toml", &package("pack", private)),
            ("tasks/queue/Cargo.toml", &package("queue", "")),
            ("crates/tasks/Cargo.toml", &package("tasks", private)),
            ("crates/krab-e2e/Cargo.toml", &package("krab-e2e", private)),
            ("crates/net-mock/Cargo.toml", &package("net-mock", private)),
            ("crates/open-mock/Cargo.toml", &package("open-mock", "")),
            ("crates/tide/Cargo.toml", &package("tide", generator)),
            ("crates/tide/src/lib.rs", ""),
        ],
        &[
            ("tasks/pack/src/main.rs", Tools),
            ("tasks/queue/src/main.rs", Product),
            ("crates/tasks/src/lib.rs", Product),
            ("crates/krab-e2e/src/main.rs", Tests),
            ("crates/net-mock/src/lib.rs", Tests),
            ("crates/open-mock/src/lib.rs", Product),
            ("crates/tide/src/bin/tide.rs", Tools),
            ("crates/tide/src/bin/show.rs", Product),
        ],
    );
}

#[test]
fn scripts_of_developers_and_examples_of_a_node_package_are_no_product() {
    let manifest =
        "{\"name\": \"reed\", \"scripts\": {\"build\": \"node pack.mjs\", \"start\": \"node run.mjs\"}}";
    let private = "{\"name\": \"@reed/agents\", \"private\": true}";
    assert_areas(
        &[
            ("package.json", manifest),
            ("testing/agents/package.json", private),
            ("shop-demo-app/package.json", "{\"name\": \"@reed/shop-demo-app\", \"private\": true}"),
            ("kits/package.json", "{\"name\": \"@reed/kit.mock-sea\", \"private\": true}"),
            ("open/package.json", "{\"name\": \"@reed/open.mock-sea\"}"),
        ],
        &[
            ("pack.mjs", Tools),
            ("run.mjs", Product),
            ("example.js", Examples),
            ("src/example.js", Product),
            ("src/order.example.ts", Examples),
            ("web/vite.config.ts", Tools),
            ("web/tide.config.ts", Product),
            ("src/storybook.tsx", Tests),
            ("__utils__/start.js", Tests),
            ("testing/agents/src/a.ts", Tests),
            ("shop-demo-app/src/a.ts", Examples),
            ("kits/src/a.ts", Tests),
            ("open/src/a.ts", Product),
        ],
    );
    let entry = "{\"name\": \"reed\", \"main\": \"pack.mjs\", \"scripts\": {\"build\": \"node pack.mjs\"}}";
    assert_areas(&[("package.json", entry)], &[("pack.mjs", Product)]);
}

#[test]
fn a_python_script_at_the_root_of_a_program_in_another_language_is_a_tool() {
    let krab = ("Cargo.toml", "[package]\nname = \"krab\"\n");
    assert_areas(&[krab], &[("pack.py", Tools), ("service/run.py", Product)]);
    assert_areas(&[krab, ("pyproject.toml", "[project]\nname = \"krab\"\n")], &[("pack.py", Product)]);
    assert_areas(&[("crates/a/Cargo.toml", krab.1)], &[("pack.py", Product)]);
}

#[test]
fn scripts_that_tests_of_cargo_read_are_fixtures() {
    let krab = ("crates/krab/Cargo.toml", "[package]\nname = \"krab\"\n");
    assert_areas(
        &[
            krab,
            ("package.json", "{\"name\": \"reed\"}"),
            ("crates/krab/tests/web/package.json", "{\"name\": \"w\"}"),
        ],
        &[
            ("crates/krab/tests/specs/order.js", Fixtures),
            ("crates/krab/tests/specs/order.test.ts", Fixtures),
            ("crates/krab/tests/web/order.test.ts", Tests),
            ("crates/krab/tests/order.rs", Tests),
            ("tests/order.js", Tests),
        ],
    );
}

#[test]
fn a_package_that_needs_a_private_one_is_not_published() {
    let package = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
    let published = "description = \"a\"\nlicense = \"MIT\"\n";
    let tool =
        "publish = false\n[dependencies]\nguide = {path = \"../../guide\"}\nopen = {path = \"../../open\"}\n";
    let guide = format!("{published}[dependencies]\nkrab_test_utils = {{path = \"../kit\"}}\n");
    let open = format!("{published}[dev-dependencies]\nkrab_test_utils = {{path = \"../kit\"}}\n");
    assert_areas(
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"*\"]\n"),
            ("xtask/rules/Cargo.toml", &package("rules", tool)),
            ("guide/Cargo.toml", &package("guide", &guide)),
            ("open/Cargo.toml", &package("open", &open)),
            ("kit/Cargo.toml", &package("krab_test_utils", "publish = false\n")),
        ],
        &[("guide/src/lib.rs", Tests), ("open/src/lib.rs", Product), ("kit/src/lib.rs", Tests)],
    );
}

#[test]
fn a_private_package_beside_published_ones_of_a_scope_is_a_tool() {
    let published = "{\"name\": \"@reed/kit\", \"version\": \"1.0.0\"}";
    let compiled = "{\"name\": \"words\", \"private\": true, \"scripts\": {\"build\": \"tsc -b\"}}";
    let application =
        "{\"name\": \"bazaar\", \"private\": true, \"scripts\": {\"build\": \"tsc && vite build\"}}";
    assert_areas(
        &[
            ("packages/@reed/kit/package.json", published),
            ("packages/words/package.json", compiled),
            ("packages/shop/package.json", application),
        ],
        &[
            ("packages/@reed/kit/src/a.ts", Product),
            ("packages/words/src/a.ts", Tools),
            ("packages/shop/src/a.ts", Product),
        ],
    );
}

#[test]
fn a_private_library_that_only_build_scripts_need_is_a_tool() {
    let package = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
    let needs = "[dependencies]\ntide = {path = \"../tide\"}\n[build-dependencies]\nwriter = {path = \"../writer\"}\n\
        open = {path = \"../open\"}\ntide = {path = \"../tide\"}\n";
    let private = "publish = false\n";
    assert_areas(
        &[
            ("app/Cargo.toml", &package("app", needs)),
            ("writer/Cargo.toml", &package("writer", private)),
            ("open/Cargo.toml", &package("open", "")),
            ("tide/Cargo.toml", &package("tide", private)),
        ],
        &[("writer/src/lib.rs", Tools), ("open/src/lib.rs", Product), ("tide/src/lib.rs", Product)],
    );
}

#[test]
fn packages_that_cannot_be_loaded_from_outside_are_what_their_names_say() {
    let package = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
    let whole = "description = \"a\"\nlicense = \"MIT\"\n";
    let inherited = "publish.workspace = true\n";
    let user = "[dependencies]\nlive-test-support = {path = \"../live\"}\n[dev-dependencies]\ntide-test-support = {path = \"../tide\"}\n";
    assert_areas(
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n[workspace.package]\npublish = false\n"),
            ("crates/app/Cargo.toml", &package("app", user)),
            ("crates/tide/Cargo.toml", &package("tide-test-support", whole)),
            ("crates/live/Cargo.toml", &package("live-test-support", whole)),
            ("crates/app_dev/Cargo.toml", &package("app_dev", "publish = false\n")),
            ("crates/own_dev/Cargo.toml", &package("own_dev", inherited)),
            ("crates/open_dev/Cargo.toml", &package("open_dev", "")),
        ],
        &[
            ("crates/tide/src/lib.rs", Tests),
            ("crates/live/src/lib.rs", Product),
            ("crates/app_dev/src/main.rs", Tools),
            ("crates/own_dev/src/main.rs", Tools),
            ("crates/open_dev/src/main.rs", Product),
        ],
    );
    let sources =
        "{\"name\": \"@reed/ship\", \"version\": \"1.0.0\", \"exports\": {\".\": \"./src/index.ts\"}}";
    let built = sources.replace("src/index.ts", "lib/index.js");
    let published =
        sources.replace("\"version\"", "\"publishConfig\": {\"main\": \"lib/a.js\"}, \"version\"");
    for (manifest, expected) in [(sources, Tools), (&built, Product), (&published, Product)] {
        assert_areas(&[("tools/ship/package.json", manifest)], &[("tools/ship/src/a.ts", expected)]);
    }
}
