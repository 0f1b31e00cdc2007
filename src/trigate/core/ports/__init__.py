"""The seams: what one layer needs of another, as protocols. Implementations are handed in by `app`."""

from trigate.core.ports.client import HeaderList, Request, Responder
from trigate.core.ports.evidence import Spool
from trigate.core.ports.rules import AdmissionInput, Check, Guardrail, Selector, Side
from trigate.core.ports.upstream import Call, Fetcher, Flow, UpstreamReply
from trigate.core.ports.vendors import (
    CONTENT,
    ENDED,
    FAILED,
    HIDDEN,
    SILENT,
    Dialect,
    Meter,
    Provider,
    StreamReader,
    StreamWriter,
    VendorError,
)

__all__ = [
    "CONTENT",
    "ENDED",
    "FAILED",
    "HIDDEN",
    "SILENT",
    "AdmissionInput",
    "Call",
    "Check",
    "Dialect",
    "Fetcher",
    "Flow",
    "Guardrail",
    "HeaderList",
    "Meter",
    "Provider",
    "Request",
    "Responder",
    "Selector",
    "Side",
    "Spool",
    "StreamReader",
    "StreamWriter",
    "UpstreamReply",
    "VendorError",
]
