"""What the steps of compiling share: the decoded configuration, where it stands in its files, and what was found.

Names come from the document, so that a reference to an entry that is itself wrong is not reported as dangling.
"""

import os
from typing import Final

import msgspec
from pydantic import BaseModel

from trigate.config.diagnostics import Findings, Path, known_names, nearest
from trigate.config.document import Document, Tree
from trigate.config.published import PublishedExtension
from trigate.config.registry import Extension, Group, Registry, Unknown
from trigate.config.schema import Config
from trigate.config.secrets import Reference, escaped
from trigate.config.validate import decode
from trigate.config.watch import Identity, stat_identity
from trigate.core.secret import MASK

KIND_FIELDS: Final = frozenset({"kind", "region"})


class Draft:
    """A configuration on its way to the published form."""

    def __init__(self, config: Config, document: Document, findings: Findings, registry: Registry) -> None:
        self.config: Final = config
        self.document: Final = document
        self.findings: Final = findings
        self.registry: Final = registry
        self.read: Final[dict[str, Identity | None]] = {}
        """Files that the configuration names, as they were when they were looked at."""
        self._extensions: Final[dict[tuple[Group, str], Extension]] = {}

    def names(self, block: str) -> list[str]:
        """The entries of a table, right or wrong."""
        entries = self.document.tree.get(block)
        return list(entries) if isinstance(entries, dict) else []

    def file(self, path: Path, name: str) -> str:
        """The absolute name of a file that the configuration names; an error if it cannot be read."""
        absolute = os.path.join(self.document.folder(path), name)
        self.read[absolute] = stat_identity(absolute)
        if not os.access(absolute, os.R_OK):
            remedy = "check the name, which counts from the configuration file, and the permissions"
            self.findings.error(path, "missing_file", f"{absolute} cannot be read", remedy=remedy)
        return absolute

    def model_exists(self, path: Path, name: str) -> bool:
        """Whether `name` is a model or `provider/model`; an error at `path` if it is neither."""
        models = self.names("models")
        account, separator, rest = name.partition("/")
        if name in models or (separator and rest and account in self.names("providers")):
            return True
        remedy = f"known models: {known_names(models)}; or write provider/model"
        self.findings.error(path, "unknown_model", f"no model {name!r}", remedy=remedy, nearest=nearest(name, models))
        return False

    def extension(self, group: Group, path: Path, kind: str) -> Extension | None:
        """The extension of that kind; an error at `path` if there is none."""
        try:
            if (group, kind) not in self._extensions:
                self._extensions[group, kind] = self.registry.find(group, kind)
            return self._extensions[group, kind]
        except Unknown as unknown:
            message, remedy = str(unknown), unknown.remedy
            self.findings.error((*path, "kind"), "unknown_kind", message, remedy=remedy, nearest=unknown.nearest)
        except ImportError as error:
            message = f"the extension {kind!r} cannot be imported: {error}"
            self.findings.error((*path, "kind"), "broken_extension", message, remedy="install what it needs")
        return None

    def settings(self, extension: Extension, path: Path) -> bytes | None:
        """The extension's settings at `path`, checked, as the JSON that is published."""
        written = self.document.written(path)
        own = {k: v for k, v in written.items() if k not in KIND_FIELDS} if isinstance(written, dict) else {}
        decoded = decode(extension.config, own, path, self.findings)
        return None if decoded is None else self._published(decoded, own, path)

    def published_extension(self, group: Group, path: Path, kind: str) -> PublishedExtension | None:
        """The extension at `path` in its published form."""
        extension = self.extension(group, path, kind)
        settings = self.settings(extension, path) if extension else None
        return None if settings is None else PublishedExtension(kind, msgspec.Raw(settings))

    def secret(self, path: Path, *, literal_is_fine: bool = False) -> str:
        """A secret-typed value as it is published: its reference, or text that is warned of."""
        written = self.document.written(path)
        if isinstance(written, Reference):
            return written.template
        if not literal_is_fine:
            remedy = "write ${env:NAME} or ${file:path}; whoever reads the file reads the secret"
            self.findings.warning(path, "literal_secret", "a secret stands here in clear", remedy=remedy)
        return escaped(str(written))

    def _published(self, decoded: BaseModel, written: Tree, path: Path) -> bytes:
        """Decoded settings with defaults filled in and secrets as their references."""
        dumped: Tree = decoded.model_dump(mode="json")
        return msgspec.json.encode(self._with_references(dumped, written, path), order="deterministic")

    def _with_references(self, dumped: Tree, written: Tree, path: Path) -> Tree:
        if isinstance(dumped, dict):
            below = written if isinstance(written, dict) else {}
            return {key: self._with_references(value, below.get(key), (*path, key)) for key, value in dumped.items()}
        if isinstance(dumped, list):
            items = written if isinstance(written, list) else []
            pairs = zip(dumped, [*items, *[None] * len(dumped)], strict=False)
            return [self._with_references(value, item, (*path, i)) for i, (value, item) in enumerate(pairs)]
        if dumped == MASK and isinstance(written, str):
            return self.secret(path)
        return escaped(dumped) if isinstance(dumped, str) else dumped
