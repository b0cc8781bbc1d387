use super::functions::{FileTests, find_tests};
use super::other_languages::{family_of_path, find_other_tests};
use crate::scan::Language;
use crate::text::RepoPath;

fn tests(language: Language, text: &str) -> FileTests {
    find_tests(language, text.as_bytes())
}

fn names(tests: &FileTests) -> Vec<(&str, bool)> {
    tests.functions.iter().map(|test| (test.name.as_str(), test.is_skipped)).collect()
}

#[test]
fn rust_tests_have_attributes() {
    let found = tests(
        Language::Rust,
        "#[test]\nfn a() { assert!(g()); }\n#[tokio::test(flavor = \"x\")]\n#[ignore = \"slow\"]\nasync fn b() {}\n\
         // #[test]\nfn helper() { f(); }\nmod tests {\n    #[rstest]\n    #[case(1)]\n    fn c() { check(); }\n}\n",
    );
    assert_eq!(names(&found), [("a", false), ("b", true), ("c", false)]);
    assert_eq!(found.functions[0].assertions, 1);
    assert!(found.functions[2].has_cases && !found.functions[0].has_cases);
    assert!(found.functions[0].has_calls && !found.functions[1].has_calls);
}

#[test]
fn python_tests_have_names() {
    let found = tests(
        Language::Python,
        "def test_a():\n    assert f() == 1\n\n@pytest.mark.skipif(\n    True,\n    reason=\"x\",\n)\ndef test_b():\n    pass\n\n\
         class TestX:\n    def test_c(self):\n        self.skipTest(\"later\")\n    def helper(self):\n        pass\n# def test_d(): pass\n",
    );
    assert_eq!(names(&found), [("test_a", false), ("test_b", true), ("test_c", true)]);
    assert_eq!(found.functions[0].assertions, 1);
    assert!(tests(Language::Python, "pytestmark = pytest.mark.skip\n").is_skipped);
}

#[test]
fn script_tests_are_calls() {
    let found = tests(
        Language::TypeScript,
        "describe('x', () => {\n  it('adds', () => { expect(1).toBe(1); });\n  it.skip(\"subtracts\", () => {});\n\
         xit('old', () => {});\n  test.only(`one`, () => {});\n  it.each([1, 2])('table', () => {});\n // it('no', f)\n});\n\
         Deno.test('at deno', () => {});\n",
    );
    assert_eq!(
        names(&found),
        [
            ("adds", false),
            ("subtracts", true),
            ("old", true),
            ("one", false),
            ("table", false),
            ("at deno", false)
        ]
    );
    assert!(found.functions[3].is_exclusive && found.functions[4].has_cases);
    assert!(
        !tests(Language::JavaScript, "await edit('a'); obj.it('b')")
            .functions
            .iter()
            .any(|test| test.name == "b")
    );
}

#[test]
fn go_tests_are_functions() {
    let found = tests(
        Language::Go,
        "func TestA(t *testing.T) {\n\tt.Fatal(\"x\")\n}\nfunc TestB(t *testing.T) {\n\tt.Skip(\"later\")\n}\nfunc Testify() {}\nfunc TestMain(m *testing.M) {}\n",
    );
    assert_eq!(names(&found), [("TestA", false), ("TestB", true)]);
}

#[test]
fn bodies_that_never_end_are_read_in_linear_time() {
    let rust = "#[test]\nfn a() { (\n".repeat(20_000);
    let python = "def test_a(\n".repeat(20_000);
    let script = "it('a', () => {\n".repeat(20_000);
    let go = "func TestA(t *testing.T) {\n".repeat(20_000);
    let start = std::time::Instant::now();
    for (language, text) in [
        (Language::Rust, rust),
        (Language::Python, python),
        (Language::JavaScript, script),
        (Language::Go, go),
    ] {
        let found = tests(language, &text);
        assert!(found.functions.len() > 1_000, "{language:?}: {}", found.functions.len());
    }
    // Quadratic time would take minutes in a debug build.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn nested_and_uncollected_tests_of_python_do_not_run() {
    let text = "def helper():\n    def test_a():\n        assert 1\n\nclass Case:\n    def test_b(self):\n        assert 1\n\n\
                class Base:\n    def test_c(self):\n        assert 1\n\nclass TestD(Base):\n    def test_d(self):\n        assert 1\n\n\
                class TestE:\n    __test__ = False\n    def test_e(self):\n        assert 1\n\n@slow\n# why\n@pytest.mark.skip\n\ndef test_f():\n    assert 1\n\n\
                def test_g():\n    x = 1\n    y = 2\n    z = 3\n    w = 4\n    pytest.skip('later')\n    assert x\n";
    let found = tests(Language::Python, text);
    let skipped: Vec<&str> =
        found.functions.iter().filter(|test| test.is_skipped).map(|test| test.name.as_str()).collect();
    assert_eq!(skipped, ["test_a", "test_b", "test_e", "test_f", "test_g"]);
}

#[test]
fn skips_of_scripts_and_go_have_many_forms() {
    for text in [
        "test('a', { skip: true }, () => { expect(1); });",
        "test('a', { todo: 'later' }, () => { expect(1); });",
        "test('a', (t) => { t.skip(); expect(1); });",
        "test('a', function () {\n  const x = 1;\n  this.skip();\n});",
        "Deno.test.ignore('a', () => { expect(1); });",
        "Deno.test({ name: 'a', ignore: true, fn: () => { expect(1); } });",
        "test.runIf(false)('a', () => { expect(1); });",
    ] {
        assert_eq!(names(&tests(Language::JavaScript, text)), [("a", true)], "{text}");
    }
    for text in [
        "test('a', { timeout: 5 }, () => { run({ skip: true }); });",
        "test('a', () => { if (x) { this.skip(); } expect(1); });",
        "test('a', ({ page }) => { test.skip(isMobile, 'x'); expect(1); });",
        "Deno.test({ name: 'a', fn: () => { expect(1); } });",
    ] {
        assert_eq!(names(&tests(Language::JavaScript, text)), [("a", false)], "{text}");
    }
    assert!(tests(Language::JavaScript, "test.fails('a', () => { expect(1); });").functions[0].must_fail);
    assert!(tests(Language::JavaScript, "describe.skip.each([1])('x', () => {});").is_skipped);
    assert!(tests(Language::JavaScript, "describe('x', { skip: true }, () => {});").is_skipped);
    assert!(tests(Language::Rust, "#[test]\n#[should_panic]\nfn a() { f(); }").functions[0].must_fail);
    let go = |body: &str| names(&tests(Language::Go, &format!("func TestA(t *testing.T) {body}\n")))[0].1;
    assert!(
        go("{\n\tx := 1\n\tt.Skip()\n}")
            && go("{ t.SkipNow() }")
            && go("{\n\tif true {\n\t\tt.Skip()\n\t}\n}")
    );
    assert!(!go("{\n\tx := 1\n\tif x > 1 {\n\t\tt.Skip()\n\t}\n}") && !go("{\n\tx := 1\n\tp.Skip(2)\n}"));
}

#[test]
fn tests_of_other_languages_are_found_with_their_marks() {
    let of = |path: &str, text: &str| find_other_tests(&RepoPath::from(path), text.as_bytes());
    for (path, text, expected) in [
        (
            "src/ATest.java",
            "class A {\n @Test\n void a() { f(); }\n @Disabled @Test void b() { f(); }\n // @Test void c() {}\n}",
            &[("a", false), ("b", true)][..],
        ),
        (
            "src/ATest.kt",
            "@Test fun a() { f() }\n@Ignore\n@Test\nfun `b c`() { f() }\n",
            &[("a", false), ("`b c`", true)],
        ),
        (
            "ATests.cs",
            "[Fact] public void A() { F(); }\n[Fact(Skip = \"x\")]\npublic async Task B() { F(); }\n",
            &[("A", false), ("B", true)],
        ),
        (
            "spec/a_spec.rb",
            "it 'a' do\n f\nend\nxit 'b' do\n f\nend\nit 'c' do\n  skip 'x'\nend\n",
            &[("a", false), ("b", true), ("c", true)],
        ),
        (
            "tests/ATest.php",
            "<?php class A { function testA() { f(); } function testB() { $this->markTestSkipped(); } }",
            &[("testA", false), ("testB", true)],
        ),
        (
            "a_test.cc",
            "TEST(A, B) { f(); }\nTEST(A, DISABLED_C) { f(); }\nTEST(A, D) { GTEST_SKIP(); }\n",
            &[("A, B", false), ("A, C", true), ("A, D", true)],
        ),
        ("test/a.bats", "@test \"a\" {\n  f\n}\n@test \"b\" {\n  skip\n}\n", &[("a", false), ("b", true)]),
        (
            "Tests/ATests.swift",
            "func testA() { f() }\nfunc testB() throws { throw XCTSkip(\"x\") }\n",
            &[("testA", false), ("testB", true)],
        ),
    ] {
        assert_eq!(names(&of(path, text)), expected, "{path}");
    }
    assert!(of("src/ATest.java", "@Disabled\nclass A {\n @Test void a() { f(); }\n}\n").is_skipped);
    assert!(family_of_path(&RepoPath::from("app/models/user.rb")).is_none());
}

#[test]
fn nested_lines_brackets_and_marks_are_read_in_linear_time() {
    let deep: String =
        (0..6_000).map(|at| format!("{}def test_{at}():\n", " ".repeat(1 + at % 1_500))).collect();
    let brackets: String = (0..20_000).map(|at| format!("def test_{at}(): x{}\n", ")".repeat(100))).collect();
    let aliases: String = (0..20_000).map(|at| format!("s{at} = pytest.mark.skip(1)\n")).collect();
    let decorated: String = (0..20_000).map(|at| format!("@q(\ndef test_{at}():\n    a\n")).collect();
    let start = std::time::Instant::now();
    for text in [deep, brackets, aliases + &decorated] {
        assert!(tests(Language::Python, &text).functions.len() > 1_000);
    }
    let java = "@Test void a() { /* ".repeat(20_000) + &"@Disabled ".repeat(20_000);
    find_other_tests(&RepoPath::from("src/ATest.java"), java.as_bytes());
    let script = "it(`".repeat(100_000);
    tests(Language::JavaScript, &script);
    // Quadratic time would take minutes in a debug build.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
