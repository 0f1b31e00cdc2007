import pytest

from trigate.config.diagnostics import Mark
from trigate.config.document import Built, build, child
from trigate.config.secrets import Reference, References
from trigate.config.syntax import Unreadable, parse


def built(text: str) -> Built:
    return build(
        parse(text, "/etc/trigate/a.yaml"), "/etc/trigate/a.yaml", References({"KEY": "sk-1"}, lambda path: b"from")
    )


def test_values_and_marks() -> None:
    document = built("a:\n  b: [1, {c: x}]\n").document
    assert document.tree == {"a": {"b": [1, {"c": "x"}]}}
    assert document.written(("a", "b", 1, "c")) == "x"
    assert document.written(("a", "z", 1)) is None
    assert document.locate(("a", "b"), at_key=True) == Mark("/etc/trigate/a.yaml", 2, 3)
    assert document.locate(("a", "b", 1, "c"), at_key=False) == Mark("/etc/trigate/a.yaml", 2, 14)


def test_what_is_not_there_is_located_around() -> None:
    document = built("a:\n  b: 1\n").document
    assert document.locate(("a", "missing", 3), at_key=False) == Mark("/etc/trigate/a.yaml", 2, 3)
    assert document.locate(("z",), at_key=True) == Mark("/etc/trigate/a.yaml", 1, 1)


def test_merge_keys_fill_in_what_is_not_said() -> None:
    document = built("base: &b {x: 1, y: 1}\nmore: &m {y: 2, z: 2}\none: {<<: [*b, *m], x: 3}\n").document
    assert document.tree["one"] == {"x": 3, "y": 1, "z": 2}


def test_a_quoted_merge_key_is_a_key() -> None:
    assert built("a: {'<<': 1}\n").document.tree == {"a": {"<<": 1}}


def test_a_key_twice_is_an_error_at_the_second() -> None:
    found = built("a: 1\nb: {c: 1,\n  c: 2}\na: 3\n").found
    assert [(path, each.line, each.code) for path, each in found] == [
        (("a",), 4, "duplicate_key"),
        (("b", "c"), 3, "duplicate_key"),
    ]
    assert "/etc/trigate/a.yaml:1;" in found[0][1].remedy


def test_references_keep_what_was_written() -> None:
    document = built("a: Bearer ${env:KEY}\nb: ${file:key}\n").document
    first, second = document.tree["a"], document.tree["b"]
    assert isinstance(first, Reference) and isinstance(second, Reference)
    assert (first, first.template) == ("Bearer sk-1", "Bearer ${env:KEY}")
    assert (second, second.template) == ("from", "${file:/etc/trigate/key}")


def test_a_reference_that_leads_nowhere_is_an_error() -> None:
    found = built("a: ${env:NONE}\n").found
    assert [(path, each.code) for path, each in found] == [(("a",), "missing_reference")]


def test_aliases_expand_under_a_bound() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(Unreadable, match="aliases expand"):
        built("\n".join(levels))


@pytest.mark.parametrize("text", ["", "- a\n", "word\n"])
def test_a_file_must_be_blocks(text: str) -> None:
    with pytest.raises(Unreadable):
        built(text)


def test_children() -> None:
    assert child({"a": None}, "a") == (True, None)
    assert child({"a": None}, "b") == (False, None)
    assert child([1], 0) == (True, 1)
    assert child([1], 1) == (False, None)
    assert child("text", "a") == (False, None)
