use super::*;

fn words(code: &str) -> Vec<String> {
    split_commands(code).iter().map(|command| command.words.join(" ")).collect()
}

#[test]
fn commands_are_found_in_all_forms_of_code() {
    for (code, expected) in [
        ("a; b && c || d | e & f\ng", &["a", "b", "c", "d", "e", "f", "g"][..]),
        ("(a) && { b; }", &["a", "{ b", "}"]),
        (
            "x=$(a 1) `b` \"$(c \"2\")\" d",
            &["a 1", "b", "c 2", "x=${SUBSTITUTION} ${SUBSTITUTION} ${SUBSTITUTION} d"],
        ),
        ("a \"$(b \"$0\")/c\" d", &["b $0", "a ${SUBSTITUTION}/c d"]),
        ("a `b`/c", &["b", "a ${SUBSTITUTION}/c"]),
        ("a $(b (c", &["b", "c", "a ${SUBSTITUTION}"]),
        ("a >log 2>&1 <in", &["a"]),
        ("a>log", &["a"]),
        ("'a b' \"c;d\" e\\ f # g", &["a b c;d e f"]),
        ("a <(b c) d >(e)", &["b c", "e", "a ${SUBSTITUTION} d ${SUBSTITUTION}"]),
        ("a <<<b <<E", &["a"]),
    ] {
        let found = words(code);
        let found: Vec<&str> = found.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
        assert_eq!(found, expected, "{code}");
    }
    assert_eq!(split_commands("sh <x.sh")[0].input, ["x.sh"]);
    let piped: Vec<bool> = split_commands("a | b || c").iter().map(|command| command.is_piped).collect();
    assert_eq!(piped, [true, false, false]);
    let grouped: Vec<bool> = split_commands("(a) | b").iter().map(|command| command.is_piped).collect();
    assert_eq!(grouped, [true, false]);
    let inner: Vec<usize> = split_commands("a; b \"$(c; d)\"").iter().map(|c| c.inner.len()).collect();
    assert_eq!(inner, [0, 0, 0, 1]);
    assert_eq!(split_commands("a $(b; c)")[2].inner.first(), Some(&(0..2)));
    assert_eq!(split_commands("sh <<<x")[0].input_text, ["x"]);
}

#[test]
fn lists_branches_and_texts_are_no_commands() {
    for (code, expected) in [
        ("a=(b c\nd) e", &["a=b c d e"][..]),
        ("a=(\"b c\" $(d))", &["d", "a=b c ${SUBSTITUTION}"]),
        ("a+=b; a+=(c)", &["a=${a}b", "a=${a} c"]),
        ("case $a in b|(c) d;; e) f & ;; esac; g", &["case $a in", "d", "f", "esac", "g"]),
        ("(case a in b) c;; esac; d); e", &["case a in", "c", "esac", "d", "e"]),
        ("echo case a in; b", &["echo case a in", "b"]),
        ("case a in b) echo esac; c;; esac", &["case a in", "echo esac", "c", "esac"]),
        ("python - <<E\nf(a)\n$(b)\nE\nc", &["b", "python -", "c"]),
        ("cat <<E\na\nE\nc", &["cat", "a", "E", "c"]),
        ("python <<E\na", &["python", "a"]),
        ("echo $((1<<2))\na", &["echo ${SUBSTITUTION}", "a"]),
    ] {
        let mut found = words(code);
        found.retain(|text| !text.is_empty());
        let mut expected: Vec<&str> = expected.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{code}");
    }
    assert_eq!(split_commands("python <<E | a\nb\nE\n")[0].input_text, ["b\n"]);
    assert!(split_commands("f() { a; }")[0].is_definition);
}
