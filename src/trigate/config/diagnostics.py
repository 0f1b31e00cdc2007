"""What is wrong with a configuration, and where: values, collected in one pass, rendered for people and machines.

A diagnostic names file, line, column, config path, the rule that was broken, the nearest known name and the remedy. It
holds no secret: values behind references are shown as their reference.
"""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import Final, Protocol

import msgspec

Path = tuple[str | int, ...]

ROOT: Final[Path] = ()


class Mark(msgspec.Struct, frozen=True, order=True):
    """A place in a file. Lines and columns count from 1; 0 where a file as a whole is meant."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Severity(StrEnum):
    """An error keeps the configuration from being used; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Diagnostic(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding. `code` is stable, for filters; `path` is dotted, as `models.chat.targets[0].provider`."""

    severity: Severity
    code: str
    file: str
    line: int
    column: int
    path: str
    message: str
    remedy: str = ""
    nearest: str = ""


class Marked(Protocol):
    """What knows where each value of the configuration stands."""

    def locate(self, path: Path, *, at_key: bool) -> Mark:
        """The place of the value at `path`, or of its key, or of the nearest thing around it."""
        ...


class Findings:
    """Collects diagnostics about one configuration."""

    def __init__(self, marked: Marked) -> None:
        self._marked: Final = marked
        self._found: Final[list[tuple[Path, Diagnostic]]] = []

    def error(self, path: Path, code: str, message: str, *, remedy: str = "", nearest: str = "") -> None:
        """An error about the value at `path`."""
        self._add(Severity.ERROR, path, code, message, (remedy, nearest, False))

    def key_error(self, path: Path, code: str, message: str, *, remedy: str = "", nearest: str = "") -> None:
        """An error about the key at `path` itself."""
        self._add(Severity.ERROR, path, code, message, (remedy, nearest, True))

    def warning(self, path: Path, code: str, message: str, *, remedy: str = "") -> None:
        """A warning about the value at `path`."""
        self._add(Severity.WARNING, path, code, message, (remedy, "", False))

    def at(self, mark: Mark, path: Path, code: str, message: str, *, remedy: str = "") -> None:
        """An error at a place that the configuration's own marks do not know, such as a line of a key file."""
        self._found.append((path, _diagnostic(Severity.ERROR, mark, path, code, message, (remedy, ""))))

    def take(self, path: Path, diagnostic: Diagnostic) -> None:
        """A finding that was made elsewhere."""
        self._found.append((path, diagnostic))

    def paths_in_error(self) -> list[Path]:
        """Where errors were found."""
        return [path for path, diagnostic in self._found if diagnostic.severity is Severity.ERROR]

    def sorted(self) -> tuple[Diagnostic, ...]:
        """Everything found, each once, in the order of the files."""
        unique = {diagnostic: None for _, diagnostic in self._found}
        return tuple(sorted(unique, key=lambda d: (d.file, d.line, d.column, d.code, d.path, d.message)))

    def _add(self, severity: Severity, path: Path, code: str, message: str, more: tuple[str, str, bool]) -> None:
        remedy, nearest, at_key = more
        mark = self._marked.locate(path, at_key=at_key)
        self._found.append((path, _diagnostic(severity, mark, path, code, message, (remedy, nearest))))


def _diagnostic(
    severity: Severity, mark: Mark, path: Path, code: str, message: str, advice: tuple[str, str]
) -> Diagnostic:
    remedy, nearest = advice
    return Diagnostic(severity, code, mark.file, mark.line, mark.column, dotted(path), message, remedy, nearest)


def dotted(path: Path) -> str:
    """`("models", "a.b", "targets", 0)` as `models."a.b".targets[0]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            quoted = f'"{step}"' if "." in step or "[" in step or not step else step
            text += f".{quoted}" if text else quoted
    return text


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that `name` was probably meant to be, or nothing."""
    found = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return found[0] if found else ""


def known_names(names: Iterable[str], *, most: int = 12) -> str:
    """A short list for a remedy: `a, b, c`, cut off beyond `most`."""
    ordered = sorted(names)
    shown = ", ".join(ordered[:most]) or "none"
    return f"{shown}, ..." if len(ordered) > most else shown


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them keeps the configuration from being used."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


# --- rendering --------------------------------------------------------------------------------------------------------

_RED: Final = "\x1b[31m"
_YELLOW: Final = "\x1b[33m"
_BOLD: Final = "\x1b[1m"
_OFF: Final = "\x1b[0m"


def render_text(diagnostics: Sequence[Diagnostic], *, colour: bool) -> str:
    """For people: one line each, advice indented below, a count at the end."""
    lines = [line for diagnostic in diagnostics for line in _text_lines(diagnostic, colour)]
    errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)
    warnings = len(diagnostics) - errors
    lines.append(f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}")
    return "\n".join(lines) + "\n"


def _text_lines(diagnostic: Diagnostic, colour: bool) -> Iterator[str]:
    place = ":".join([diagnostic.file, *(str(n) for n in (diagnostic.line, diagnostic.column) if n)])
    severity = f"{diagnostic.severity}"
    if colour:
        place = f"{_BOLD}{place}{_OFF}"
        severity = f"{_RED if diagnostic.severity is Severity.ERROR else _YELLOW}{severity}{_OFF}"
    subject = f"{diagnostic.path}: " if diagnostic.path else ""
    yield f"{place}: {severity}: {subject}{diagnostic.message} [{diagnostic.code}]"
    if diagnostic.nearest:
        yield f"    did you mean {diagnostic.nearest!r}?"
    if diagnostic.remedy:
        yield f"    {diagnostic.remedy}"


def render_json(diagnostics: Sequence[Diagnostic]) -> str:
    """For programs: a JSON list of objects with the fields of `Diagnostic`, defaults left out."""
    return msgspec.json.format(msgspec.json.encode(diagnostics), indent=2).decode() + "\n"


def render_github(diagnostics: Sequence[Diagnostic]) -> str:
    """Workflow commands, which show up at the line in a pull request.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-an-error-message
    """
    lines = []
    for each in diagnostics:
        advice = f" (did you mean {each.nearest!r}?)" if each.nearest else ""
        subject = f"{each.path}: " if each.path else ""
        message = _escaped(f"{subject}{each.message}{advice}{'. ' + each.remedy if each.remedy else ''}")
        place = f"file={_property(each.file)}" + (f",line={each.line},col={each.column}" if each.line else "")
        lines.append(f"::{each.severity} {place},title={_property(each.code)}::{message}\n")
    return "".join(lines)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
