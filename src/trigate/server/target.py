"""The request target: one reading of the path, or none.

What is authorised must be what is served, so a target that two readers could read differently is refused instead of
normalised: encoded slashes and dots, dot segments, empty segments, backslashes, double encoding. What is left is
percent-decoded once. Pure. Above: `http`.

One encoded slash has one reading only: behind `/models/` stands a model's name to the end, and SDKs encode the slash of
`account/model`. It is taken for a plain one before anything is judged.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from trigate.core.errors import Refused, invalid

# %25 would decode to a path that some reader decodes again; %00-%1f and %7f are no part of any name.
_AMBIGUOUS: Final = re.compile(
    rb"//|\\|[#\x00-\x20\x7f-\xff]|/\.{1,2}(?:[/;]|$)|%(?:2[ef5]|5c|[01][0-9a-f]|7f|(?![0-9a-f]{2}))", re.IGNORECASE
)
_ENCODED_SLASH: Final = re.compile(rb"%2f", re.IGNORECASE)


def read_target(target: bytes) -> tuple[str, str]:
    """The decoded path and the raw query of a request target (RFC 9112 3.2.1, origin-form).

    Raises `Refused` (400) for another form and for a path that could be read in two ways.
    """
    path, _, query = target.partition(b"?")
    if not path.startswith(b"/"):
        raise Refused(invalid("bad_target", "the request target must be a path, such as /v1/models"))
    base, models, name = path.partition(b"/models/")
    if models:
        path = base + models + _ENCODED_SLASH.sub(b"/", name)
    if _AMBIGUOUS.search(path):
        raise Refused(
            invalid(
                "ambiguous_path", "the path holds an empty, dotted or doubly encoded segment; send it in plain form"
            )
        )
    try:
        decoded = unquote_to_bytes(path) if b"%" in path else path
        return decoded.decode("utf-8"), query.decode("ascii")
    except UnicodeDecodeError:
        raise Refused(invalid("bad_target", "the request target is not percent-encoded UTF-8")) from None
