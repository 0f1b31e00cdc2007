"""Say why, once, at the top: every module has its contract, and what others build on is documented."""

import ast
from collections.abc import Iterable, Iterator

from tests.architecture.imports import stands_in
from tests.architecture.source import PACKAGE, Source, expect_none, parse, read

# Below these, public classes and functions say what they are, too: shapes, units, errors, source.
FOUNDATION = ("core", "wire", "dialects", "decide", "config")


def undocumented(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        if is_private(source.path.rsplit("/", 1)[-1]):
            continue
        if not ast.get_docstring(source.tree):
            yield f"{source.path}: has no docstring: what it is, its contract, what is above and below"
        if any(stands_in(source.module, place) for place in FOUNDATION):
            yield from (source.at(node, f"{node.name} has no docstring") for node in silent(source.tree))


def silent(module: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in module.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if is_private(node.name) or ast.get_docstring(node):
                continue
            yield node


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_what_others_build_on_is_documented() -> None:
    expect_none(undocumented(read(f"src/{PACKAGE}")), "A reader learns at the top what a module is for.")


def test_what_is_undocumented_is_found() -> None:
    sources = [
        parse("src/trigate/wire/__init__.py", ""),
        parse(
            "src/trigate/wire/sse.py", '"""Events."""\nclass Event:\n    def f(self): ...\ndef _g(): ...\ndef h(): ...'
        ),
        parse("src/trigate/wire/_tables.py", ""),
        parse("src/trigate/server/drain.py", '"""Ends."""\nclass Drain: ...'),
    ]
    assert list(undocumented(sources)) == [
        "src/trigate/wire/__init__.py: has no docstring: what it is, its contract, what is above and below",
        "src/trigate/wire/sse.py:2: Event has no docstring",
        "src/trigate/wire/sse.py:5: h has no docstring",
    ]
