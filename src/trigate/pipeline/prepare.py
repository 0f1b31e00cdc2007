"""From a client's request to the call for one target: the gateway's parameters, the model's name, the other dialect."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trigate.config.snapshot import ParamEdit, Target
from trigate.core.ports import Call
from trigate.pipeline.exchange import Exchange
from trigate.wire.json import Body

NULL: Final = b"null"
NO_HEADERS: Final[Mapping[bytes, bytes]] = MappingProxyType({})
"""A vendor's headers (API version, betas) mean nothing once the body was translated."""


def prepare(exchange: Exchange, target: Target) -> Call:
    """The HTTP request for `target`. Adds to `exchange.lost`; raises `Refused` for what the target cannot carry.

    Same dialect on both ends: the caller's bytes with a few top-level fields replaced. Else: through the neutral
    contract, which says what is lost.
    """
    assert exchange.body is not None and exchange.envelope is not None
    client, upstream = exchange.dialect, target.provider.dialect
    params = target.edits.get(client.name, ()) if exchange.operation == "chat" else ()
    edits = param_edits(exchange.body, params, exchange.lost)
    if client.name == upstream.name:
        edits.update(upstream.forward_edits(exchange.envelope, target.model))
        rename(exchange.body, edits, upstream.renamed_keys, exchange.lost)
        headers, body = exchange.headers, exchange.body.splice(edits)
    else:
        chat = client.read_request(exchange.body.splice(edits))
        chat.model, chat.stream = target.model, exchange.streamed
        headers, body = NO_HEADERS, upstream.write_request(chat)
        exchange.lost += [name for name in chat.lost if name not in exchange.lost]
    return target.provider.call(exchange.operation, target.model, exchange.streamed, headers, body)


def param_edits(body: Body, params: tuple[ParamEdit, ...], lost: list[str]) -> dict[str, bytes | None]:
    """Top-level edits that put the gateway's parameters in force.

    The caller's own value stands where that is allowed; where it is not, it is replaced and the parameter is named
    in `lost`.
    """
    edits: dict[str, bytes | None] = {}
    for param in params:
        if not param.keys:
            lost.append(param.name)
            continue
        given = [key for key in param.keys if _value(body, key) not in (None, NULL)]
        if not given:
            _put(edits, body, _preferred(body, param.keys), param)
        elif not param.overridable:
            for key in given[1:]:
                _put(edits, body, key, None)
            _put(edits, body, given[0], param)
            if _value(body, given[0]) != param.value and given[0] not in lost:
                lost.append(given[0])
    return edits


def _preferred(body: Body, keys: tuple[str, ...]) -> str:
    """The first key, or the first in an object that is there already."""
    return next((key for key in keys if "." in key and key.partition(".")[0] in body), keys[0])


def _value(body: Body, key: str) -> bytes | None:
    """The JSON text at a key. Raises `Refused` where the object around it could be read in two ways."""
    outer, nested, inner = key.partition(".")
    value = body.value(outer)
    if not nested or value in (None, NULL):
        return None if nested else value
    return Body(value or b"").value(inner)


def _put(edits: dict[str, bytes | None], body: Body, key: str, param: ParamEdit | None) -> None:
    """Edit one key, None to remove it. An object is edited as a whole, with the edits that it has so far."""
    outer, nested, inner = key.partition(".")
    value = None if param is None else param.value
    if nested:
        around = edits.get(outer) or body.value(outer)
        value = Body(b"{}" if around in (None, NULL) else around or b"").splice({inner: value})
    edits[outer] = value


def rename(body: Body, edits: dict[str, bytes | None], renamed: Mapping[str, str | None], lost: list[str]) -> None:
    """Edit on: what the vendor knows by another name goes there, what it refuses is removed and named in `lost`.

    Of two values for one name, the one that already stands there holds.
    """
    for key, name in renamed.items():
        value = _edited(body, edits, key)
        if value is None:
            continue
        edits[key] = None
        if value == NULL:
            continue
        if name is not None and _edited(body, edits, name) in (None, NULL):
            edits[name] = value
        elif key not in lost:
            lost.append(key)


def _edited(body: Body, edits: Mapping[str, bytes | None], key: str) -> bytes | None:
    return edits[key] if key in edits else body.value(key)
