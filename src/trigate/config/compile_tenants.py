"""Tenants, apps and keys -> the principals table. Made for key files of 100,000 lines: no pydantic per line."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from trigate.config.diagnostics import Mark, Path
from trigate.config.draft import Draft
from trigate.config.keyfile import BadLine, KeyLine, line_numbers, read_key_file
from trigate.config.principals import CompiledPrincipals, compile_table
from trigate.config.schema_tenants import App, Key
from trigate.config.units import read_time
from trigate.core.money import NANOS
from trigate.core.principal import Principal

SOON_NS: Final = 14 * 86_400 * NANOS
"""A key that expires within this time is warned of."""

_SHA256: Final = re.compile(r"[0-9A-Fa-f]{64}")

Models = tuple[str, ...] | None


class _Place(msgspec.Struct, frozen=True, gc=False):
    """Where a key was written: at a config path, or as the n-th key of a key file (`number` from 0)."""

    path: Path
    file: str = ""
    number: int = 0

    def mark(self, draft: Draft) -> Mark:
        if not self.file:
            return draft.document.locate(self.path, at_key=False)
        try:
            numbers = line_numbers(self.file)
        except OSError:  # gone since it was read
            numbers = []
        return Mark(self.file, numbers[self.number], 1) if self.number < len(numbers) else Mark(self.file)


def compile_tenants(draft: Draft, wall_ns: int) -> CompiledPrincipals:
    """The table of every key that is right; what is wrong stands in the draft's findings."""
    return _Compiler(draft, wall_ns).table()


class _Compiler:
    def __init__(self, draft: Draft, wall_ns: int) -> None:
        self._draft: Final = draft
        self._wall_ns: Final = wall_ns
        self._entries: Final[dict[bytes, Principal]] = {}
        self._places: Final[dict[bytes, _Place]] = {}
        self._ids: Final[dict[tuple[str, str, str], _Place]] = {}
        self._allowed: Final[dict[tuple[Models, Models], Models]] = {}
        self._times: Final[dict[str, int]] = {}
        self._expired = 0
        self._expiring = 0

    def table(self) -> CompiledPrincipals:
        for tenant, block in self._draft.config.tenants.items():
            for app, entry in block.apps.items():
                self._app(tenant, app, entry)
        self._warn()
        return compile_table(self._entries.items())

    def _app(self, tenant: str, app: str, entry: App) -> None:
        path: Path = ("tenants", tenant, "apps", app)
        for index, name in enumerate(entry.models or ()):
            self._draft.model_exists((*path, "models", index), name)
        keys = (*path, "keys")
        inline = self._draft.document.written(keys)
        base = keys if isinstance(inline, list) else (*keys, "inline")
        self._add(_inline(entry.keys.inline, base), (tenant, app), entry.models)
        if entry.keys.file is not None:
            self._add(self._from_file((*keys, "file"), entry.keys.file), (tenant, app), entry.models)

    def _from_file(self, path: Path, name: str) -> Iterator[tuple[KeyLine, _Place]]:
        file = self._draft.file(path, name)
        try:
            lines = read_key_file(file)
        except OSError:
            return  # reported by `file`
        for number, line in enumerate(lines):
            if isinstance(line, BadLine):
                remedy = 'write one key a line: {"id": "...", "sha256": "..."}'
                self._draft.findings.at(Mark(file, line.line, 1), path, "key", line.reason, remedy=remedy)
            else:
                yield line, _Place(path, file, number)

    def _add(self, keys: Iterable[tuple[KeyLine, _Place]], owner: tuple[str, str], app_models: Models) -> None:
        for key, place in keys:
            if not _SHA256.fullmatch(key.sha256):
                self._error(place, "key", "sha256 must be 64 hex digits", "make it with: trigate keys hash")
                continue
            tenant = key.tenant or owner[0]
            app = key.app or owner[1]
            digest = bytes.fromhex(key.sha256)
            identity = (tenant, app, key.id)
            if self._is_double(digest, identity, place):
                continue
            self._places[digest] = self._ids[identity] = place
            models = self._models(key.models, app_models, place)
            expires = self._expires(key.expires, place)
            self._entries[digest] = Principal(tenant, app, key.id, models, key.user, expires)

    def _is_double(self, digest: bytes, identity: tuple[str, str, str], place: _Place) -> bool:
        if (first := self._places.get(digest)) is not None:
            message = f"the key {identity[2]!r} has the same sha256 as another"
            self._error(place, "duplicate_key_hash", message, f"the first is at {first.mark(self._draft)}; keep one")
            return True
        if (first := self._ids.get(identity)) is not None:
            message = f"the key id {identity[2]!r} stands twice in app {identity[1]!r} of tenant {identity[0]!r}"
            self._error(place, "duplicate_key_id", message, f"the first is at {first.mark(self._draft)}; rename one")
            return True
        return False

    def _models(self, own: Models, app_models: Models, place: _Place) -> Models:
        """The models of a key, which are among those of its app. One check for all keys that say the same."""
        if own is None or (own, app_models) in self._allowed:
            return app_models if own is None else own
        self._allowed[own, app_models] = own
        for name in own:
            if app_models is not None and name not in app_models:
                message = f"the key may ask for {name!r}, its app may not"
                self._error(place, "models", message, "allow it to the app, or take it from the key")
            elif place.file:
                self._check_model(name, place)
            else:
                self._draft.model_exists((*place.path, "models", own.index(name)), name)
        return own

    def _check_model(self, name: str, place: _Place) -> None:
        account, separator, rest = name.partition("/")
        known = name in self._draft.names("models")
        if not known and not (separator and rest and account in self._draft.names("providers")):
            self._error(place, "unknown_model", f"no model {name!r}", "write a name under models, or provider/model")

    def _expires(self, written: str | None, place: _Place) -> int | None:
        if written is None:
            return None
        if written not in self._times:
            try:
                self._times[written] = read_time(written)
            except ValueError as error:
                self._error(place, "key", f"expires {error}, not {written!r}", "")
                return None
        expires = self._times[written]
        self._expired += expires <= self._wall_ns
        self._expiring += self._wall_ns < expires <= self._wall_ns + SOON_NS
        return expires

    def _warn(self) -> None:
        if not self._entries:
            message = "there are no keys: nobody can call"
            remedy = "add a tenant with an app and a key; trigate keys hash makes the hash"
            self._draft.findings.warning(("tenants",), "no_keys", message, remedy=remedy)
        for count, what in ((self._expired, "have expired"), (self._expiring, "expire within 14 days")):
            if count:
                message = f"{count} of {len(self._entries)} keys {what}"
                self._draft.findings.warning(("tenants",), "key_expiry", message, remedy="replace or remove them")

    def _error(self, place: _Place, code: str, message: str, remedy: str) -> None:
        self._draft.findings.at(place.mark(self._draft), place.path, code, message, remedy=remedy)


def _inline(keys: Iterable[Key], base: Path) -> Iterator[tuple[KeyLine, _Place]]:
    for index, key in enumerate(keys):
        yield KeyLine(key.id, key.sha256, key.expires, key.models, key.user), _Place((*base, index))
