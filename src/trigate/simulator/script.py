"""The scenario language: `word[=value]` joined by `;`, after the first `+` of a model's name.

The header `x-simulate` holds a script too; its words win over those of the model's name.

Contract: `parse` turns a text into a `Script` or raises `ScriptError`, which names the bad word and the nearest.
Above: `endpoints`, which finds the text. Below: nothing; the table `WORDS` is also what the documentation page lists.
"""

import difflib
import re
import urllib.parse
from collections.abc import Callable
from typing import Final, Literal

import msgspec

Group = Literal["time", "output", "fault"]
Value = float | int | str | bool | frozenset[str]

HEAD: Final = -1
"""A position before the head of the reply; positions of 0 and more count events sent after it."""


class ScriptError(ValueError):
    """A script that does not parse; its text is meant for the caller."""


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply shall do. Times are seconds, sizes bytes, positions events sent (or `HEAD`)."""

    latency: float = 0.0
    ttft: float = 0.0
    rate: float = 0.0

    tokens: int | None = None
    text: str | None = None
    echo: bool = False
    thinking: int | None = None
    redacted_thinking: bool = False
    tools: int = 0
    refusal: bool = False
    content_filter: bool = False
    finish: str | None = None
    cached: int = 0
    usage: str | None = None
    quirk: frozenset[str] = frozenset()

    error: str | None = None
    status: int | None = None
    retry_after: str | None = None
    redirect: str | None = None
    silence: int | None = None
    reset: int | None = None
    close: int | None = None
    eof: int | None = None
    error_event: int | None = None
    malformed: frozenset[str] = frozenset()
    wire: frozenset[str] = frozenset()
    long_line: int = 0
    huge: int = 0
    gzip: bool = False
    gzip_bomb: int = 0
    content_type: str | None = None
    content_length: int = 0

    times: int | None = None
    id: str | None = None

    def without_faults(self) -> "Script":
        """The same script as it stands once `times` calls were made: only the words for the output are left."""
        kept = {word.name: getattr(self, word.name) for word in WORDS if word.group == "output"}
        return Script(**kept)


class Word(msgspec.Struct, frozen=True):
    """One word of the language. `form` is how its value is written; a word whose form is empty takes none."""

    name: str
    group: Group
    form: str
    meaning: str
    read: Callable[[str], Value]
    bare: Value | None = None


def _duration(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", text)
    if match is None:
        raise ValueError("a duration such as 200ms or 1.5s")
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def _rate(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)/s", text)
    if match is None or float(match[1]) == 0:
        raise ValueError("a rate above zero such as 100/s")
    return float(match[1])


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)(kb|mb|gb)?", text)
    if match is None:
        raise ValueError("a size such as 4096, 64kb, 10mb or 1gb")
    return int(match[1]) * {None: 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}[match[2]]


def _count(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise ValueError("a whole number")
    return int(text)


def _status(text: str) -> int:
    if not re.fullmatch(r"[2-5]\d\d", text):
        raise ValueError("an HTTP status from 200 to 599")
    return int(text)


def _difference(text: str) -> int:
    if not re.fullmatch(r"[+-]\d{1,9}", text):
        raise ValueError("a difference in bytes such as +10 or -10")
    return int(text)


def _position(text: str) -> int:
    if text == "head":
        return HEAD
    if text == "body":
        return 0
    if not re.fullmatch(r"\d{1,9}", text):
        raise ValueError("head, body or a number of events")
    return int(text)


def _retry_after(text: str) -> str:
    if not re.fullmatch(r"\d{1,9}|date:\d{1,9}|ms:\d{1,9}|absurd|junk|none", text):
        raise ValueError("7, date:7, ms:1500, absurd, junk or none")
    return text


def _text(text: str) -> str:
    return urllib.parse.unquote(text)


def _line(text: str) -> str:
    value = urllib.parse.unquote(text)
    if not value.isprintable() or not value.isascii():
        raise ValueError("printable ASCII")
    return value


def _one_of(*names: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return text

    return read


def _some_of(*names: str) -> Callable[[str], frozenset[str]]:
    def read(text: str) -> frozenset[str]:
        chosen = frozenset(text.split(","))
        if not chosen <= set(names):
            raise ValueError(f"some of {','.join(names)}, joined by commas")
        return chosen

    return read


def _nothing(text: str) -> bool:
    raise ValueError("no value")


_POSITION: Final = "head|body|N"
_QUIRKS: Final = (
    *("empty_content", "empty_tool_calls", "no_index", "repeat_id", "interleave"),
    *("no_done", "pings", "reasoning_content", "no_input_usage"),
)
_WIRE: Final = ("crlf", "cr", "nospace", "comments", "unknown_events", "bytes", "split")

WORDS: Final[tuple[Word, ...]] = (
    Word("latency", "time", "200ms", "wait before the head of the reply", _duration),
    Word("ttft", "time", "500ms", "wait between the head and the first event of a stream", _duration),
    Word("rate", "time", "100/s", "pace of a stream's events, one token each; without it all is sent at once", _rate),
    Word("tokens", "output", "50", "text of exactly so many tokens (before any limit of the request)", _count),
    Word("text", "output", "Hello%3B", "this text, percent-encoded where it has ; or %", _text),
    Word("echo", "output", "", "the whole text of the last user message", _nothing, bare=True),
    Word("thinking", "output", "40", "thinking of so many tokens (OpenAI: only counted); bare: 32", _count, bare=32),
    Word("redacted_thinking", "output", "", "Anthropic: a redacted_thinking block first", _nothing, bare=True),
    Word("tools", "output", "2", "call so many of the offered tools, in parallel; bare: 1", _count, bare=1),
    Word("refusal", "output", "", "the vendor's form of a refusal", _nothing, bare=True),
    Word("content_filter", "output", "", "half a text, stopped by the content filter", _nothing, bare=True),
    Word("finish", "output", "pause_turn", "this finish or stop reason, as it is", _line),
    Word("cached", "output", "100", "so many prompt tokens reported as read from the cache", _count),
    Word("usage", "output", "missing", "usage missing, zero or wrong (10 times)", _one_of("missing", "zero", "wrong")),
    Word("quirk", "output", "no_done,pings", "some of " + ", ".join(_QUIRKS), _some_of(*_QUIRKS)),
    Word("error", "fault", "429", "an error by status or name, with the vendor's body and headers", _line),
    Word("status", "fault", "200", "another status for the same body (with error: 200 with an error body)", _status),
    Word("retry_after", "fault", "7", "7, date:7, ms:1500, absurd, junk or none", _retry_after),
    Word(
        "redirect", "fault", "http://host/x", "a 302 to this URL; bare: to a host that does not exist", _line, bare=""
    ),
    Word("silence", "fault", _POSITION, "nothing more from this position on, connection open", _position),
    Word("reset", "fault", _POSITION, "TCP reset at this position", _position),
    Word("close", "fault", _POSITION, "connection closed at this position, HTTP framing broken off", _position),
    Word("eof", "fault", _POSITION, "a well-formed end of the HTTP body at this position, the rest missing", _position),
    Word("error_event", "fault", "3", "after so many events an error event, then the end", _position),
    Word("malformed", "fault", "json", "the second event is broken: json, utf8", _some_of("json", "utf8")),
    Word("wire", "fault", "crlf,bytes", "unusual but legal framing: " + ", ".join(_WIRE), _some_of(*_WIRE)),
    Word("long_line", "fault", "2mb", "a first event whose one line has so many bytes", _size),
    Word("huge", "fault", "50mb", "so many spaces before the body of a whole reply", _size),
    Word("gzip", "fault", "", "a whole reply compressed with gzip, asked for or not", _nothing, bare=True),
    Word("gzip_bomb", "fault", "100mb", "a compressed whole reply that unpacks to more than this", _size),
    Word("content_type", "fault", "text/html", "this content type", _line),
    Word(
        "content_length", "fault", "+10", "a content-length wrong by so much, then the connection closes", _difference
    ),
    Word("times", "fault", "2", "only the first so many calls with this very script are faulty or slow", _count),
    Word("id", "fault", "a", "no effect: makes a script, and so its count of times, its own", _line),
)

_BY_NAME: Final = {word.name: word for word in WORDS}
_ENDINGS: Final = ("silence", "reset", "close", "eof", "error_event")


def split_model(name: str) -> tuple[str, str]:
    """`gpt-4.1+error=429` is the model `gpt-4.1` with the script `error=429`."""
    model, _, script = name.partition("+")
    return model, script


def parse(text: str) -> Script:
    """Reads a script; later words win. Raises `ScriptError`."""
    values: dict[str, Value] = {}
    for item in text.split(";"):
        if item := item.strip():
            name, value = _read(item)
            values[name] = value
    endings = [name for name in _ENDINGS if name in values]
    if len(endings) > 1:
        raise ScriptError(f"script: {endings[0]!r} and {endings[1]!r} exclude each other; keep one")
    return msgspec.convert(values, Script)


def _read(item: str) -> tuple[str, Value]:
    name, equals, raw = item.partition("=")
    word = _BY_NAME.get(name)
    if word is None:
        raise ScriptError(f"script: unknown word {name!r}; {_nearest(name)}")
    if not equals:
        if word.bare is None:
            raise ScriptError(f"script: {name!r} needs a value, such as {name}={word.form}")
        return name, word.bare
    try:
        return name, word.read(raw)
    except ValueError as error:
        raise ScriptError(f"script: {name}={raw!r} should be {error}") from None


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, _BY_NAME, n=1, cutoff=0.0)
    return f"the nearest known word is {near[0]!r}"
