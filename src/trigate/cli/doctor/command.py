"""`trigate doctor`: every check, line by line as they are done."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import typer

import trigate
from trigate.cli.arguments import ConfigOption, JsonOption
from trigate.cli.console import rich_console
from trigate.cli.doctor import machine
from trigate.cli.doctor.certificates import certificates
from trigate.cli.doctor.findings import Finding, exit_status, fail, ok, show
from trigate.cli.doctor.network import network
from trigate.config.compile import check
from trigate.config.diagnostics import Severity
from trigate.config.secrets import References
from trigate.core.clock import SystemClock

app: Final = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def doctor(config: ConfigOption, as_json: JsonOption = False) -> int:
    """Look for what keeps a gateway from working here.

    Looks at the configuration, the clock, the disk, the limits, the listeners' certificates, and the way to each
    vendor, which gets one request without a key. Run it as the user, and on the machine, that will run the gateway.

    Exit status: 0 nothing fails, 1 something does.

    Example: `trigate doctor --config /etc/trigate`
    """
    return asyncio.run(_examine(config, as_json))


async def _examine(config: Path, as_json: bool) -> int:
    console = rich_console()
    findings = []
    async for finding in _findings(config):
        findings.append(finding)
        if not as_json:
            show(finding, console)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(findings), indent=2).decode())
    return exit_status(findings)


async def _findings(config: Path) -> AsyncIterator[Finding]:
    system = SystemClock()
    checked = check(str(config), os.environ, system)
    published, static = checked.published, checked.static
    for finding in machine.clock(system, (Path(trigate.__file__), config)):
        yield finding
    for finding in machine.descriptors():
        yield finding
    if published is None or static is None:
        errors = sum(each.severity is Severity.ERROR for each in checked.diagnostics)
        yield fail("config", f"{config} has {errors} error{'s' * (errors != 1)}", f"see: trigate check {config}")
        return
    yield ok("config", f"{config} is in order, revision {published.revision}")
    for finding in machine.disk(Path(static.state_dir), static.min_free, system):
        yield finding
    for finding in certificates(published.listeners, datetime.fromtimestamp(system.wall_ns() / 1e9, UTC)):
        yield finding
    async for finding in network(published, References(os.environ)):
        yield finding
