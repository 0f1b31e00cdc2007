"""`trigate`: the commands by name, and the one place where a command's failure becomes a message and an exit status.

A command's module is imported when the command is run, so that help and completion answer at once; its summary stands
here for the list of commands. Each module has an `app`, a typer application of one command or of a group.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Final, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command

from trigate import __version__
from trigate.cli.console import Failure, coloured, note
from trigate.config.registry import load_module

PROGRAM: Final = "trigate"
INTERRUPTED: Final = 130


class Entry(NamedTuple):
    """A command in the list: its panel, its one-line summary, and the module that has its `app`."""

    panel: str
    summary: str
    module: str


RUN: Final = "Run"
CONFIGURE: Final = "Configure"
OPERATE: Final = "Operate"

COMMANDS: Final = {
    "demo": Entry(RUN, "See it work: gateway and simulator on loopback, with sample calls.", "demo.command"),
    "serve": Entry(RUN, "Run the gateway.", "serve"),
    "simulate": Entry(RUN, "Run a fake OpenAI and Anthropic, for tests.", "simulate"),
    "check": Entry(CONFIGURE, "Check a configuration: every error at once, with line and remedy.", "check"),
    "config": Entry(CONFIGURE, "Show a configuration as the gateway understands it.", "config"),
    "schema": Entry(CONFIGURE, "Print the JSON Schema of a configuration, for editors.", "schema"),
    "keys": Entry(CONFIGURE, "Make and hash the keys that applications call with.", "keys"),
    "status": Entry(OPERATE, "Show the running gateway: processes, revisions, breakers, spool.", "status.command"),
    "spool": Entry(OPERATE, "Read the evidence that the gateway has written.", "spool"),
    "doctor": Entry(OPERATE, "Look for what keeps a gateway from working here.", "doctor.command"),
}


class LazyGroup(TyperGroup):
    """Lists commands by their summaries, and imports the one that is run or asked for help."""

    def resolve_command(self, ctx: typer.Context, args: list[str]):  # type: ignore[no-untyped-def,override] # its types are typer's own
        """Name, command and the arguments that are left."""
        name, command, rest = super().resolve_command(ctx, args)
        entry = COMMANDS.get(name or "")
        return name, get_command(load_module("cli", entry.module).app) if entry else command, rest


def _version(wanted: bool) -> None:
    if wanted:
        print(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _root(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())


def _build() -> typer.Typer:
    built = typer.Typer(
        cls=LazyGroup,
        help="Trigate, the AI gateway: one governed entry point for models, tools and agents.\n\n"
        "Begin with `trigate demo`; then write a configuration, `trigate check` it and `trigate serve` it.",
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    built.callback(invoke_without_command=True)(_root)
    for name, entry in COMMANDS.items():
        built.command(name, help=entry.summary, rich_help_panel=entry.panel)(_listed)
    return built


def _listed() -> None:
    """Stands in the list only: `LazyGroup` runs the command's own module."""


app: Final = _build()


def main(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit status."""
    command: Callable[..., object] = get_command(app).main
    try:
        status = command(args=list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except Failure as failure:
        note(f"{PROGRAM}: {failure}")
        return failure.status
    except typer.TyperException as error:
        note(f"{PROGRAM}: {error.format_message()} See: {_where(error)} --help")
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        note(f"{PROGRAM}: {place}{error.strerror or error}")
        return 1
    return status if isinstance(status, int) else 0


def _where(error: typer.TyperException) -> str:
    """The command that was used wrongly."""
    used = getattr(error, "ctx", None)
    return str(used.command_path) if used is not None else PROGRAM


def run() -> None:
    """The entry point: runs the process's command line, and ends the process."""
    if not coloured(sys.stdout, os.environ):
        os.environ["_TYPER_FORCE_DISABLE_TERMINAL"] = "1"  # else it colours whatever a CI collects
    sys.exit(main(sys.argv[1:]))
