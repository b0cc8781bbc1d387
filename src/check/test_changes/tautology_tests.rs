//! Assertions that are always true, and assertions that can fail.

use super::tautologies::find_tautology;

fn is_tautology(text: &str) -> bool {
    let start = text.find('^').unwrap_or(0);
    let text = text.replacen('^', "", 1);
    find_tautology(text.as_bytes(), text.as_bytes(), start).is_some()
}

#[test]
fn assertions_that_are_always_true_are_found() {
    let texts = [
        "assert!(true);",
        "assert!(true, \"{}\", x);",
        "assert!(1 == 1);",
        "assert!(!false);",
        "assert!(f(x) || true);",
        "assert_eq!(1, 1);",
        "assert_eq!(2 + 2, 2 + 2);",
        "assert_ne!(1, 2);",
        "assert_eq!(Some(1), Some(1), \"text\");",
        "assert_eq!(value, value);",
        "assert True\n",
        "assert True, \"text\"\n",
        "assert (1 == 1)\n",
        "assert 1 == 1\nx = 3\n",
        "assert not False\n",
        "assert \"text\"\n",
        "assert x or True\n",
        "assert x is x\n",
        "self.^assertTrue(True)\n",
        "self.^assertEqual(1, 1)\n",
        "self.^assertIsNotNone(1)\n",
        "expect(true).toBe(true)\n",
        "expect(true)\n  .toBe(true);\n",
        "expect(true).toBeTruthy();",
        "expect(1).not.toBe(2);",
        "expect({ a: 1 }).toEqual({ a: 1 });",
        "expect(1).toBeDefined();",
        "expect(true).to be true\n",
        "expect(true).to be_truthy\n",
        "expect(1).to eq(1)\n",
        "chai.^expect(true).to.be.true;",
        "true.^should.be.true;",
        "assert.True(t, true)\n",
        "require.Equal(t, 1, 1)\n",
        "assert.ok(true);",
        "assert.strictEqual(1, 1);",
        "Assert.True(true);",
        "Assert.AreEqual(1, 1);",
        "Assert.That(true, Is.True);",
        "assertTrue(true);",
        "assertTrue(\"text\", true);",
        "assertEquals(\"text\", 1, 1);",
        "assertThat(true).isTrue();",
        "assertThat(1, is(1));",
        "$this->^assertTrue(true);",
        "EXPECT_TRUE(true);",
        "EXPECT_EQ(1, 1);",
        "REQUIRE(true);",
        "XCTAssertTrue(true)\n",
        "XCTAssertEqual(1, 1)\n",
        "assert_equal 1, 1\n",
        "assert true\n",
        "expect(true, isTrue);",
        "expect(1, equals(1));",
        "assert.is_true(true)\n",
        "std.testing.^expect(true);",
    ];
    let missed: Vec<&str> = texts.into_iter().filter(|text| !is_tautology(text)).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn assertions_that_can_fail_are_real() {
    let texts = [
        "assert!(matches!(f(1), Some(1)));",
        "assert_eq!(f(1), 1);",
        "assert_eq!(f(1), f(1));",
        "assert!(false);",
        "assert!(false, \"not reached\");",
        "assert!(is_empty);",
        "assert_eq!(1, 2);",
        "assert_ne!(1, 1);",
        "assert False, \"not reached\"\n",
        "assert 0\n",
        "assert x\n",
        "assert f(1) == 1\n",
        "assert f\"{x}\" == \"1\"\n",
        "assert x != x\n",
        "assert not x\n",
        "mock.^assert_called_once_with(1)\n",
        "f().^expect(\"works\");",
        "value.^expect(\"works\");",
        "self.client.^assertTrue(True)\n",
        "expect(f(1)).toBe(1);",
        "expect(true).toBe(false);",
        "expect(() => f()).not.toThrow();",
        "expect(`${x}`).toBe(`a`);",
        "expect(\"1 + 1\", 2);",
        "expect(\"input\");",
        "expect.fail(\"not reached\");",
        "check(\"input\");",
        "assert_parses(\"1 + 1\");",
        "assertEquals(1, f());",
        "assertTrue(false);",
        "assertFalse(true);",
        "Assert.Fail(\"not reached\");",
        "Assert.Throws<Exception>(() => f());",
        "assert.NoError(t, err)\n",
        "value.^Should().Be(1);",
        "EXPECT_EQ(1, f());",
        "assert response.ok\n",
        "assert\n",
        "assert!(",
        "",
    ];
    let wrong: Vec<&str> = texts.into_iter().filter(|text| is_tautology(text)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
