"""A test twin for every file: src/trigate/wire/sse.py is tested by tests/wire/test_sse.py."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from tests.architecture.source import PACKAGE, Source, expect_none, functions, parse, read

# Files that hold declarations only, with nothing to run: path -> where what they declare is tested.
DECLARATIONS: Mapping[str, str] = {
    "src/trigate/core/ports/client.py": "tests/conformance: both sides of HTTP against these protocols",
    "src/trigate/core/ports/evidence.py": "tests/evidence/test_spool.py",
    "src/trigate/core/ports/rules.py": "tests/decide, tests/guardrails, tests/selectors",
}


def twin(path: str) -> str:
    """The file that tests `path`; code in a package's front is tested beside the package's own tests."""
    below = PurePosixPath(path.removesuffix("/__init__.py")).relative_to(f"src/{PACKAGE}")
    return str(PurePosixPath("tests", below.parent, f"test_{below.stem}.py"))


def only_exports(source: Source) -> bool:
    """A docstring, imports and plain names: a package's front, or `__main__`, in which nothing can go wrong."""
    plain = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr)
    return source.path.endswith(("/__init__.py", "/__main__.py")) and all(
        isinstance(statement, plain) for statement in source.tree.body
    )


def without_twin(sources: Iterable[Source], tests: Iterable[Source], declarations: Mapping[str, str]) -> Iterator[str]:
    tested = {
        test.path: any(name.split(".")[-1].startswith("test_") for name, _ in functions(test.tree)) for test in tests
    }
    unused = set(declarations)
    for source in sources:
        if twin(source.path) in tested:
            if not tested[twin(source.path)]:
                yield f"{twin(source.path)}: has no test"
        elif source.path in declarations:
            unused.discard(source.path)
        elif not only_exports(source):
            yield f"{source.path}: has no test file {twin(source.path)}"
    yield from (f"{path}: has a twin, or is gone: remove it from DECLARATIONS" for path in sorted(unused))


def test_every_file_has_its_twin() -> None:
    expect_none(
        without_twin(read(f"src/{PACKAGE}"), read("tests"), DECLARATIONS), "Each file is tested by its own test."
    )


def test_a_missing_or_empty_twin_is_found() -> None:
    sources = [
        parse("src/trigate/app.py", ""),
        parse("src/trigate/wire/sse.py", ""),
        parse("src/trigate/wire/json.py", ""),
        parse("src/trigate/wire/__init__.py", '"""Docs."""\nfrom trigate.wire.sse import Event\n__all__ = ["Event"]'),
        parse("src/trigate/core/__init__.py", "def f(): ..."),
        parse("src/trigate/core/ports.py", ""),
    ]
    tests = [
        parse("tests/test_app.py", "def test_it(): ..."),
        parse("tests/wire/test_json.py", "def check(): ..."),
    ]
    declarations = {"src/trigate/core/ports.py": "protocols", "src/trigate/app.py": "has a twin"}
    assert list(without_twin(sources, tests, declarations)) == [
        "src/trigate/wire/sse.py: has no test file tests/wire/test_sse.py",
        "tests/wire/test_json.py: has no test",
        "src/trigate/core/__init__.py: has no test file tests/test_core.py",
        "src/trigate/app.py: has a twin, or is gone: remove it from DECLARATIONS",
    ]
