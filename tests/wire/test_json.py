"""What is spliced is the same body but for the edits, and a body that could be read in two ways is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigate.core.errors import Refused
from trigate.wire.json import Body

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
# Keys that need no escapes: the others are refused, see below.
KEYS = st.text(st.characters(exclude_characters='"\\', exclude_categories=["Cs", "Cc"]), max_size=6)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=5)
SPACES = st.sampled_from(["", " ", "\n", "\t \r\n"])


@st.composite
def bodies(draw: st.DrawFn) -> tuple[dict[str, object], bytes]:
    """An object and a spelling of it."""
    value: dict[str, object] = {**draw(OBJECTS)}
    ascii_only = draw(st.booleans())
    space = draw(SPACES)
    members = (
        f"{space}{json.dumps(key, ensure_ascii=False)}{space}:{space}{json.dumps(item, ensure_ascii=ascii_only)}{space}"
        for key, item in value.items()
    )
    return value, f"{space}{{{','.join(members) or space}}}{space}".encode()


@given(bodies())
def test_splicing_nothing_changes_nothing(body: tuple[dict[str, object], bytes]) -> None:
    value, raw = body
    scanned = Body(raw)
    assert scanned.splice({}) == raw
    assert {key: json.loads(scanned.value(key) or b"") for key in scanned.fields} == value
    assert list(scanned.fields) == list(value)


@given(bodies(), st.dictionaries(KEYS, VALUES | st.just(...), max_size=4), st.data())
def test_splicing_changes_the_edited_keys_only(
    body: tuple[dict[str, object], bytes], edits: dict[str, object], data: st.DataObject
) -> None:
    value, raw = body
    if value:
        edits |= data.draw(st.dictionaries(st.sampled_from(list(value)), VALUES | st.just(...), max_size=3))
    spliced = Body(raw).splice({k: None if v is ... else json.dumps(v).encode() for k, v in edits.items()})
    wanted = {key: item for key, item in (value | edits).items() if item is not ...}
    assert json.loads(spliced) == wanted
    assert Body(spliced).splice({}) == spliced


@given(bodies(), KEYS)
def test_replacing_a_value_leaves_every_other_byte(body: tuple[dict[str, object], bytes], marker: str) -> None:
    value, raw = body
    scanned = Body(raw)
    for key in value:
        start, end = scanned.fields[key]
        assert scanned.splice({key: b'"m"'}) == raw[:start] + b'"m"' + raw[end:]
    assert (marker in scanned) == (marker in value)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"model":"a","model":"b"}',
        b'{"model":"a","model":"a"}',
        b'{"model":12,"model":1}',
        b'{"model":"a" ,"x":1,"model":"a"}',
        b'{"x":[1],"model":"a","x":[1]}',
        rb'{"mod\u0065l":"a"}',
        rb'{"model":"a","mod\u0065l":"b"}',
        rb'{"a\"b":1}',
        rb'{"a\/b":1}',
    ],
)
def test_a_top_level_that_could_be_read_in_two_ways_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        Body(raw)
    assert (refused.value.fault.code, refused.value.fault.status) == ("ambiguous_json", 400)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"{}"',
        b"{",
        b"{}x",
        b'{"a":}',
        b'{"a":1,}',
        b'{"a" 1}',
        b"{a:1}",
        b'{"a":tru}',
        b'{"a":01}',
        b'{"a":NaN}',
        b'{"\xff":1}',
        b'{"a":' + b"[" * 100_000,
        b'\xef\xbb\xbf{"a":1}',
    ],
)
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        Body(raw)
    assert (refused.value.fault.code, refused.value.fault.status) == ("invalid_json", 400)


@given(st.text(st.sampled_from('{}[]",:\\ ab1e-.tun'), max_size=24))
def test_what_is_accepted_is_json_with_each_key_once(text: str) -> None:
    try:
        body = Body(text.encode())
    except Refused:
        return
    pairs = json.loads(text, object_pairs_hook=lambda pairs: pairs)
    assert [key for key, _ in pairs] == list(body.fields)


def test_added_fields_stand_at_the_front_and_removed_ones_are_gone() -> None:
    body = Body(b' { "a" : 1 , "b":2}')
    assert body.splice({"c": b"3"}) == b' {"c":3, "a" : 1 , "b":2}'
    assert body.splice({"a": None, "c": b"3", "d": None}) == b'{"c":3,"b":2}'
    assert Body(b"{}").splice({"c": b"3"}) == b'{"c":3}'
    assert body.value("a") == b"1"
    assert body.value("z") is None


@pytest.mark.parametrize("text", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"])
def test_what_is_no_utf8_is_refused_wherever_it_stands(text: bytes) -> None:
    with pytest.raises(Refused, match="invalid_json"):
        Body(b'{"model":"a","messages":[{"content":"' + text + b'"}]}')
