"""Extensions by name: `kind: X` in a group is the module `trigate.<group>.X`, a row of one, or an entry point.

The one module that imports by name, at load and never on the hot path. An extension's module has a frozen pydantic
model `Config` and a function `build`; what `build` takes is the group's affair. A module may hold `KINDS` instead, a
table of rows by kind, each of which has `config` and `build`. Installed packages declare theirs as entry points of
group `trigate.<group>` that point at a module; a built-in name cannot be taken over.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import entry_points
from types import ModuleType
from typing import Final, Literal, Protocol

import msgspec
from pydantic import BaseModel, ValidationError

from trigate.config.diagnostics import known_names, nearest
from trigate.config.secrets import References

Group = Literal["providers", "selectors", "admission", "guardrails"]

PACKAGE: Final = "trigate"


class Unknown(ValueError):
    """No extension of that kind. `nearest` is the known kind that was probably meant."""

    def __init__(self, group: str, kind: str, known: Sequence[str]) -> None:
        super().__init__(f"{kind!r} is no kind of {group}")
        self.nearest = nearest(kind, known)
        self.remedy = f"known kinds: {known_names(known)}"


class Row(Protocol):
    """An extension that is a row of a table."""

    @property
    def config(self) -> type[BaseModel]:
        """Its config model."""
        ...

    @property
    def build(self) -> Callable[..., object]:
        """How it is built."""
        ...


class Extension(msgspec.Struct, frozen=True):
    """One extension: its config model, and how it is built."""

    group: str
    kind: str
    config: type[BaseModel]
    build: Callable[..., object]

    def decode(self, settings: bytes, references: References) -> BaseModel:
        """Published settings as the extension's own config, secrets resolved. Raises ValueError, which shows none."""
        try:
            return self.config.model_validate(_resolved(msgspec.json.decode(settings), references))
        except ValidationError as error:
            wrong = "; ".join(
                f"{'.'.join(map(str, each['loc'])) or self.kind}: {each['msg']}"
                for each in error.errors(include_input=False, include_context=False, include_url=False)
            )
            raise ValueError(f"the settings of {self.group} {self.kind} are not in order: {wrong}") from None


def _resolved(value: object, references: References) -> object:
    if isinstance(value, str):
        return references.resolve(value)
    if isinstance(value, dict):
        return {key: _resolved(each, references) for key, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, references) for each in value]
    return value


class Registry:
    """What is installed. Modules are imported when they are asked for."""

    def __init__(self, extra: Mapping[tuple[str, str], Extension] | None = None) -> None:
        """`extra` are extensions that come from neither the package nor an entry point, by group and kind."""
        self._extra: Final = dict(extra or {})
        self._found: Final[dict[tuple[str, str], Extension]] = {}

    def find(self, group: Group, kind: str) -> Extension:
        """The extension, imported. Raises Unknown; ImportError where the module itself cannot be imported."""
        known = self._extra.get((group, kind)) or self._found.get((group, kind))
        if known is None:
            known = self._found[group, kind] = self._look(group, kind)
        return known

    def _look(self, group: Group, kind: str) -> Extension:
        if kind in module_names(group):
            found = _extension(group, kind, _import(f"{PACKAGE}.{group}.{kind}"))
        else:
            row = _rows(group).get(kind)
            found = Extension(group, kind, row.config, row.build) if row else self._installed(group, kind)
        if found is None:
            raise Unknown(group, kind, self.kinds(group))
        return found

    def kinds(self, group: Group) -> list[str]:
        """Every kind of a group, sorted."""
        built_in = [
            name for name in module_names(group) if _extension(group, name, _import(f"{PACKAGE}.{group}.{name}"))
        ]
        points = [point.name for point in entry_points(group=f"{PACKAGE}.{group}")]
        installed = [name for name in points if self._installed(group, name)]
        extra = [kind for where, kind in self._extra if where == group]
        return sorted({*built_in, *_rows(group), *installed, *extra})

    def _installed(self, group: Group, kind: str) -> Extension | None:
        for point in entry_points(group=f"{PACKAGE}.{group}", name=kind):
            module = point.load()
            return _extension(group, kind, module) if isinstance(module, ModuleType) else None
        return None


def module_names(package: str) -> list[str]:
    """The modules of one of the gateway's packages, sorted, without importing them."""
    parent = _import(f"{PACKAGE}.{package}")
    return sorted(module.name for module in pkgutil.iter_modules(parent.__path__) if not module.name.startswith("_"))


def load_module(package: str, name: str) -> ModuleType:
    """One module of the gateway's packages, imported now: the command line loads a command when it is run."""
    return _import(f"{PACKAGE}.{package}.{name}")


def dialect_names() -> list[str]:
    """The names of the dialects: of every class in `trigate.dialects` that has the shape of `core.ports.Dialect`."""
    found = [vars(_import(f"{PACKAGE}.dialects.{name}")) for name in module_names("dialects")]
    classes = [each for names in found for each in names.values() if isinstance(each, type)]
    return sorted({str(vars(each)["name"]) for each in classes if {"name", "param_keys"} <= vars(each).keys()})


def _import(name: str) -> ModuleType:
    return importlib.import_module(name)


def _rows(group: str) -> Mapping[str, Row]:
    """The rows of every table in the group's modules."""
    tables = [vars(_import(f"{PACKAGE}.{group}.{name}")).get("KINDS") for name in module_names(group)]
    return {kind: row for table in tables if isinstance(table, Mapping) for kind, row in table.items()}


def _extension(group: str, kind: str, module: ModuleType) -> Extension | None:
    """The module as an extension, or None for one that is something else, such as what extensions are built from."""
    config = vars(module).get("Config")
    build = vars(module).get("build")
    if isinstance(config, type) and issubclass(config, BaseModel) and callable(build):
        return Extension(group, kind, config, build)
    return None
