"""Files -> one document: one file, or every `*.yaml` of a folder in order of name, and what they include.

Tables (providers, models, tenants ...) are united over files; the same entry twice, or any other block twice, is an
error that names both places. Reads files; judges nothing of their meaning.
"""

import os
from glob import glob, has_magic
from pathlib import Path as FilePath
from typing import Final

import msgspec

from trigate.config import syntax
from trigate.config.diagnostics import ROOT, Diagnostic, Findings, Mark, Path, Severity, dotted
from trigate.config.document import Document, Tree, build
from trigate.config.secrets import References
from trigate.config.watch import Identity, stat_identity

MAX_BYTES: Final = 64 << 20
"""The largest configuration file that is read."""

TABLES: Final = {"providers": 1, "models": 1, "aliases": 1, "prices": 1, "listen": 1, "tenants": 3}
"""Blocks whose entries may stand in several files, and how many levels below the block the entries are."""


class Loaded(msgspec.Struct):
    """One document out of all files.

    `watched` are the files and folders whose change asks for another load, as they were just before they were read.
    """

    document: Document
    findings: Findings
    watched: dict[str, Identity | None]


def load(path: str, references: References) -> Loaded:
    """Read the configuration at `path`, a file or a folder; every finding is in the result, nothing is raised."""
    reader = _Reader(references, path)
    reader.watched[path] = stat_identity(path)
    if os.path.isdir(path):
        reader.folder(path)
    else:
        reader.file(path, Mark(path))
    return Loaded(reader.document, reader.findings, reader.watched)


class _Reader:
    def __init__(self, references: References, path: str) -> None:
        self.document: Final = Document({}, {}, {ROOT: Mark(path)})
        self.findings: Final = Findings(self.document)
        self.watched: Final[dict[str, Identity | None]] = {}
        self._references: Final = references
        self._read: Final[set[str]] = set()

    def folder(self, path: str) -> None:
        try:
            names = sorted(name for name in os.listdir(path) if name.endswith((".yaml", ".yml")) and name[0] != ".")
        except OSError as error:
            return self._error("no_file", Mark(path), f"cannot be read: {error.strerror}", "check the permissions")
        if not names:
            self._error("no_file", Mark(path), "holds no *.yaml file", "name a configuration file, or put one here")
        for name in names:
            self.file(os.path.join(path, name), Mark(path))
        return None

    def file(self, path: str, asked_at: Mark) -> None:
        self.watched[path] = stat_identity(path)
        identity = os.path.realpath(path)
        if identity in self._read:
            return self._error("duplicate_file", asked_at, f"{path} is included a second time", "include it once")
        self._read.add(identity)
        text = self._text(path, asked_at)
        if text is None:
            return None
        try:
            built = build(syntax.parse(text, path), path, self._references)
        except syntax.Unreadable as unreadable:
            self.findings.take(ROOT, unreadable.diagnostic)
            return None
        for where, diagnostic in built.found:
            self.findings.take(where, diagnostic)
        included = built.document.tree.pop("include", None)
        self._unite(self.document.tree, built.document.tree, (ROOT, 0), built.document)
        self._adopt_marks(built.document)
        self._include(included, path, built.document)
        return None

    def _adopt_marks(self, document: Document) -> None:
        """What stands in two files keeps the place where it was found first."""
        for ours, theirs in ((self.document.keys, document.keys), (self.document.values, document.values)):
            for path, mark in theirs.items():
                ours.setdefault(path, mark)

    def _text(self, path: str, asked_at: Mark) -> str | None:
        try:
            with FilePath(path).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            reason = f"{path} cannot be read: {error.strerror or error}"
            self._error("no_file", asked_at, reason, "check the name and the permissions")
            return None
        if len(data) > MAX_BYTES:
            self._error("too_large", Mark(path), f"is larger than {MAX_BYTES} bytes", "put keys into a key file")
            return None
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self._error("yaml", Mark(path, line, 1), "is not UTF-8 text", "save the file as UTF-8")
            return None

    def _include(self, included: Tree, path: str, document: Document) -> None:
        patterns = included if isinstance(included, list) else [included]
        for pattern in patterns:
            mark = document.locate(("include",), at_key=False)
            if isinstance(pattern, str):
                self._included(os.path.join(os.path.dirname(path), pattern), mark)
            elif pattern is not None:
                self._error("include", mark, "include must be a file name or a list of them", "")

    def _included(self, pattern: str, mark: Mark) -> None:
        if has_magic(pattern):
            folder = os.path.dirname(pattern) or "."
            self.watched[folder] = stat_identity(folder)
        for name in sorted(glob(pattern)) if has_magic(pattern) else [pattern]:
            self.file(name, mark)

    def _unite(self, ours: dict[str, Tree], theirs: dict[str, Tree], at: tuple[Path, int], document: Document) -> None:
        """Take over `theirs`; `at` is the path of both and how many levels of tables are still below it."""
        path, levels = at
        for key, value in theirs.items():
            below = (*path, key)
            known = ours.get(key)
            deeper = TABLES.get(key, 0) if not path else levels - 1
            if key not in ours or known is None:
                ours[key] = value
            elif deeper > 0 and isinstance(known, dict) and isinstance(value, dict):
                self._unite(known, value, (below, deeper), document)
            elif value is not None and not (below == ("version",) and known == value):
                self._twice(below, document)

    def _twice(self, path: Path, document: Document) -> None:
        first = self.document.locate(path, at_key=True)
        mark = document.locate(path, at_key=True)
        message = f"{path[-1]!r} is defined here for the second time"
        diagnostic = _finding("duplicate", mark, path, message, f"the first is at {first}; keep one")
        self.findings.take(path, diagnostic)

    def _error(self, code: str, mark: Mark, message: str, remedy: str) -> None:
        self.findings.take(ROOT, _finding(code, mark, ROOT, message, remedy))


def _finding(code: str, mark: Mark, path: Path, message: str, remedy: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, mark.file, mark.line, mark.column, dotted(path), message, remedy)
