"""The envelope: every routing and cost-bearing field of a request, read without reading its content."""

import msgspec


class Envelope(msgspec.Struct, kw_only=True):
    """What the gateway must know of a body to route, price and limit it.

    `model` is empty where the body names none. `max_tokens` is the client's own bound on output per choice. `tier` is
    the vendor's service tier. `wants_usage` says whether the client asked for usage in its stream. `params` holds the
    tuning fields as raw JSON, for the record.
    """

    model: str = ""
    stream: bool = False
    max_tokens: int | None = None
    n: int = 1
    tier: str | None = None
    wants_usage: bool = True
    metadata: dict[str, str] = {}
    params: dict[str, msgspec.Raw] = {}
