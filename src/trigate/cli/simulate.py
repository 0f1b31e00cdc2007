"""`trigate simulate`: the fake OpenAI and Anthropic as a process of its own."""

import os
from typing import Annotated, Final

import typer

from trigate.cli.console import Failure, escaped
from trigate.simulator import run

app: Final = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def simulate(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8090,
    bind: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
) -> int:
    """Run a fake OpenAI and Anthropic, for tests.

    It needs no key, answers the same request with the same bytes, and misbehaves on command: ask for the model
    `gpt-4.1+error=503`, or send the header `x-simulate: latency=2s`.

    Example: `trigate simulate --port 8090`
    """
    try:
        run(bind, port, ready=lambda chosen: _announce(bind, chosen))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise Failure(f"cannot listen on {escaped(bind)}:{port}: {reason}; choose another --port or --bind") from None
    return 0


def _announce(bind: str, port: int) -> None:
    host = f"[{bind}]" if ":" in bind else bind
    print(f"simulator  http://{host}:{port}", flush=True)
    print("Stop it with Ctrl-C.", flush=True)
