"""Names from the field, once: no file, class or function is named after nothing in particular."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from tests.architecture.source import Source, expect_none, parse, read

EMPTY_WORDS = frozenset({"manager", "helper", "util", "common", "processor", "service", "context"})
# Terms of the field that contain one of them.
TERMS = ("context_window", "service_tier", "ssl_context", "tls_context", "trace_context")

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def empty_words(name: str) -> list[str]:
    words = "_".join(WORD.findall(name)).lower()
    for term in TERMS:
        words = words.replace(term, "")
    return [word for word in words.split("_") if word.removesuffix("s") in EMPTY_WORDS]


def named_after_nothing(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        for part in PurePosixPath(source.path).with_suffix("").parts:
            yield from (
                f"{source.path}: {word!r} in the path says nothing: name the thing" for word in empty_words(part)
            )
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                for word in empty_words(node.name):
                    yield source.at(node, f"{word!r} in {node.name} says nothing: name the thing")


def test_names_name_something() -> None:
    expect_none(named_after_nothing(read("src", "tests", "scripts")), "Names from the vocabulary of the design.")


def test_empty_words_are_found() -> None:
    text = """
class SessionManager:
    def load_utils(self): ...
class HTTPServices: ...
async def requestContext(): ...
def context_window_of(): ...
def _service_tier(): ...
class Commons: ...
def commonly_managed(): ...
"""
    found = [finding.split(" says")[0] for finding in named_after_nothing([parse("src/trigate/helpers/x.py", text)])]
    assert found == [
        "src/trigate/helpers/x.py: 'helpers' in the path",
        "src/trigate/helpers/x.py:2: 'manager' in SessionManager",
        "src/trigate/helpers/x.py:4: 'services' in HTTPServices",
        "src/trigate/helpers/x.py:5: 'context' in requestContext",
        "src/trigate/helpers/x.py:8: 'commons' in Commons",
        "src/trigate/helpers/x.py:3: 'utils' in load_utils",
    ]
