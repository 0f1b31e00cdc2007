"""The pieces that dialects share."""

import msgspec
import pytest

from trigate.core.chat import CacheMark, Image
from trigate.core.errors import Category, ErrorClass, Refused
from trigate.core.ports import VendorError
from trigate.dialects import parts


class _Inner(msgspec.Struct):
    count: int


class _Outer(msgspec.Struct):
    items: list[_Inner]


OUTER = msgspec.json.Decoder(_Outer)
ANYTHING = msgspec.json.Decoder()


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (b'{"items":[{"count":1},{"count":"x"}]}', "invalid_value", "items.1.count"),
        (b"{}", "invalid_value", None),
        (b"[]", "invalid_value", None),
        (b"{", "invalid_json", None),
        (b'{"x":' + b"[" * 100_000, "invalid_json", None),
    ],
)
def test_a_clients_body_is_refused_by_the_path_of_what_is_wrong(body: bytes, code: str, param: str | None) -> None:
    with pytest.raises(Refused) as refused:
        parts.decode_request(OUTER, body)
    assert (refused.value.fault.code, refused.value.fault.param) == (code, param)


def test_an_upstreams_body_raises_value_errors_only() -> None:
    assert parts.decode_upstream(OUTER, b'{"items":[]}') == _Outer([])
    for body in (b"", b"[]", b"{}", b"[" * 100_000):
        with pytest.raises(ValueError):
            parts.decode_upstream(OUTER, body)


def test_null_and_empty_say_nothing() -> None:
    assert not any(map(parts.says_something, (b"", b"null", b'""', b"[]", b"{}", msgspec.Raw(b"null"))))
    assert all(map(parts.says_something, (b"0", b"false", b'"a"', b"[0]", msgspec.Raw(b'{"a":1}'))))


def test_names_are_added_once_and_in_order() -> None:
    names = ["b"]
    parts.add_once(names, ["c", "a", "b", "c"])
    assert names == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("url", "image"),
    [
        ("https://x/y.png", Image(url="https://x/y.png")),
        ("data:image/png;base64,AA==", Image(media_type="image/png", data="AA==")),
        ("DATA:Image/PNG;name=x;BASE64,AA==", Image(media_type="image/png", data="AA==")),
        ("data:text/plain,hello", Image(url="data:text/plain,hello")),
    ],
)
def test_pictures_from_urls(url: str, image: Image) -> None:
    assert parts.image_from_url(url) == image


def test_a_picture_as_an_url() -> None:
    image = parts.image_from_url("data:image/png;base64,AA==", "low", CacheMark())
    assert (image.detail, image.cache) == ("low", CacheMark())
    assert parts.url_of_image(image) == "data:image/png;base64,AA=="
    assert parts.url_of_image(Image(url="https://x/y.png")) == "https://x/y.png"


def test_arguments_as_an_object() -> None:
    assert parts.arguments_object(" ") == msgspec.Raw(b"{}")
    assert bytes(parts.arguments_object('{"b": 1, "a":2}')) == b'{"b": 1, "a":2}'
    for text in ("[]", "5", "{", '{"a":' + "[" * 100_000):
        with pytest.raises(ValueError):
            parts.arguments_object(text)


def test_minted_ids_differ_and_fit_every_vendor() -> None:
    ids = {parts.minted_call_id("chatcmpl-A.b/" + "x" * 80, choice, number) for choice in (0, 1) for number in (0, 1)}
    assert len(ids) == 4
    assert all(len(call_id) < 40 and call_id.replace("_", "").isalnum() for call_id in ids)
    assert parts.minted_call_id("a", 0, 1) != parts.minted_call_id("b", 0, 1)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\n b\t c", "a b c"),
        ("key sk-abcd1234 is bad", "key *** is bad"),
        ("Incorrect API key provided: sk-ab***********yz.", "Incorrect API key provided: ***"),
        ("header was 'Bearer abc.def-123'", "header was '***'"),
        ("in organization org-abc123 on tokens", "in organization *** on tokens"),
        ("a risk-free task-force", "a risk-free task-force"),
        ("x" * 2000, "x" * parts.MESSAGE_LIMIT),
    ],
)
def test_messages_are_clean(text: str, clean: str) -> None:
    assert parts.clean_message(text) == clean


def test_every_error_class_becomes_a_fault_and_the_operators_account_stays_private() -> None:
    for error_class in ErrorClass:
        fault = parts.upstream_fault(VendorError(error_class, "vendor's words"))
        assert 400 <= fault.status < 600
        private = error_class in (ErrorClass.CREDENTIAL, ErrorClass.QUOTA)
        assert ("vendor's words" in fault.message) is not private
    assert parts.upstream_fault(VendorError(ErrorClass.RATE_LIMITED, "")).category is Category.RATE_LIMITED
