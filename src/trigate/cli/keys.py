"""`trigate keys`: the keys that applications call with. A key is never an argument: those can be seen by others."""

import getpass
import sys
from typing import Annotated, Final

import typer

from trigate.cli.console import Failure, escaped, note
from trigate.config.keyfile import hash_key, new_key

MAX_KEY_BYTES: Final = 512

app: Final = typer.Typer(add_completion=False, rich_markup_mode="markdown", no_args_is_help=True)


@app.callback()
def keys() -> None:
    """Make and hash the keys that applications call with."""


@app.command("hash")
def hash_one() -> int:
    """Print the SHA-256 of a key, as `sha256:` in a configuration wants it.

    The key is read from standard input, or asked for without an echo; it is never an argument.

    Example: `trigate keys hash < key.txt`
    """
    key = _read_key()
    if not key:
        raise Failure("there is no key on standard input; type or pipe one in", 2)
    if len(key.encode()) > MAX_KEY_BYTES or not key.isascii() or not key.isprintable() or " " in key:
        raise Failure(f"this is no key: a key is at most {MAX_KEY_BYTES} printable ASCII characters on one line", 2)
    print(hash_key(key))
    return 0


@app.command("new")
def make_one(
    name: Annotated[str, typer.Option("--id", metavar="NAME", help="The key's public name, in records.")] = "key-1",
) -> int:
    """Make a key: it is printed once and kept nowhere; the configuration gets its hash.

    The key goes to standard output, the entry for the configuration to standard error.

    Example: `trigate keys new --id support-1`
    """
    key = new_key()
    print(key, flush=True)
    note(
        "\nGive it to the application; it is shown this once. Under `keys:` of its app in the configuration:\n\n"
        f'  - {{id: "{_quoted(name)}", sha256: "{hash_key(key)}"}}'
    )
    return 0


def _quoted(name: str) -> str:
    """For the inside of a double-quoted YAML scalar."""
    return escaped(name.replace("\\", "\\\\").replace('"', '\\"'))


def _read_key() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Key: ")
    return sys.stdin.readline(2 * MAX_KEY_BYTES).removesuffix("\n").removesuffix("\r")
