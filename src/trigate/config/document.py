"""A configuration as plain values, with the place of each: what `load` makes and `validate` decodes.

Nodes become dicts, lists and scalars; anchors and merge keys are expanded under a bound; a key twice is an error; text
with references becomes `secrets.Reference`. Below stands `syntax`, above `load`.
"""

import os
from typing import Final, TypeAlias

import msgspec

from trigate.config import syntax
from trigate.config.diagnostics import ROOT, Diagnostic, Mark, Path, Severity, dotted
from trigate.config.secrets import BadReference, Reference, References, absolute

MAX_EXPANSION: Final = 100_000
"""How many nodes aliases may add to a file."""

Tree: TypeAlias = "str | int | float | bool | list[Tree] | dict[str, Tree] | None"


class Document(msgspec.Struct):
    """Values, and the marks of keys and values by path."""

    tree: dict[str, Tree]
    keys: dict[Path, Mark]
    values: dict[Path, Mark]

    def locate(self, path: Path, *, at_key: bool) -> Mark:
        """The place of the value at `path`, or of its key, or of the nearest thing around it."""
        if at_key and path in self.keys:
            return self.keys[path]
        while path not in self.values and path not in self.keys and path:
            path = path[:-1]
        return self.values.get(path) or self.keys.get(path) or self.values[ROOT]

    def folder(self, path: Path) -> str:
        """The folder of the file that the value stands in: relative names in it count from there."""
        return os.path.dirname(os.path.abspath(self.locate(path, at_key=False).file))

    def written(self, path: Path) -> Tree:
        """The value at `path` as it was written, or None where there is none."""
        node: Tree = self.tree
        for step in path:
            _, node = child(node, step)
        return node


def child(node: Tree, step: str | int) -> tuple[bool, Tree]:
    """Whether there is a value at `step`, and the value."""
    if isinstance(node, dict) and isinstance(step, str):
        return step in node, node.get(step)
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return True, node[step]
    return False, None


class Built(msgspec.Struct):
    """One file's document and what was found wrong with it, with the paths that are not to be judged again."""

    document: Document
    found: list[tuple[Path, Diagnostic]]


def build(parsed: syntax.Parsed, file: str, references: References) -> Built:
    """Expand and convert one file's nodes. Raises Unreadable when it is no mapping or its aliases expand too far."""
    root = parsed.root
    if not isinstance(root, syntax.Mapping):
        mark = root.mark if root else Mark(file, 1, 1)
        remedy = "begin with a block such as `providers:`"
        message = "is empty" if root is None else "must be a mapping of blocks"
        raise syntax.Unreadable(_finding("yaml", mark, ROOT, message, remedy))
    builder = _Builder(file, references, parsed.nodes + MAX_EXPANSION)
    tree = builder.mapping(root, ROOT)
    builder.values[ROOT] = root.mark
    return Built(Document(tree, builder.keys, builder.values), builder.found)


def _finding(code: str, mark: Mark, path: Path, message: str, remedy: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, mark.file, mark.line, mark.column, dotted(path), message, remedy)


class _Builder:
    def __init__(self, file: str, references: References, budget: int) -> None:
        self.keys: Final[dict[Path, Mark]] = {}
        self.values: Final[dict[Path, Mark]] = {}
        self.found: Final[list[tuple[Path, Diagnostic]]] = []
        self._folder: Final = os.path.dirname(os.path.abspath(file))
        self._references: Final = references
        self._budget = budget

    def mapping(self, node: syntax.Mapping, path: Path) -> dict[str, Tree]:
        tree: dict[str, Tree] = {}
        for key, value in self._merged(node, path):
            below = (*path, key.text)
            self.keys[below] = key.mark
            tree[key.text] = self._value(value, below)
        return tree

    def _value(self, node: syntax.Node, path: Path) -> Tree:
        self._budget -= 1
        if self._budget < 0:
            message = f"aliases expand to more than {MAX_EXPANSION} additional values"
            raise syntax.Unreadable(_finding("yaml", node.mark, path, message, "write them out, or use fewer"))
        self.values[path] = node.mark
        if isinstance(node, syntax.Mapping):
            return self.mapping(node, path)
        if isinstance(node, syntax.Sequence):
            return [self._value(item, (*path, index)) for index, item in enumerate(node.items)]
        value = node.value()
        return self._reference(value, node.mark, path) if isinstance(value, str) and "${" in value else value

    def _merged(self, node: syntax.Mapping, path: Path) -> list[tuple[syntax.Scalar, syntax.Node]]:
        """Its own pairs, each key once, then those of its merge keys that it does not have."""
        own: dict[str, tuple[syntax.Scalar, syntax.Node]] = {}
        sources: list[syntax.Node] = []
        for key, value in node.pairs:
            if key.plain and key.text == "<<":
                sources.extend(value.items if isinstance(value, syntax.Sequence) else [value])
            elif key.text in own:
                first = own[key.text][0].mark
                message = f"the key {key.text!r} stands here for the second time"
                self._error("duplicate_key", key.mark, (*path, key.text), message, f"the first is at {first}; keep one")
            else:
                own[key.text] = (key, value)
        for source in sources:
            if isinstance(source, syntax.Mapping):
                own = {pair[0].text: pair for pair in self._merged(source, path)} | own
            else:
                self._error("yaml", source.mark, path, "<< must merge a mapping", "point it at an anchored mapping")
        return list(own.values())

    def _reference(self, text: str, mark: Mark, path: Path) -> Reference:
        try:
            template = absolute(text, self._folder)
            return Reference(self._references.resolve(template), template)
        except BadReference as error:
            self._error(error.code, mark, path, str(error), error.remedy)
            return Reference(text, text)

    def _error(self, code: str, mark: Mark, path: Path, message: str, remedy: str) -> None:
        self.found.append((path, _finding(code, mark, path, message, remedy)))
