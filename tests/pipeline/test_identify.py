"""Keys, in every header in which an SDK sends them."""

import pytest

from tests.support.plant import CALLER, KEY, Keys
from trigate.core.errors import Refused
from trigate.pipeline.identify import MAX_KEY_BYTES, identify

KEYS = Keys({KEY: CALLER, "k" * MAX_KEY_BYTES: CALLER, "k" * (MAX_KEY_BYTES + 1): CALLER})
RAW = KEY.encode()


@pytest.mark.parametrize(
    "headers",
    [
        {b"authorization": b"Bearer " + RAW},
        {b"authorization": b"bearer  " + RAW},
        {b"x-api-key": RAW},
        {b"api-key": RAW},
        {b"x-goog-api-key": RAW},
        {b"authorization": b"Bearer " + RAW, b"x-api-key": RAW},
        {b"authorization": b"Bearer ", b"x-api-key": RAW},
        {b"authorization": b"Basic abc", b"x-api-key": RAW},
        {b"authorization": b"Bearer " + RAW, b"x-api-key": b""},
        {b"x-api-key": b"k" * MAX_KEY_BYTES},
    ],
)
def test_a_key_is_found(headers: dict[bytes, bytes]) -> None:
    assert identify(headers, KEYS) is CALLER


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "key_missing"),
        ({b"authorization": b""}, "key_missing"),
        ({b"authorization": b"Bearer"}, "key_missing"),
        ({b"authorization": RAW}, "key_missing"),
        ({b"authorization": b"Basic " + RAW}, "key_missing"),
        ({b"x-api-key": b""}, "key_missing"),
        ({b"x-api-key": b"other"}, "key_unknown"),
        ({b"x-api-key": RAW + b", " + RAW}, "key_unknown"),
        ({b"x-api-key": b"k" * (MAX_KEY_BYTES + 1)}, "key_unknown"),
        ({b"x-api-key": RAW, b"api-key": b"other"}, "key_conflict"),
        ({b"authorization": b"Bearer other", b"x-goog-api-key": RAW}, "key_conflict"),
    ],
)
def test_anything_else_is_refused_and_not_repeated(headers: dict[bytes, bytes], code: str) -> None:
    with pytest.raises(Refused) as refused:
        identify(headers, KEYS)
    fault = refused.value.fault
    assert (fault.code, fault.status) == (code, 401)
    assert KEY not in fault.message and "other" not in fault.message
