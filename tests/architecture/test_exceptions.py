"""Outcomes are values, faults are exceptions: only the named rims catch everything."""

import ast
from collections.abc import Iterable, Iterator, Mapping

from tests.architecture.source import PACKAGE, Source, dotted, expect_none, parse, read

# File -> what ends there, and why nothing may escape it.
RIMS: Mapping[str, str] = {
    "src/trigate/server/connection.py": "one request: a handler that fails costs its own client a 500",
    "src/trigate/pipeline/run.py": "one exchange: its client is answered and its record written, whatever failed",
}

BROAD = frozenset({"Exception", "BaseException"})


def broad_handlers(source: Source) -> Iterator[ast.AST]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            if is_broad(node.type) and not raises_again(node):
                yield node
        elif isinstance(node, ast.Call) and is_suppress(node) and any(map(is_broad, node.args)):
            yield node


def is_suppress(call: ast.Call) -> bool:
    return dotted(call.func).split(".")[-1] == "suppress"


def is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(map(is_broad, caught.elts))
    return caught is None or dotted(caught).split(".")[-1] in BROAD


def raises_again(handler: ast.ExceptHandler) -> bool:
    """Cleans up and lets the same exception go on: nothing is caught."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def outside_the_rims(sources: Iterable[Source], rims: Mapping[str, str]) -> Iterator[str]:
    unused = set(rims)
    for source in sources:
        handlers = list(broad_handlers(source))
        if handlers:
            unused.discard(source.path)
        if source.path not in rims:
            yield from (source.at(node, "catches everything: name the errors, or make it a rim") for node in handlers)
    yield from (f"{path}: is listed as a rim and catches nothing: remove it from RIMS" for path in sorted(unused))


def test_only_rims_catch_everything() -> None:
    expect_none(outside_the_rims(read(f"src/{PACKAGE}"), RIMS), "A fault goes up to a rim.")


def test_broad_handlers_are_found() -> None:
    text = """
try: pass
except: pass
try: pass
except (OSError, Exception) as error: log(error)
try: pass
except builtins.BaseException: raise Other
try: pass
except BaseException:
    close()
    raise
try: pass
except OSError: pass
with contextlib.suppress(Exception): pass
with suppress(OSError): pass
"""
    found = outside_the_rims([parse("src/trigate/x.py", text)], {})
    assert sorted(finding.split(":")[1] for finding in found) == ["14", "3", "5", "7"]
    assert not list(outside_the_rims([parse("src/trigate/x.py", text)], {"src/trigate/x.py": "ends the call"}))


def test_a_rim_that_catches_nothing_is_found() -> None:
    found = list(outside_the_rims([parse("src/trigate/x.py", "")], {"src/trigate/x.py": "", "src/trigate/y.py": ""}))
    assert len(found) == 2
