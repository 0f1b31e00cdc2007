"""`config show --effective`: the whole configuration as it is in force, defaults filled in, secrets hidden, as YAML."""

from typing import Final

import yaml
from pydantic import BaseModel

from trigate.config.diagnostics import Findings
from trigate.config.document import Document, Tree
from trigate.config.load import load
from trigate.config.registry import Group, Registry
from trigate.config.schema import Config
from trigate.config.secrets import Reference, References
from trigate.config.validate import decode, decode_rest
from trigate.core.secret import MASK

NAMED: Final[tuple[Group, ...]] = ("providers", "guardrails")


def show_effective(path: str, references: References, registry: Registry | None = None) -> str:
    """YAML text. A secret is shown as its reference, or masked if it was written in clear. Raises ValueError.

    The configuration should have passed `check`: what is wrong in it is left out.
    """
    loaded = load(path, references)
    config = decode_rest(Config, loaded.document.tree, loaded.findings)
    if config is None:
        raise ValueError("the configuration cannot be read; see: trigate check")
    tree = config.model_dump(mode="json", exclude_none=True, exclude={"include"})
    shown = _Extensions(loaded.document, loaded.findings, registry or Registry())
    shown.fill(tree)
    return yaml.safe_dump(_masked(tree, loaded.document.tree), sort_keys=False, allow_unicode=True, width=120)


class _Extensions:
    """Fills the settings of extensions in, which the schema of the whole does not know."""

    def __init__(self, document: Document, findings: Findings, registry: Registry) -> None:
        self._document: Final = document
        self._findings: Final = findings
        self._registry: Final = registry

    def fill(self, tree: dict[str, Tree]) -> None:
        for group in NAMED:
            named = tree.get(group)
            for name, entry in named.items() if isinstance(named, dict) else ():
                self._fill_one(group, (group, name), entry)
        checks = tree.get("admission")
        for index, entry in enumerate(checks) if isinstance(checks, list) else ():
            self._fill_one("admission", ("admission", index), entry)

    def _fill_one(self, group: Group, path: tuple[str | int, ...], entry: Tree) -> None:
        written = self._document.written(path)
        if not isinstance(entry, dict) or not isinstance(written, dict):
            return
        extension = self._registry.find(group, str(entry["kind"]))
        own = {key: value for key, value in written.items() if key not in ("kind", "region")}
        decoded: BaseModel | None = decode(extension.config, own, path, self._findings)
        if decoded is not None:
            entry.update(decoded.model_dump(mode="json", exclude_none=True))


def _masked(tree: Tree, written: Tree) -> Tree:
    """Values with references in the place of what they resolved to, as far as they were written as references."""
    if isinstance(tree, dict):
        below = written if isinstance(written, dict) else {}
        return {key: _masked(value, below.get(key)) for key, value in tree.items()}
    if isinstance(tree, list):
        items = written if isinstance(written, list) else []
        return [_masked(item, items[index] if index < len(items) else None) for index, item in enumerate(tree)]
    if isinstance(written, Reference) and (tree == MASK or tree == str(written)):
        return written.template
    return tree
