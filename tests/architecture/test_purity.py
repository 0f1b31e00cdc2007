"""Pure inside, I/O at the rim: what decides, frames or translates opens nothing, waits for nothing, asks no clock."""

import ast
from collections.abc import Iterable, Iterator, Mapping

from tests.architecture.imports import stands_in
from tests.architecture.source import PACKAGE, Source, dotted, expect_none, parse, read

PURE = (
    "core",
    "wire",
    "dialects",
    "decide",
    "selectors",
    "pipeline.relay",
    "pipeline.retry",
    "mcp.session",
    "a2a.task",
)
# The one clock: the port has its real implementation beside it. A request names the task that answers it: a type.
MAY: Mapping[str, frozenset[str]] = {
    "core.clock": frozenset({"time"}),
    "core.ports.client": frozenset({"asyncio"}),
}

RIM = frozenset(
    "asyncio concurrent contextvars fcntl glob http io logging mmap multiprocessing os pathlib pyreqwest queue random"
    " sched secrets select selectors shutil signal smtplib socket socketserver sqlite3 ssl subprocess sys tempfile"
    " threading time urllib.request uuid uvicorn uvloop".split()
)
CALLS = frozenset({"open", "print", "input", "breakpoint", "exec", "eval"})
CLOCKS = frozenset({"now", "utcnow", "today"})
CLOCK_OWNERS = frozenset({"datetime", "date"})


def impure(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        if not any(stands_in(source.module, place) for place in PURE):
            continue
        allowed = MAY.get(source.module, frozenset())
        for node in ast.walk(source.tree):
            for name in uses(node) - allowed:
                yield source.at(node, f"{name} in a pure place: take the value, or a port, as an argument")


def uses(node: ast.AST) -> frozenset[str]:
    if isinstance(node, ast.Import):
        return frozenset(filter(of_the_rim, (alias.name for alias in node.names)))
    if isinstance(node, ast.ImportFrom) and node.module:
        if of_the_rim(node.module):
            return frozenset({node.module})
        return frozenset(filter(of_the_rim, (f"{node.module}.{alias.name}" for alias in node.names)))
    if isinstance(node, ast.Call):
        name = dotted(node.func)
        owner, _, method = name.rpartition(".")
        if name in CALLS or (method in CLOCKS and owner.split(".")[-1] in CLOCK_OWNERS):
            return frozenset({f"{name}()"})
    return frozenset()


def of_the_rim(name: str) -> bool:
    return any(stands_in(name, module) for module in RIM)


def test_pure_places_are_pure() -> None:
    expect_none(impure(read(f"src/{PACKAGE}")), f"No I/O and no clock in {', '.join(PURE)}.")


def test_io_and_clocks_are_found() -> None:
    text = """
import time
import os.path as p
from asyncio import Queue
from urllib import request
from urllib.parse import quote
from datetime import datetime
open("x")
datetime.now()
datetime.fromtimestamp(0)
"""
    found = [finding.split(" in a ")[0] for finding in impure([parse("src/trigate/decide/price.py", text)])]
    assert sorted(found) == [
        "src/trigate/decide/price.py:2: time",
        "src/trigate/decide/price.py:3: os.path",
        "src/trigate/decide/price.py:4: asyncio",
        "src/trigate/decide/price.py:5: urllib.request",
        "src/trigate/decide/price.py:8: open()",
        "src/trigate/decide/price.py:9: datetime.now()",
    ]


def test_only_pure_places_are_judged_and_the_clock_may_only_tell_the_time() -> None:
    assert not list(impure([parse("src/trigate/pipeline/run.py", "import asyncio")]))
    assert not list(impure([parse("src/trigate/core/clock.py", "import time")]))
    assert list(impure([parse("src/trigate/core/clock.py", "import random")]))
