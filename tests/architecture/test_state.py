"""No module-level mutable state and no `global`: what changes has an owner that was handed in as an argument.

A table is a constant: written once, UPPER_CASE, and changed nowhere. Everything else at module level is immutable.
"""

import ast
from collections.abc import Iterable, Iterator

from tests.architecture.source import PACKAGE, Source, dotted, expect_none, parse, read

LITERALS = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
COLLECTIONS = frozenset({"dict", "list", "set"})
# Made only to be changed: not even a constant may be one.
STATEFUL = frozenset({"bytearray", "ChainMap", "ContextVar", "Counter", "defaultdict", "deque", "Lock", "OrderedDict"})
STATEFUL_OF = frozenset({"asyncio", "contextvars", "itertools", "multiprocessing", "queue", "threading", "weakref"})
CHANGING = frozenset(
    "add append appendleft clear discard extend extendleft insert intersection_update pop popitem remove reverse"
    " setdefault sort symmetric_difference_update update".split()
)


def module_state(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        for statement in at_module_level(source.tree.body):
            for name, value in assigned(statement):
                yield from (source.at(statement, f"{name} {wrong}") for wrong in wrongs(name, value))


def at_module_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run on import, those inside `if` and `try` too."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With | ast.For | ast.While):
            yield from at_module_level(
                child for child in ast.walk(statement) if isinstance(child, ast.Assign | ast.AnnAssign)
            )


def assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(statement, ast.Assign):
        yield from ((target.id, statement.value) for target in statement.targets if isinstance(target, ast.Name))
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        yield statement.target.id, statement.value


def wrongs(name: str, value: ast.expr) -> Iterator[str]:
    if name.startswith("__"):
        return
    owner, _, call = dotted(value.func).rpartition(".") if isinstance(value, ast.Call) else ("", "", "")
    if call in STATEFUL or owner in STATEFUL_OF:
        yield f"is a {call} at module level: make it where it is owned, and pass it in"
    elif is_empty(value, call):
        yield "starts empty at module level, so something fills it: make it where it is owned, and pass it in"
    elif (isinstance(value, LITERALS) or call in COLLECTIONS) and not name.isupper():
        yield "can be changed: write it UPPER_CASE if it is a table, or make it a tuple, frozenset or MappingProxyType"


def is_empty(value: ast.expr, call: str) -> bool:
    if isinstance(value, ast.Call):
        return call in COLLECTIONS and not value.args and not value.keywords
    return (isinstance(value, ast.Dict) and not value.keys) or (isinstance(value, ast.List) and not value.elts)


def changed_tables(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        for node in ast.walk(source.tree):
            for name in filter(is_constant, map(dotted, changed(node))):
                yield source.at(node, f"changes {name}: a constant is written once")


def changed(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
        yield node.func.value
    elif isinstance(node, ast.Assign | ast.Delete):
        yield from (target.value for target in node.targets if isinstance(target, ast.Subscript))
    elif isinstance(node, ast.AugAssign):
        yield node.target.value if isinstance(node.target, ast.Subscript) else node.target


def is_constant(name: str) -> bool:
    return name.split(".")[-1].isupper()


def globals_used(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Global):
                yield source.at(node, f"global {', '.join(node.names)}: give the state an owner, and pass it in")


def test_no_mutable_state_at_module_level() -> None:
    expect_none(module_state(read(f"src/{PACKAGE}")), "Importing a module makes no state.")


def test_tables_are_changed_nowhere() -> None:
    expect_none(changed_tables(read(f"src/{PACKAGE}", "tests", "scripts")), "A table is written once.")


def test_no_global() -> None:
    expect_none(globals_used(read(f"src/{PACKAGE}", "tests", "scripts")), "No function writes a module's name.")


def test_state_is_found() -> None:
    text = """
cache = {"a": 1}
KINDS: dict[str, int] = {}
_seen = set()
LOCK = threading.RLock()
if True:
    names = [1]
try:
    POOL: list[int] = list()
except OSError:
    pass
"""
    found = [finding.split()[1] for finding in module_state([parse("src/trigate/x.py", text)])]
    assert found == ["cache", "KINDS", "_seen", "LOCK", "names", "POOL"]


def test_tables_are_allowed() -> None:
    text = """
__all__ = ["x"]
STATUS = {"a": 1}
_NAMES: Final = ["a"]
both = (1, 2)
few = frozenset({1})
view = MappingProxyType({"a": 1})
def f():
    seen = {}
class A:
    b = 1
"""
    assert not list(module_state([parse("src/trigate/x.py", text)]))


def test_a_changed_table_is_found() -> None:
    text = """
STATUS = {"a": 1}
def f(module, mine):
    STATUS["b"] = 2
    module.NAMES.append("c")
    del STATUS["a"]
    module.TOTAL += 1
    mine.append(STATUS["a"])
    mine["a"] = STATUS
"""
    lines = {finding.split(":")[1] for finding in changed_tables([parse("src/trigate/x.py", text)])}
    assert lines == {"4", "5", "6", "7"}


def test_global_is_found() -> None:
    source = parse("src/trigate/x.py", "def f():\n    global a, b\n    a = 1")
    assert list(globals_used([source])) == ["src/trigate/x.py:2: global a, b: give the state an owner, and pass it in"]
