"""The reference page of the configuration, as Markdown, from the models: every block, field, type, default."""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Annotated, Final, Literal, get_args, get_origin

from pydantic import BaseModel, WithJsonSchema
from pydantic.fields import FieldInfo

from trigate.config.registry import Extension, Group, Registry
from trigate.config.schema import Config
from trigate.core.secret import Secret

GROUPS: Final[tuple[tuple[Group, str], ...]] = (
    ("providers", "Kinds of providers"),
    ("selectors", "Kinds of selectors"),
    ("admission", "Kinds of admission checks"),
    ("guardrails", "Kinds of guardrails"),
)

MOST_SHOWN: Final = 4
"""A longer default is told in the description."""

HEAD: Final = """# Configuration

<!-- Made by `make docs` from the models in src/trigate/config; edit those. -->

One YAML file, or a folder of `*.yaml` files that are read in order of name. `include:` names more files. Entries of
`providers`, `models`, `aliases`, `prices`, `listen` and `tenants` may stand in different files, each of them once.

**References.** A value may be, or contain, `${env:NAME}`, `${env:NAME:-default}` or `${file:path}`; `$${` is a plain
`${`. File names count from the file that they stand in. A secret that is given by reference is read by
the processes that need it, and is never written to the state directory.

**YAML.** `on`, `off`, `yes`, `no`, dates and `1:30` are text; only `true`, `false` and `null` are words of their own.
Where a switch is wanted `on` and `off` do as well. A key twice is an error. Anchors, aliases and `<<` work, tags do
not.

**Units.** Durations: `500ms`, `30s`, `5m`, `1h30m`, `7d`; a bare number is seconds. Sizes: `64KiB`, `32MiB`, `10MB`; a
bare number is bytes. Prices: `2.50` or `2.50 USD`, per 1,000,000 tokens.

`trigate check` tells every error at once; `trigate schema` prints a JSON Schema for editors.
"""


def render(registry: Registry | None = None) -> str:
    """The page."""
    installed = registry or Registry()
    lines = [HEAD, "## The file", "", *_table(Config)]
    for model in _models(Config):
        lines += ["", f"## {_title(model)}", "", _paragraph(model), "", *_table(model)]
    for group, title in GROUPS:
        extensions = [installed.find(group, kind) for kind in installed.kinds(group)]
        if extensions:
            lines += ["", f"## {title}"]
        for extension in extensions:
            lines += ["", *_extension(extension)]
    return "\n".join(lines) + "\n"


def _extension(extension: Extension) -> Iterator[str]:
    yield f"### `{extension.kind}`"
    yield ""
    yield _paragraph(extension.config)
    if extension.config.model_fields:
        yield ""
        yield from _table(extension.config)


def _table(model: type[BaseModel]) -> Iterator[str]:
    yield "| field | type | default | |"
    yield "|---|---|---|---|"
    defaults = _defaults(model)
    for name, field in model.model_fields.items():
        default = _default(field, defaults.get(name))
        yield f"| `{name}` | {_cell(_type(field.annotation, field))} | {default} | {_cell(field.description)} |"
    extra = model.__annotations__.get("__pydantic_extra__")
    if extra:
        yield f"| any name | {_cell(_type(get_args(extra)[1]))} | | {_cell(_paragraph(_blocks(extra)[0]))} |"


def _models(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Every block below `model`, each once, in the order in which a reader meets them."""
    found: list[type[BaseModel]] = []
    waiting = [model]
    while waiting:
        current = waiting.pop(0)
        kinds = [field.annotation for field in current.model_fields.values()]
        kinds.append(current.__annotations__.get("__pydantic_extra__"))
        for block in (block for kind in kinds for block in _blocks(kind)):
            if block not in found:
                found.append(block)
                waiting.append(block)
    return found


def _blocks(kind: object) -> list[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [block for argument in get_args(kind) for block in _blocks(argument)]


def _title(model: type[BaseModel]) -> str:
    return f"`{model.__name__}`"


def _paragraph(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _defaults(model: type[BaseModel]) -> dict[str, object]:
    """What each field is if nothing is said, as it would be written."""
    return model.model_construct().model_dump(mode="json")


def _default(field: FieldInfo, value: object) -> str:
    if field.is_required():
        return "**required**"
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`" if 0 < len(value) <= MOST_SHOWN else ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(kind: object, field: FieldInfo | None = None) -> str:
    """A type in a reader's words."""
    unit = _unit(field.metadata if field else ())
    if unit:
        return unit
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _unit(arguments[1:]) or _type(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{argument}`" for argument in arguments)
    if origin in (list, tuple):
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"table of {_type(arguments[1])}"
    if arguments:
        return " or ".join(_type(argument) for argument in arguments if argument is not type(None))
    return _plain(kind)


def _plain(kind: object) -> str:
    if not isinstance(kind, type):
        return str(kind)
    if issubclass(kind, BaseModel):
        return f"[{_title(kind)}](#{kind.__name__.lower()})"
    if issubclass(kind, Enum):
        return " or ".join(f"`{member.value}`" for member in kind)
    words = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`", Secret: "secret"}
    return words.get(kind, kind.__name__)


def _unit(metadata: Sequence[object]) -> str:
    """A quantity of `config.units`: its name and how it is written."""
    for item in metadata:
        if isinstance(item, WithJsonSchema) and item.json_schema and "examples" in item.json_schema:
            examples = ", ".join(f"`{example}`" for example in item.json_schema["examples"])
            return f"{item.json_schema['title']}: {examples}"
    return ""


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")
