"""One reading of a path, or none."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trigate.core.errors import Refused
from trigate.server.target import read_target


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/", "/", ""),
        (b"/v1/models?x=%2f..//&y", "/v1/models", "x=%2f..//&y"),
        (b"/v1/models/gpt-4.1", "/v1/models/gpt-4.1", ""),
        (b"/a%20b/%C3%A9", "/a b/\u00e9", ""),
        (b"/v1/models/openai-main%2Fgpt-4.1", "/v1/models/openai-main/gpt-4.1", ""),
        (b"/v1/models/x:generate", "/v1/models/x:generate", ""),
        (b"/.well-known/...x/a..b", "/.well-known/...x/a..b", ""),
    ],
)
def test_a_plain_path_is_decoded_once(target: bytes, path: str, query: str) -> None:
    assert read_target(target) == (path, query)


@pytest.mark.parametrize(
    "target",
    [
        *(b"/a//b", b"//a", b"/a/../b", b"/a/..", b"/./a", b"/a/.", b"/a/..;x/b", b"/a\\b", b"/a#b"),
        *(
            b"/a%2fb",
            b"/a%2Fb",
            b"/v1/models/a%2f..%2fb",
            b"/v1/models/%2fa",
            b"/v1%2fmodels/a",
            b"/a%5cb",
            b"/%2e%2e/a",
            b"/a%2E",
            b"/a%252fb",
            b"/a%00b",
            b"/a%0d%0ab",
            b"/a%7f",
        ),
        *(b"/a%", b"/a%2", b"/a%zz", b"/a%C3", b"/a\xc3\xa9", b"", b"a", b"*", b"http://a/b", b"a:80", b"/a?\xff"),
    ],
)
def test_a_path_with_two_readings_is_refused(target: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read_target(target)
    assert refused.value.fault.status == 400


@given(st.binary(max_size=40).map(lambda rest: b"/" + rest))
@example(b"/%2%65")
def test_what_passes_has_no_second_reading(target: bytes) -> None:
    try:
        path, _ = read_target(target)
    except Refused:
        return
    assert path.startswith("/")
    assert "\\" not in path and "//" not in path and "%" not in path
    assert not {".", ".."} & set(path.split("/"))
