"""What every vendor account is built from: a base URL, fixed headers, and the paths of its operations.

A vendor's module fills this in. URLs and header lists are made once, at load; a call only adds the headers that the
client may pass on and the body. The credential is in the fixed headers and so is bound to the account's own host.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from trigate.core.errors import Category, Fault, Refused
from trigate.core.ports import Call, Dialect, VendorError
from trigate.core.secret import Secret

JSON_HEADERS: Final = (("content-type", "application/json"), ("accept-encoding", "identity"))

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMING: Final = frozenset({"host", "connection", "content-length", "content-type", "transfer-encoding"})


def _base_url(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in ("http", "https") or not rest or "@" in rest or "?" in rest or "#" in rest:
        raise ValueError("must be http(s)://host[:port][/path] without user, query or fragment")
    return value.rstrip("/")


def _headers(value: dict[str, Secret]) -> dict[str, Secret]:
    for name, secret in value.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _FRAMING:
            raise ValueError(f"{name!r} is no header that an account may fix")
        if not (secret.reveal().isascii() and secret.reveal().isprintable()):
            raise ValueError(f"the value of {name} must be printable ASCII")
    return value


BaseUrl = Annotated[str, AfterValidator(_base_url)]


class AccountConfig(BaseModel):
    """Fields that every kind of provider has."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    headers: Annotated[dict[str, Secret], AfterValidator(_headers)] = Field(
        default={}, description="Fixed headers added to every call of this account."
    )

    def fixed_headers(self) -> tuple[tuple[str, str], ...]:
        """The configured headers as they go onto the wire."""
        return tuple((name.lower(), value.reveal()) for name, value in self.headers.items())

    def forwarded(self, names: frozenset[bytes]) -> frozenset[bytes]:
        """Of the client's headers that the vendor knows, those that the account does not fix."""
        return names - {name.lower().encode() for name in self.headers}


class Account(msgspec.Struct, frozen=True):
    """A compiled vendor account; implements `core.ports.Provider`.

    `urls` maps an operation to its full URL; `forwards` are the client's headers that may ride along.
    """

    name: str
    kind: str
    region: str | None
    dialect: Dialect
    forwards: frozenset[bytes]
    urls: Mapping[str, str]
    headers: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"Account({self.name}, {self.kind})"

    def has(self, operation: str) -> bool:
        """Whether the vendor has this operation."""
        return operation in self.urls

    def url(self, operation: str, model: str, stream: bool) -> str:
        """Where an operation that the vendor has is called: the same for every model."""
        return self.urls[operation]

    def call(self, operation: str, model: str, stream: bool, headers: Mapping[bytes, bytes], body: bytes) -> Call:
        """The HTTP request; client headers on the allow-list ride along."""
        if not self.has(operation):
            message = f"{operation} is not offered by this target; ask for a model that has it"
            raise Refused(Fault("unsupported_operation", Category.UNSUPPORTED, 400, message))
        outgoing = list(self.headers)
        for name in self.forwards:
            value = headers.get(name)
            if value is not None:
                outgoing.append((name.decode(), value.decode("latin-1")))
        return Call("POST", self.url(operation, model, stream), outgoing, body)

    def classify(self, status: int, body: bytes) -> VendorError:
        """What an error reply means."""
        return self.dialect.read_error(status, body)
