import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigate.core.errors import Refused
from trigate.core.part import Part, PartKind
from trigate.dialects.texts import MAX_DEPTH, decode, texts

USER = PartKind.USER


def test_every_string_is_found_with_its_path() -> None:
    value = [{"type": "text", "text": "a"}, {"type": "new_kind", "fancy": {"deep": ["b"]}}]
    assert list(texts(value, USER, ("messages", 0))) == [
        Part(USER, "a", ("messages", 0, 0, "text")),
        Part(USER, "b", ("messages", 0, 1, "fancy", "deep", 0)),
    ]


def test_what_is_no_prose_is_left_out() -> None:
    value = [
        {"type": "image", "source": {"media_type": "image/png", "data": "aGk="}},
        {"image_url": {"url": "data:image/png;base64,aGk=", "detail": "low"}},
        {"id": "call_1", "signature": "xyz", "n": 4, "flag": True, "none": None, "empty": ""},
    ]
    assert list(texts(value, USER, ())) == []


def test_below_a_payload_every_string_counts_whatever_its_key() -> None:
    value = {"type": "tool_use", "id": "t1", "input": {"data": "a", "status": ["b"], "id": {"type": "c"}}}
    assert [part.text for part in texts(value, PartKind.TOOL_ARGUMENTS, ())] == ["a", "b", "c"]


@pytest.mark.parametrize("text", ["data: my secret", "data:", "data:text/plain,secret", "data:x;base64 secret"])
def test_what_only_begins_like_a_data_url_is_looked_at(text: str) -> None:
    assert [part.text for part in texts([text], USER, ())] == [text]


def test_nesting_beyond_the_limit_is_refused() -> None:
    value: object = "x"
    for _ in range(MAX_DEPTH + 1):
        value = [value]
    with pytest.raises(Refused, match="nested_too_deep"):
        list(texts(value, USER, ()))


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"\xff", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="invalid_json"):
        decode(body)


@given(st.recursive(st.text(max_size=5) | st.integers(), lambda inner: st.lists(inner, max_size=3), max_leaves=20))
def test_no_string_of_a_list_is_missed(value: object) -> None:
    def strings(each: object) -> list[str]:
        if isinstance(each, list):
            return [text for item in each for text in strings(item)]
        return [each] if isinstance(each, str) and each else []

    assert [part.text for part in texts(value, USER, ())] == strings(value)
