use super::functions::{FileTests, find_tests};
use crate::scan::Language;

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
        "#[test]\nfn a() { assert!(true); }\n#[tokio::test(flavor = \"x\")]\n#[ignore = \"slow\"]\nasync fn b() {}\n\
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
