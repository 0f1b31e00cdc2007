"""Budgets on maxima: every file and function fits, but for exceptions in ratchet.toml whose numbers only fall."""

import ast
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.architecture.source import Function, Source, expect_none, functions, parse, read

RATCHET = Path(__file__).with_name("ratchet.toml")

# Lines of a file and of a function (from `def` to its end), parameters (without self), depth of nested statements,
# McCabe's complexity.
LIMITS: Mapping[str, int] = {"file": 400, "function": 50, "parameters": 6, "nesting": 4, "complexity": 10}
# What not even an exception may pass.
HARD: Mapping[str, int] = {"file": 500, "function": 80}

NESTING = ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.TryStar | ast.With | ast.AsyncWith | ast.Match

Ratchet = Mapping[str, Mapping[str, int]]


def measure(source: Source) -> Iterator[tuple[str, dict[str, int]]]:
    """Where (a path, or a path and a function's name) and what was measured there."""
    yield source.path, {"file": len(source.text.splitlines())}
    for name, function in functions(source.tree):
        yield (
            f"{source.path} {name}",
            {
                "function": (function.end_lineno or 0) - function.lineno + 1,
                "parameters": parameters(function),
                "nesting": max(map(nesting, function.body)),
                "complexity": complexity(function.body) + 1,
            },
        )


def parameters(function: Function) -> int:
    arguments = function.args
    named = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len(named) - (named[:1] in (["self"], ["cls"]))


def nesting(node: ast.AST, is_elif: bool = False) -> int:
    """`elif` is no deeper than its `if`, and a function inside begins anew: it is measured by itself."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return 0
    alone = isinstance(node, ast.If) and len(node.orelse) == 1 and node.orelse[0]
    below = (nesting(child, is_elif=child is alone) for child in ast.iter_child_nodes(node))
    return max(below, default=0) + (isinstance(node, NESTING) and not is_elif)


def complexity(body: Iterable[ast.AST]) -> int:
    """The branches, counted as ruff's C901 counts them."""
    branches = 0
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Try | ast.TryStar):
                branches += len(node.handlers) + bool(node.orelse)
            elif isinstance(node, ast.Match):
                branches += sum(not is_wildcard(case) for case in node.cases)
            else:
                branches += isinstance(
                    node, ast.If | ast.For | ast.AsyncFor | ast.While | ast.FunctionDef | ast.AsyncFunctionDef
                )
    return branches


def is_wildcard(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def over_budget(sources: Iterable[Source], ratchet: Ratchet) -> Iterator[str]:
    unused = {(where, what) for where, numbers in ratchet.items() for what in numbers}
    for source in sources:
        for where, measured in measure(source):
            for what, number in measured.items():
                unused.discard((where, what))
                yield from verdict(where, what, number, ratchet.get(where, {}).get(what))
    for where, what in sorted(unused):
        yield f"ratchet.toml: {where}: {what}: nothing of that name is measured: remove the entry"


def verdict(where: str, what: str, number: int, exception: int | None) -> Iterator[str]:
    limit = LIMITS[what]
    if number > HARD.get(what, number):
        yield f"{where}: {what} {number}, never over {HARD[what]}: split it"
    elif exception is None and number > limit:
        yield f"{where}: {what} {number}, at most {limit}: split it"
    elif exception is not None and number <= limit:
        yield f"ratchet.toml: {where}: {what} is {number}, within {limit} again: remove the entry"
    elif exception is not None and number > exception:
        yield f"{where}: {what} grew from {exception} to {number}: the numbers only fall"
    elif exception is not None and number < exception:
        yield f"ratchet.toml: {where}: {what} fell to {number}: lower the entry from {exception}"


def test_everything_fits() -> None:
    ratchet = tomllib.loads(RATCHET.read_text("utf-8"))
    expect_none(over_budget(read("src", "tests", "scripts"), ratchet), "Files and functions fit on a screen or a few.")


def test_each_measure_is_taken() -> None:
    source = parse(
        "src/x.py",
        """
class Relay:
    async def feed(self, a, /, b, *rest, c=1, **more):
        for x in a:
            if x:
                with x:
                    pass
            elif b:
                try:
                    pass
                except OSError:
                    def inner():
                        if c:
                            pass
                else:
                    pass
        match b:
            case 1:
                return [y for y in a if y]
            case _:
                return None
""",
    )
    assert dict(measure(source)) == {
        "src/x.py": {"file": 21},
        "src/x.py Relay.feed": {"function": 19, "parameters": 3, "nesting": 3, "complexity": 9},
        "src/x.py Relay.feed.inner": {"function": 3, "parameters": 0, "nesting": 1, "complexity": 2},
    }


def test_what_is_too_large_is_found() -> None:
    lines = "\n".join(["    pass"] * 50)
    branches = "\n".join(["    if a: pass"] * 10)
    deep = "def f():\n" + "\n".join(f"{'    ' * depth}if a:" for depth in range(1, 6)) + f"\n{'    ' * 6}pass"
    sources = [
        parse("file.py", "\n" * 401),
        parse("function.py", f"def f():\n{lines}"),
        parse("parameters.py", "def f(a, b, c, d, e, f, g): pass"),
        parse("nesting.py", deep),
        parse("complexity.py", f"def f():\n{branches}"),
    ]
    assert list(over_budget(sources, {})) == [
        "file.py: file 401, at most 400: split it",
        "function.py f: function 51, at most 50: split it",
        "parameters.py f: parameters 7, at most 6: split it",
        "nesting.py f: nesting 5, at most 4: split it",
        "complexity.py f: complexity 11, at most 10: split it",
    ]


def test_the_ratchet_only_falls() -> None:
    def judge(length: int, exception: int) -> list[str]:
        return list(over_budget([parse("a.py", "\n" * length)], {"a.py": {"file": exception}}))

    assert judge(410, 410) == []
    assert judge(411, 410) == ["a.py: file grew from 410 to 411: the numbers only fall"]
    assert judge(409, 410) == ["ratchet.toml: a.py: file fell to 409: lower the entry from 410"]
    assert judge(400, 410) == ["ratchet.toml: a.py: file is 400, within 400 again: remove the entry"]
    assert judge(501, 501) == ["a.py: file 501, never over 500: split it"]


def test_an_exception_for_nothing_is_found() -> None:
    found = list(over_budget([parse("a.py", "")], {"a.py": {"lines": 1}, "b.py f": {"function": 60}}))
    assert found == [
        "ratchet.toml: a.py: lines: nothing of that name is measured: remove the entry",
        "ratchet.toml: b.py f: function: nothing of that name is measured: remove the entry",
    ]
