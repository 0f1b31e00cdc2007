"""Who calls: the key from whichever header the caller's SDK puts it in, looked up by its digest.

The key itself is hashed before anything else is done with it; it is never logged, compared or kept.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from trigate.core.errors import Category, Fault, Refused
from trigate.core.principal import Principal
from trigate.decide.admission import EXPIRED
from trigate.pipeline.plant import Principals

KEY_HEADERS: Final = (b"x-api-key", b"api-key", b"x-goog-api-key")
MAX_KEY_BYTES: Final = 512

MISSING: Final = Fault(
    "key_missing",
    Category.AUTHENTICATION,
    401,
    "send a Trigate key in `Authorization: Bearer`, `x-api-key`, `api-key` or `x-goog-api-key`",
)
UNKNOWN: Final = Fault("key_unknown", Category.AUTHENTICATION, 401, "this key is not known here")
CONFLICTING: Final = Fault(
    "key_conflict", Category.AUTHENTICATION, 401, "two headers carry different keys; send one key in one header"
)


def identify(headers: Mapping[bytes, bytes], principals: Principals) -> Principal:
    """The caller's principal. Raises `Refused` (401)."""
    key = presented_key(headers)
    principal = principals.find(hashlib.sha256(key).digest())
    if principal is None:
        raise Refused(UNKNOWN)
    return principal


def identify_unexpired(headers: Mapping[bytes, bytes], principals: Principals, wall_ns: int) -> Principal:
    """The same for what is no exchange, and so passes no admission. Raises `Refused` (401), also for an expired key."""
    principal = identify(headers, principals)
    if principal.expired(wall_ns):
        raise Refused(EXPIRED)
    return principal


def presented_key(headers: Mapping[bytes, bytes]) -> bytes:
    """The one key that the caller sent. Raises `Refused` (401) for none, or for two that differ."""
    found = None
    bearer = headers.get(b"authorization")
    if bearer is not None:
        scheme, _, token = bearer.partition(b" ")
        if scheme.lower() == b"bearer":
            found = token.strip() or None
    for name in KEY_HEADERS:
        value = headers.get(name)
        if value:
            if found is not None and found != value:
                raise Refused(CONFLICTING)
            found = value
    if not found:
        raise Refused(MISSING)
    if len(found) > MAX_KEY_BYTES:
        raise Refused(UNKNOWN)
    return found
