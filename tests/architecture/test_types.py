"""One typed exchange: no bags of anything between modules, no arguments without a name."""

import ast
from collections.abc import Iterable, Iterator

from tests.architecture.imports import stands_in
from tests.architecture.source import PACKAGE, Source, dotted, expect_none, functions, parse, read

MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict"})
RIM = ("cli",)  # the command line's library hands over what it likes


def bags(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Subscript) and is_bag(node):
                yield source.at(node, f"{ast.unparse(node)} tells a reader nothing: make it a struct")


def is_bag(node: ast.Subscript) -> bool:
    if dotted(node.value).split(".")[-1] not in MAPPINGS or not isinstance(node.slice, ast.Tuple):
        return False
    return dotted(node.slice.elts[-1]).split(".")[-1] == "Any" and dotted(node.slice.elts[0]) == "str"


def nameless_arguments(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        if not any(stands_in(source.module, place) for place in RIM):
            for name, function in functions(source.tree):
                if function.args.kwarg:
                    yield source.at(function, f"{name}(**{function.args.kwarg.arg}): name the arguments")


def test_no_bags() -> None:
    expect_none(bags(read(f"src/{PACKAGE}")), "What flows has a type.")


def test_no_nameless_arguments() -> None:
    expect_none(nameless_arguments(read(f"src/{PACKAGE}")), "What is passed has a name.")


def test_a_bag_is_found() -> None:
    text = "a: dict[str, Any]\nb: list[t.Mapping[str, typing.Any]]\nc: dict[str, object]\nd: dict[int, Any]"
    assert [finding.split(":")[1] for finding in bags([parse("src/trigate/x.py", text)])] == ["1", "2"]


def test_nameless_arguments_are_found() -> None:
    text = "class A:\n    def f(self, **more): ...\ndef g(*names): ..."
    found = list(nameless_arguments([parse("src/trigate/core/x.py", text)]))
    assert found == ["src/trigate/core/x.py:2: A.f(**more): name the arguments"]
    assert not list(nameless_arguments([parse("src/trigate/cli/x.py", text)]))
