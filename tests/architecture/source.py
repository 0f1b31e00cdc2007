"""What the architecture tests read: the files of the tree, each parsed once, and how findings are reported.

A rule is a plain function from sources to findings (one line each: path, line, what is wrong, what to do). Its test
file runs it over the tree, and over a made-up text that must be found, so that a rule which sees nothing fails too.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "trigate"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file; `path` is relative to the root of the repository."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The dotted name below the package, `wire.sse` for src/trigate/wire/sse.py; empty for the package itself."""
        parts = Path(self.path).with_suffix("").parts[2:]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def is_package(self) -> bool:
        return self.path.endswith("__init__.py")

    def at(self, node: ast.AST, message: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {message}"


def parse(path: str, text: str) -> Source:
    return Source(path, text, ast.parse(text, path))


@cache
def read(*folders: str) -> tuple[Source, ...]:
    """Every Python file below the given folders of the repository, in order of path."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return tuple(parse(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths)


def functions(tree: ast.AST, outer: str = "") -> Iterator[tuple[str, Function]]:
    """Every function with its qualified name: `Relay.feed`, and `outer.inner` for one inside another."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{outer}{node.name}", node
        name = (
            f"{outer}{node.name}." if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else outer
        )
        yield from functions(node, name)


def dotted(node: ast.AST) -> str:
    """`a.b.c` for such an expression, the last parts where it starts with something else, empty for the rest."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return ""


def expect_none(findings: Iterable[str], rule: str) -> None:
    found = sorted(set(findings))
    assert not found, f"{rule}\n  " + "\n  ".join(found)
