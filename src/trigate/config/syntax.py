"""YAML text -> nodes that know their place. Sans-io, over the events of PyYAML's C parser.

YAML 1.2's core schema, for one reader: `on`, `off`, `yes`, `no`, dates and `1:30` are plain text; numbers are decimal;
only `true`, `false` and `null` are words of their own. Explicit tags are refused, and so are second documents, mappings
as keys, and nesting deeper than `MAX_DEPTH`, which would otherwise end in the C stack.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec
import yaml

from trigate.config.diagnostics import Diagnostic, Mark, Severity

MAX_DEPTH: Final = 64

_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9]*\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)")
_WORDS: Final = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


class Unreadable(Exception):
    """The text is no YAML, or uses a part of YAML that is refused; nothing after it was read."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Scalar(msgspec.Struct, frozen=True):
    """One word or text. `plain` says that it was written without quotes."""

    text: str
    plain: bool
    mark: Mark

    def value(self) -> str | int | float | bool | None:
        """What it stands for."""
        if not self.plain:
            return self.text
        if self.text in _WORDS:
            return _WORDS[self.text]
        if _INTEGER.fullmatch(self.text):
            return int(self.text) if len(self.text) <= 20 else self.text
        return float(self.text) if _FLOAT.fullmatch(self.text) else self.text


class Sequence(msgspec.Struct, frozen=True):
    """A list."""

    items: list["Node"]
    mark: Mark


class Mapping(msgspec.Struct, frozen=True):
    """A mapping as written: in order, duplicates and merge keys (`<<`) included."""

    pairs: list[tuple[Scalar, "Node"]]
    mark: Mark


Node = Scalar | Sequence | Mapping


class _EventLoader(yaml.CSafeLoader):
    """Only its events are used."""


class Parsed(msgspec.Struct, frozen=True):
    """One file's text as nodes; `root` is None for an empty one. `nodes` counts them, aliases as one."""

    root: Node | None
    nodes: int


def parse(text: str, file: str) -> Parsed:
    """Read one YAML document. Raises Unreadable."""
    reader = _Reader(text, file)
    try:
        return reader.document()
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        mark = Mark(file, at.line + 1, at.column + 1) if at else Mark(file)
        raise Unreadable(_syntax_error(text, mark, error)) from error
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        mark = Mark(file, text.count("\n", 0, position) + 1, 1)
        message = "has a character that YAML does not allow"
        raise Unreadable(_refusal(mark, message, "remove control characters; save the file as UTF-8")) from error


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self._events: Final[Iterator[yaml.Event]] = iter(yaml.parse(text, Loader=_EventLoader))
        self._file: Final = file
        self._anchors: Final[dict[str, Node]] = {}
        self._count = 0

    def document(self) -> Parsed:
        next(self._events)  # the stream's own start
        first = next(self._events)
        root = None
        if isinstance(first, yaml.DocumentStartEvent):
            root = self._node(next(self._events), 0)
            next(self._events)  # the document's end
            second = next(self._events)
            if isinstance(second, yaml.DocumentStartEvent):
                raise Unreadable(
                    _refusal(self._mark(second), "a second document begins here", "keep one document in a file")
                )
        return Parsed(root, self._count)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        self._count += 1
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event)
        if not isinstance(event, yaml.NodeEvent):
            raise TypeError(f"the parser sent {event!r} where a value was due")
        self._refuse(event, depth)
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = Scalar(event.value, not event.style, self._mark(event))
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Sequence(self._items(depth), self._mark(event))
        else:
            node = Mapping(self._pairs(depth), self._mark(event))
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _items(self, depth: int) -> list[Node]:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return items

    def _pairs(self, depth: int) -> list[tuple[Scalar, Node]]:
        pairs = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                remedy = "write a name before the colon; quote a value that begins with { or ["
                raise Unreadable(_refusal(key.mark, "a key must be a word, not a list or mapping", remedy))
            pairs.append((key, self._node(next(self._events), depth + 1)))
        return pairs

    def _aliased(self, event: yaml.AliasEvent) -> Node:
        node = self._anchors.get(str(event.anchor))
        if node is None:
            remedy = "define it before with &; quote a value that begins with *"
            raise Unreadable(_refusal(self._mark(event), f"the anchor {event.anchor!r} is not known here", remedy))
        return node

    def _refuse(self, event: yaml.NodeEvent, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise Unreadable(_refusal(self._mark(event), f"is nested deeper than {MAX_DEPTH} levels", "flatten it"))
        tag = getattr(event, "tag", None)
        if tag and tag != "!":
            remedy = "leave tags out; quote the value if it begins with an exclamation mark"
            raise Unreadable(_refusal(self._mark(event), f"the tag {tag!r} is not used here", remedy))

    def _mark(self, event: yaml.Event) -> Mark:
        at = event.start_mark
        return Mark(self._file, at.line + 1, at.column + 1) if at else Mark(self._file)


def _refusal(mark: Mark, message: str, remedy: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, "yaml", mark.file, mark.line, mark.column, "", message, remedy)


def _syntax_error(text: str, mark: Mark, error: yaml.MarkedYAMLError) -> Diagnostic:
    problem = error.problem or "cannot be read"
    message = f"{problem} ({error.context})" if error.context else problem
    lines = text.splitlines()
    line = lines[mark.line - 1] if 0 < mark.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())] or "\t" in line[mark.column - 1 : mark.column]:
        return _refusal(mark, "a tab stands in the indentation", "indent with spaces")
    if problem.startswith("mapping values are not allowed"):
        return _refusal(mark, message, "check the indentation; quote a value that contains a colon and a space")
    if not "".join(lines[mark.line - 1 :]).strip():
        opened = error.context_mark
        last = len(text.rstrip().splitlines())
        begin = Mark(mark.file, min(opened.line + 1 if opened else last, last), opened.column + 1 if opened else 1)
        return _refusal(begin, f"the file ends too early: {message}", "close what is opened here")
    return _refusal(mark, message, "check the indentation, quotes and brackets just before this place")
