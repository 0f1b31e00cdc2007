import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigate.config.diagnostics import Mark
from trigate.config.syntax import Mapping, Parsed, Scalar, Sequence, Unreadable, parse


def root(text: str) -> Mapping:
    node = parse(text, "a.yaml").root
    assert isinstance(node, Mapping)
    return node


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"),
        ("off", "off"),
        ("no", "no"),
        ("NO", "NO"),
        ("yes", "yes"),
        ("1:30", "1:30"),
        ("2026-11-20", "2026-11-20"),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("1e400x", "1e400x"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("42", 42),
        ("-7", -7),
        ("2.50", 2.5),
        ("1e3", 1000.0),
        ("'42'", "42"),
        ('"true"', "true"),
        ("9" * 30, "9" * 30),
    ],
)
def test_words_and_numbers(written: str, value: object) -> None:
    scalar = root(f"key: {written}\n").pairs[0][1]
    assert isinstance(scalar, Scalar)
    assert scalar.value() == value
    assert type(scalar.value()) is type(value)


def test_everything_knows_its_place() -> None:
    node = root("a: 1\nb:\n  - x\n  - {c: y}\n")
    (a, _), (b, items) = node.pairs
    assert (a.mark, b.mark) == (Mark("a.yaml", 1, 1), Mark("a.yaml", 2, 1))
    assert isinstance(items, Sequence) and isinstance(items.items[1], Mapping)
    assert items.items[1].pairs[0][1].mark == Mark("a.yaml", 4, 9)


def test_an_alias_is_what_its_anchor_is() -> None:
    node = root("a: &x [1]\nb: *x\n")
    assert node.pairs[0][1] is node.pairs[1][1]


def test_an_empty_file_has_no_root() -> None:
    assert parse("# nothing\n", "a.yaml") == Parsed(None, 0)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: [1,\n", 1, "ends too early"),
        ("a: 'x\n\n", 1, "ends too early"),
        ("a:\n\tb: 1\n", 2, "a tab"),
        ("a: b: c\n", 1, "not allowed"),
        ("a: 1\n---\nb: 1\n", 2, "second document"),
        ("a: !!int 1\n", 1, "tag"),
        ("a: !secret x\n", 1, "tag"),
        ("a: *x\n", 1, "anchor"),
        ("a: &x [*x]\n", 1, "anchor"),
        ("{{x}}: 1\n", 1, "key must be a word"),
        ("a: 1\nb: \x01\n", 2, "character"),
        ("a: " + "[" * 70 + "]" * 70, 1, "deeper"),
        ("[" * 200_000, 1, "deeper"),
    ],
)
def test_what_is_refused_is_refused_at_its_place(text: str, line: int, words: str) -> None:
    with pytest.raises(Unreadable, match=words) as caught:
        parse(text, "a.yaml")
    assert (caught.value.diagnostic.file, caught.value.diagnostic.line) == ("a.yaml", line)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text, "a.yaml")
    except Unreadable as unreadable:
        assert unreadable.diagnostic.message
