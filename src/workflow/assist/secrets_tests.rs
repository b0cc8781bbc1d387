//! Secrets in the usual forms of languages and settings, and code that must stay readable.

use super::*;

const SECRET: &str = "hunter2hunter2";

fn clean(file: &str, text: &str) -> String {
    let mut redactor = Redactor::of_file(file);
    text.lines().map(|line| redactor.clean(line) + "\n").collect()
}

#[test]
fn patterns_compile() {
    let all =
        [&NAMES, &LITERALS, &TOKENS, &SETTINGS, &VALUES, &KEYS_ALONE, &OPEN_TEXTS, &OPEN_TAGS, &OPTIONS];
    assert!(all.iter().all(|pattern| pattern.is_some()));
}

#[test]
fn a_secret_in_source_code_is_removed_in_every_language() {
    for line in [
        "password := \"@\"",
        "let password: &str = \"@\";",
        "password: string = \"@\"",
        "'password' => '@',",
        "if password == \"@\" {",
        "while token != '@'",
        "char password[] = \"@\";",
        "#define DB_PASSWORD \"@\"",
        "set_var(\"DB_PASSWORD\", \"@\");",
        "set_password(\"@\")",
        "os.environ[\"SECRET_KEY\"] = \"@\"",
        "let password = r#\"a\"@\"#;",
        "password = \"a\\\"@\"",
        "private_key = `@`",
        "const accessKey = '@'",
        "headers: { Authorization: `Bearer @` }",
        ".header(\"Cookie\", \"session=@\")",
        "'DB_PASS' => '@',",
        "const encryptionKey = '@';",
        "set_var(\n    \"DB_PASSWORD\",\n    \"@\",\n)",
        "API_TOKENS = [\n    \"@\",\n]",
        "const password =\n  // the one of the demo\n  \"@\";",
        "password = \"\"\"\n@\n\"\"\"\n",
        "const password = `\n@\n`;\n",
        "key = \"-----BEGIN RSA PRIVATE KEY-----\n@\n-----END RSA PRIVATE KEY-----\"\n",
    ] {
        let text = line.replace('@', SECRET);
        let out = clean("src/a.rs", &text);
        assert!(!out.contains(SECRET) && out.contains(REMOVED), "{text} -> {out}");
    }
}

#[test]
fn a_secret_in_settings_is_removed_to_its_end() {
    for line in [
        "password=@",
        "  password: @",
        "password: correct horse @",
        "export API_KEY=@",
        "{\"api_key\": \"@\", \"a\": 1}",
        "<password>@</password>",
        "<password>\n  @\n</password>",
        "db:\n  password: |\n    @\n",
        "  \"password\":\n  \"@\",",
        "- name: DB_PASSWORD\n  value: @",
        "variable \"db_password\" {\n  default = \"@\"\n}",
        "machine a\npassword @",
        "mysql --password @ -e x",
        "curl -u admin:@ https://example.org",
        "curl --user admin:@ https://example.org",
        "docker login -p @ example.org",
        "CREATE USER a IDENTIFIED BY '@'",
        "SMTP_PASS=@",
        "//registry.example.org/:_authToken=@",
        "Cookie: session=@",
        "\"Authorization\": \"Basic @\"",
        "PASSWORD=$(cat <<EOF\n@\nEOF\n)",
    ] {
        let text = line.replace('@', SECRET);
        let out = clean("settings.conf", &text);
        assert!(!out.contains(SECRET) && out.contains(REMOVED), "{text} -> {out}");
    }
    for token in [
        format!("sk_live_{}", "a1B2".repeat(6)),
        format!("ASIA{}", "Z".repeat(16)),
        format!("pypi-{}", "a1B2".repeat(6)),
        format!("https://hooks.slack.com/services/{}", "a1B2".repeat(6)),
    ] {
        assert!(!clean("a.rs", &format!("f(\"{token}\")")).contains(&token), "{token}");
    }
}

#[test]
fn code_about_tokens_and_passwords_stays_readable() {
    for text in [
        "fn farewell(name: &str) -> String {\n",
        "    let keys = map.keys().collect::<Vec<_>>();\n",
        "assert_eq!(farewell(\"Ada\"), \"Goodbye, Ada\");\n",
        "import { useState } from 'react';\n",
        "class TokenCounter:\n    def next_token(self):\n        for token in self.all:\n            self.count += 1\n",
        "if token.kind == TokenKind::Ident {\n    self.next();\n}\n",
        "fn tokenize(i: &str) -> Vec<Token> {\n    let tokens = lex(i);\n    tokens\n}\n",
        "if tokens.len() == 0 && x >= limit {\n",
        "List<Token> tokens = new ArrayList<>();\n",
        "max_tokens: u64,\nother: u8,\n",
        "if password == null {\n    return;\n}\n",
        "let tokens =\n    lexer.collect();\n",
        "    \"\"\"Returns the token.\"\"\"\n    return self.token\n",
        "def f():\n    \"\"\"\n    Returns the token.\"\"\"\n    return 1\n",
        "const secretary = \"Anna\";\n",
        "docker run -u 1000 image\n",
        "// one ` in a comment about tokens\nlet a = 1;\n",
    ] {
        assert_eq!(clean("src/a.rs", text), text);
    }
    // A line that only looks like the start of a key.
    let out = clean(
        "src/a.rs",
        "if text.starts_with(\"-----BEGIN RSA PRIVATE KEY\") {\n    return read(text);\n}\n",
    );
    assert!(out.contains("return read(text);"), "{out}");
    let out = clean("src/a.tsx", "<TokenProvider>\n  <App name={a} />\n</TokenProvider>\n");
    assert!(out.contains("<App name={a} />"), "{out}");
    let long = "x".repeat(5_000);
    assert_eq!(Redactor::default().clean(&long).chars().count(), MAX_LINE_CHARS + 1);
}
