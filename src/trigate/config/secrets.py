"""References in configuration values: `${env:NAME}`, `${env:NAME:-default}` and `${file:path}`; `$${` is a plain `${`.

Plain values are resolved when the configuration is compiled. A field of type `core.secret.Secret` stays a reference in
the published form and is resolved by whoever builds from it, so that no secret is written to the state directory. This
is the one module of the gateway that reads the environment.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

MAX_FILE_BYTES: Final = 1 << 20

_TOKEN: Final = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_ENV: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


class BadReference(ValueError):
    """A reference that is malformed or leads nowhere. `code` is `bad_reference` or `missing_reference`."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


class Reference(str):
    """A resolved value that remembers what was written; `repr` shows what was written."""

    __slots__ = ("template",)
    template: str

    def __new__(cls, resolved: str, template: str) -> "Reference":
        self = super().__new__(cls, resolved)
        self.template = template
        return self

    def __repr__(self) -> str:
        return repr(self.template)


def read_small_file(path: str) -> bytes:
    """The bytes of a file that holds one value. Raises OSError, also for one beyond `MAX_FILE_BYTES`."""
    with Path(path).open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise OSError(f"larger than {MAX_FILE_BYTES} bytes")
    return data


class References:
    """Resolves references against an environment and the file system."""

    def __init__(self, environ: Mapping[str, str], read: Callable[[str], bytes] = read_small_file) -> None:
        self._environ: Final = environ
        self._read: Final = read

    def resolve(self, text: str) -> str:
        """`text` with every reference replaced. A file's last line break is left out. Raises BadReference."""
        return _TOKEN.sub(self._replace, text) if "${" in text else text

    def _replace(self, match: re.Match[str]) -> str:
        if match[0] == "$${":
            return "${"
        scheme, name, default = _parse(match)
        if scheme == "env":
            return self._from_environment(name, default)
        return self._from_file(name)

    def _from_environment(self, name: str, default: str | None) -> str:
        value = self._environ.get(name)
        if value:
            return value
        if default is not None:
            return default
        state = "is not set" if value is None else "is empty"
        remedy = f"set {name}, or give a default: ${{env:{name}:-value}}"
        raise BadReference("missing_reference", f"the environment variable {name} {state}", remedy)

    def _from_file(self, path: str) -> str:
        try:
            text = self._read(path).decode()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else "not UTF-8"
            remedy = "create the file, or make it readable for the user that runs the gateway"
            raise BadReference("missing_reference", f"the file {path} cannot be read: {reason}", remedy) from error
        return text.removesuffix("\n").removesuffix("\r")


def from_environment() -> References:
    """References as this process sees them."""
    return References(os.environ)


def has_reference(text: str) -> bool:
    """Whether any part of `text` is a reference."""
    return any(match[0] != "$${" for match in _TOKEN.finditer(text))


def absolute(text: str, folder: str) -> str:
    """The same template with the relative paths of its file references taken from `folder`. Raises BadReference."""

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$${":
            return match[0]
        scheme, name, _ = _parse(match)
        return match[0] if scheme == "env" else f"${{file:{os.path.join(folder, name)}}}"

    return _TOKEN.sub(replace, text)


def referenced_files(text: str) -> list[str]:
    """The files that a template reads, in order."""
    parsed = (_parse(match) for match in _TOKEN.finditer(text) if match[0] != "$${")
    return [name for scheme, name, _ in parsed if scheme == "file"]


def escaped(text: str) -> str:
    """Text that resolves to `text` itself."""
    return text.replace("${", "$${")


def _parse(match: re.Match[str]) -> tuple[str, str, str | None]:
    """Scheme, name and default of one reference. Raises BadReference."""
    scheme, _, rest = (match[1] or "").partition(":")
    if scheme == "env" and (found := _ENV.fullmatch(rest)):
        return scheme, found[1], found[2]
    if scheme == "file" and rest:
        return scheme, rest, None
    remedy = "write ${env:NAME}, ${env:NAME:-default} or ${file:path}, and $${ for a plain ${"
    raise BadReference("bad_reference", f"{match[0]} is no reference", remedy)
