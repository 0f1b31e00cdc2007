"""The import graph of the package, as the rules about imports see it."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping

from tests.architecture.source import PACKAGE, Source

Graph = Mapping[str, frozenset[str]]


def imported(source: Source, known: frozenset[str]) -> Iterator[tuple[ast.stmt, str]]:
    """The modules of the package that a file imports, below the package's name: `wire.sse`, empty for the package.

    `from trigate.wire import sse` imports the module `wire.sse` if there is one, else a name out of `wire`. Imports for
    type checking count: an arrow that only the types follow is an arrow.
    """
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node, below(alias.name)) for alias in node.names if of_package(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, source)
            if of_package(base):
                yield from ((node, below(member(base, alias.name, known))) for alias in node.names)


def of_package(name: str) -> bool:
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


def below(name: str) -> str:
    return name[len(PACKAGE) + 1 :]


def member(base: str, name: str, known: frozenset[str]) -> str:
    whole = f"{base}.{name}"
    return whole if below(whole) in known else base


def absolute(node: ast.ImportFrom, source: Source) -> str:
    if not node.level:
        return node.module or ""
    parts = [PACKAGE, *filter(None, source.module.split("."))]
    base = parts[: len(parts) - node.level + source.is_package]
    return ".".join([*base, *filter(None, [node.module])])


def modules(sources: Iterable[Source]) -> frozenset[str]:
    return frozenset(source.module for source in sources)


def graph(sources: Iterable[Source]) -> Graph:
    sources = tuple(sources)
    known = modules(sources)
    return {source.module: frozenset(name for _, name in imported(source, known)) for source in sources}


def way(start: str, arrows: Graph, arrived: Callable[[str], bool]) -> list[str]:
    """The shortest way of one step or more from `start` to a module that `arrived` accepts; empty if there is none."""
    ways = [[start]]
    seen = {start}
    for so_far in ways:
        for name in sorted(arrows.get(so_far[-1], frozenset())):
            if arrived(name):
                return [*so_far, name]
            if name not in seen:
                seen.add(name)
                ways.append([*so_far, name])
    return []


def stands_in(module: str, place: str) -> bool:
    return module == place or module.startswith(f"{place}.")
