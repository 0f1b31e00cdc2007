"""A document -> typed values, strictly, with every error at once in the gateway's own words.

`decode` is for any model: the whole configuration, and the settings of one extension. What is wrong is reported at its
place, cut out, and the rest decoded again, so that names and references of the rest can still be judged.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from trigate.config.diagnostics import Findings, Path, known_names, nearest
from trigate.config.document import Tree, child
from trigate.config.secrets import Reference
from trigate.core.secret import Secret

ROUNDS: Final = 4
"""How often what is wrong is cut out: a cut may leave something incomplete around it."""
SHOWN_CHARACTERS: Final = 60

BLOCKS: Final = frozenset({"model_type", "model_attributes_type", "dict_type"})
TEXT: Final = frozenset({"string_type", "is_instance_of"})
SILENT: Final = frozenset({"too_short", "string_too_short"})

_EXPECTED: Final = re.compile(r"'([^']*)'")

M = TypeVar("M", bound=BaseModel)


def decode(model: type[M], tree: Tree, prefix: Path, findings: Findings) -> M | None:
    """The value, or None with what is wrong in `findings`. `prefix` is where `tree` stands in the configuration."""
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        for details in _errors(error):
            _report(details, model, (tree, prefix), findings)
    return None


def decode_rest(model: type[M], tree: dict[str, Tree], findings: Findings) -> M | None:
    """As `decode` for a whole configuration, without what is wrong in it; None if too little is left."""
    rest = {key: _copied(value) for key, value in tree.items()}
    for round_number in range(ROUNDS):
        try:
            return model.model_validate(rest)
        except ValidationError as error:
            for details in _errors(error):
                path = _path(details["loc"], tree)
                if round_number == 0:  # what is found later is only incomplete because of what was cut out
                    _report(details, model, (tree, ()), findings)
                _cut(rest, _key_of(path) if round_number == 0 else entry_of(path))
    return None


def _errors(error: ValidationError) -> list[ErrorDetails]:
    """What is wrong, without lists that are only too short because of wrong items."""
    found = error.errors(include_url=False)
    inner = {each["loc"][:-1] for each in found}
    return [each for each in found if each["type"] != "too_short" or each["loc"] not in inner]


def _key_of(path: Path) -> Path:
    """The nearest key: items of a list are not cut out, so that those after them keep their places."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    return path


def entry_of(path: Path) -> Path:
    """The smallest thing around `path` that can be left out: an app, an entry of a table, or a whole block."""
    if path[:1] == ("tenants",) and path[2:3] == ("apps",):
        return path[:4]
    return path[:2] if path[:1] in {("providers",), ("models",), ("aliases",), ("prices",), ("tenants",)} else path[:1]


def _copied(tree: Tree) -> Tree:
    """Containers anew, so that they can be cut; what they hold as it is."""
    if isinstance(tree, dict):
        return {key: _copied(value) for key, value in tree.items()}
    return [_copied(item) for item in tree] if isinstance(tree, list) else tree


def _cut(tree: dict[str, Tree], path: Path) -> None:
    node: Tree = tree
    for step in path[:-1]:
        _, node = child(node, step)
    if isinstance(node, dict) and path:
        node.pop(str(path[-1]), None)


def _report(details: ErrorDetails, model: type[BaseModel], at: tuple[Tree, Path], findings: Findings) -> None:
    tree, prefix = at
    inside = _path(details["loc"], tree)
    path = (*prefix, *inside)
    if details["type"] == "extra_forbidden":
        known = _fields(model, inside[:-1])
        name = str(inside[-1])
        remedy = f"known here: {known_names(known)}"
        findings.key_error(path, "unknown_key", f"unknown key {name!r}", remedy=remedy, nearest=nearest(name, known))
    elif details["type"] == "missing":
        findings.key_error(path, "missing", f"{details['loc'][-1]!r} is missing", remedy=_remedy(model, details["loc"]))
    elif path not in findings.paths_in_error():  # one alternative of a union is enough, and so is a bad reference
        _report_value(details, model, (inside, path), findings)


def _report_value(details: ErrorDetails, model: type[BaseModel], at: tuple[Path, Path], findings: Findings) -> None:
    inside, path = at
    value = details["input"]
    words = _words(details)
    secret = any(_is(kind, Secret) for kind in _kinds(model, inside))
    if details["type"] not in SILENT and not secret and not isinstance(value, Mapping):
        words += f", not {shown(value)}"
    context = details.get("ctx", {})
    choices = _EXPECTED.findall(str(context.get("expected", "")))
    findings.error(path, "value", words, nearest=nearest(value, choices) if isinstance(value, str) else "")


def _words(details: ErrorDetails) -> str:
    """Pydantic's sentence, begun as ours are: `must be ...`."""
    message = details["msg"].removeprefix("Value error, ")
    if details["type"] in BLOCKS:
        return "must be a block of its own, with keys below it"
    if details["type"] in SILENT:
        return "must not be empty"
    if details["type"] in TEXT:
        return "must be text"
    return message.replace("Input should be", "must be", 1).replace("Input should have", "must have", 1)


def shown(value: object) -> str:
    """A value as a message may show it: a reference as its reference, a block or list by its kind only."""
    if isinstance(value, Reference):
        return repr(value)
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a block"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."


def _path(loc: tuple[int | str, ...], tree: Tree) -> Path:
    """Pydantic's location without what is not in the document: names of union members, of short forms, of models."""
    path: list[str | int] = []
    node: Tree = tree
    for step in loc:
        found, below = child(node, step)
        if found:
            node = below
            path.append(step)
    return tuple(path)


# --- what a model says about a path -----------------------------------------------------------------------------------


def _fields(model: type[BaseModel], path: Path) -> set[str]:
    """The keys that may stand in the block at `path`."""
    blocks = [kind for kind in _kinds(model, path) if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return {name for block in blocks for name in block.model_fields}


def _remedy(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    names = [step for step in loc[:-1] if isinstance(step, str)]
    for kind in _kinds(model, tuple(loc[:-1])) or _kinds(model, tuple(names)):
        if isinstance(kind, type) and issubclass(kind, BaseModel) and (field := kind.model_fields.get(str(loc[-1]))):
            return field.description or ""
    return ""


def _kinds(model: type[BaseModel], path: Path) -> list[object]:
    """The types that a value at `path` may have."""
    kinds: list[object] = [model]
    for step in path:
        kinds = [below for kind in kinds for above in _members(kind) for below in _below(above, step)]
    return [member for kind in kinds for member in _members(kind)]


def _members(kind: object) -> Iterator[object]:
    """The alternatives of a union, without annotations; the type itself if it is none."""
    if get_origin(kind) is Annotated:
        yield from _members(get_args(kind)[0])
    elif get_args(kind) and get_origin(kind) not in (dict, list, tuple):
        for member in get_args(kind):
            yield from _members(member)
    else:
        yield kind


def _below(kind: object, step: str | int) -> Iterator[object]:
    arguments = get_args(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if step in kind.model_fields:
            yield kind.model_fields[str(step)].annotation
        elif extra := kind.__annotations__.get("__pydantic_extra__"):
            yield get_args(extra)[1]
        elif isinstance(step, int):  # a list that stands for a block with one field
            yield from (below for field in kind.model_fields.values() for below in _below(field.annotation, step))
    elif get_origin(kind) is dict and isinstance(step, str):
        yield arguments[1]
    elif get_origin(kind) in (list, tuple) and isinstance(step, int):
        yield arguments[0]


def _is(kind: object, wanted: type) -> bool:
    return isinstance(kind, type) and issubclass(kind, wanted)
