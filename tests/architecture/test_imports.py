"""Imports go down only, stand at the top of the file, run in no circle, and are by name in one place."""

import ast
from collections.abc import Iterable, Iterator
from functools import partial
from operator import eq

from tests.architecture.imports import graph, imported, modules, stands_in, way
from tests.architecture.source import PACKAGE, Source, dotted, expect_none, parse, read

# A place may import everything that stands to the left of it on one of its lines, and its own package; places in one
# group never import each other. A place is a package or a module; `evidence.replay` may also what `evidence` may.
DIRECTION = """
core <- wire <- dialects <- providers
core, wire <- admission, guardrails, selectors, caches, stores, sinks, sources
core, wire <- catalog, evidence
core, wire, config.published <- upstream
core, wire, catalog <- config
core <- admission, selectors <- decide <- pipeline, evidence.replay, control
core, wire, config.snapshot, config.published, upstream, evidence.spool <- pipeline <- mcp, a2a <- surfaces <- server
decide <- surfaces
core, wire, config, stores, evidence, decide <- control
simulator
"""
TOP = frozenset({"app", "cli", "__main__"})  # everything <- these, and nothing else imports them

# Whatever the arrows allow one by one, these never reach those, by any number of steps.
NEVER = (
    ("control", "pipeline"),
    ("control", "server"),
    ("pipeline", "control"),
    ("surfaces", "control"),
    ("server", "control"),
    ("evidence", "control"),
)

BY_NAME = "config.registry"
IMPORTING_PACKAGES = frozenset({"imp", "pkgutil", "runpy", "__import__"})
IMPORTERS = frozenset(
    {"importlib", "importlib.import_module", "importlib.machinery", "importlib.metadata.entry_points", "importlib.util"}
)

Direction = dict[str, frozenset[str]]


def read_direction(text: str) -> Direction:
    may: Direction = {}
    for line in text.strip().splitlines():
        below: frozenset[str] = frozenset()
        for group in line.split("<-"):
            places = frozenset(place.strip() for place in group.split(","))
            may.update({place: may.get(place, frozenset()) | below for place in places})
            below |= places
    return may


def may_import(module: str, direction: Direction) -> frozenset[str]:
    rights = (places for place, places in direction.items() if stands_in(module, place))
    return frozenset({module.split(".")[0]}).union(*rights)


def against_the_direction(sources: Iterable[Source], direction: Direction) -> Iterator[str]:
    sources = tuple(sources)
    known = modules(sources)
    packages = {place.split(".")[0] for place in direction} | TOP | {""}
    for source in sources:
        package = source.module.split(".")[0]
        if package not in packages:
            yield f"{source.path}: {package!r} is no place yet: give it a line in DIRECTION, and in the design"
        if package in TOP:
            continue
        may = may_import(source.module, direction)
        for node, target in imported(source, known):
            if target and not any(stands_in(target, place) for place in may):
                yield source.at(node, f"{source.module} may not import {target}, only {', '.join(sorted(may))}")


def forbidden_ways(sources: Iterable[Source]) -> Iterator[str]:
    arrows = graph(sources)
    for start, end in NEVER:
        for module in (module for module in arrows if stands_in(module, start)):
            found = way(module, arrows, partial(stands_in, place=end))
            if found:
                yield f"{start} never reaches {end}: {' -> '.join(found)}"


def cycles(sources: Iterable[Source]) -> Iterator[str]:
    arrows = graph(sources)
    for module in arrows:
        found = way(module, arrows, partial(eq, module))
        if found and module == min(found):
            yield f"cycle: {' -> '.join(found)}"


def inside_functions(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        for function in ast.walk(source.tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                imports = (node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom))
                yield from (source.at(node, f"import inside {function.name}(): move it to the top") for node in imports)


def by_name(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        if source.module == BY_NAME:
            continue
        for node in ast.walk(source.tree):
            for name in used_names(node):
                if name in IMPORTERS or name.split(".")[0] in IMPORTING_PACKAGES:
                    yield source.at(node, f"{name}: only {BY_NAME} imports by name; ask it, or import what you need")


def used_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call):
        yield dotted(node.func)


def test_imports_go_down_only() -> None:
    expect_none(against_the_direction(read(f"src/{PACKAGE}"), read_direction(DIRECTION)), "Imports go down only.")


def test_control_and_data_plane_never_meet() -> None:
    expect_none(forbidden_ways(read(f"src/{PACKAGE}")), "The data plane lives without control, and control without it.")


def test_no_cycles() -> None:
    expect_none(cycles(read(f"src/{PACKAGE}")), "No import runs in a circle.")


def test_no_imports_inside_functions() -> None:
    expect_none(inside_functions(read(f"src/{PACKAGE}", "tests", "scripts")), "Imports stand at the top of the file.")


def test_only_the_registry_imports_by_name() -> None:
    expect_none(by_name(read(f"src/{PACKAGE}")), "What is imported can be read in the imports.")


def test_the_direction_itself_has_no_cycle() -> None:
    direction = read_direction(DIRECTION)
    arrows = {place: may_import(place, direction) - {place.split(".")[0]} for place in direction}
    for place in direction:
        assert not way(place, arrows, partial(eq, place))


def test_direction_reads_arrows_and_groups() -> None:
    direction = read_direction("a <- b, c <- d\ne <- d")
    assert direction == {
        "a": frozenset(),
        "b": frozenset("a"),
        "c": frozenset("a"),
        "d": frozenset("abce"),
        "e": frozenset(),
    }


def test_a_wrong_direction_is_found() -> None:
    direction = read_direction("core <- wire <- config\ncore, config.snapshot <- pipeline")
    found = list(
        against_the_direction(
            [
                parse("src/trigate/core/clock.py", "from trigate.wire import sse"),
                parse("src/trigate/wire/sse.py", "import trigate.core.clock\nfrom trigate.wire import json"),
                parse("src/trigate/wire/json.py", ""),
                parse(
                    "src/trigate/config/snapshot.py",
                    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .. import pipeline",
                ),
                parse("src/trigate/config/compile.py", ""),
                parse(
                    "src/trigate/pipeline/__init__.py",
                    "from trigate.config import compile\nfrom trigate.config import snapshot",
                ),
                parse("src/trigate/other/x.py", ""),
                parse("src/trigate/app.py", "import trigate.pipeline"),
                parse("src/trigate/core/money.py", "from trigate import app, __version__"),
            ],
            direction,
        )
    )
    assert [finding.split(",")[0] for finding in found] == [
        "src/trigate/core/clock.py:1: core.clock may not import wire.sse",
        "src/trigate/config/snapshot.py:3: config.snapshot may not import pipeline",
        "src/trigate/pipeline/__init__.py:1: pipeline may not import config.compile",
        "src/trigate/other/x.py: 'other' is no place yet: give it a line in DIRECTION",
        "src/trigate/core/money.py:1: core.money may not import app",
    ]


def test_a_roundabout_way_is_found() -> None:
    sources = [
        parse("src/trigate/control/api.py", "from trigate.evidence import replay"),
        parse("src/trigate/evidence/replay.py", "from trigate.pipeline.run import run"),
        parse("src/trigate/pipeline/run.py", ""),
    ]
    assert list(forbidden_ways(sources)) == [
        "control never reaches pipeline: control.api -> evidence.replay -> pipeline.run"
    ]


def test_a_cycle_is_found_once() -> None:
    sources = [
        parse("src/trigate/a.py", "from trigate.b import x"),
        parse("src/trigate/b.py", "from trigate import c"),
        parse("src/trigate/c.py", "import trigate.a"),
    ]
    assert list(cycles(sources)) == ["cycle: a -> b -> c -> a"]


def test_a_cycle_through_the_package_itself_is_found() -> None:
    sources = [
        parse("src/trigate/wire/__init__.py", "from trigate.wire.sse import Event"),
        parse("src/trigate/wire/sse.py", "from trigate.wire import Event"),
    ]
    assert list(cycles(sources)) == ["cycle: wire -> wire.sse -> wire"]


def test_an_import_inside_a_function_is_found() -> None:
    source = parse("src/trigate/a.py", "import os\nasync def f():\n    if True:\n        import re")
    assert list(inside_functions([source])) == ["src/trigate/a.py:4: import inside f(): move it to the top"]


def test_an_import_by_name_is_found() -> None:
    text = """
import importlib.metadata
import importlib
from importlib import import_module
from importlib.metadata import entry_points, version
from pkgutil import iter_modules
__import__("x")
importlib.metadata.entry_points("x")
"""
    lines = [finding.split(":")[1] for finding in by_name([parse("src/trigate/app.py", text)])]
    assert lines == ["3", "4", "5", "6", "7", "8"]
    assert not list(by_name([parse("src/trigate/config/registry.py", text)]))
