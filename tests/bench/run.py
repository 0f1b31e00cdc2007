"""`make bench`: what a call costs in CPU time of the worker, as a ratio to nginx as a bare proxy in the same run.

Prints a table, and as its last line one JSON object. Exit status: 0 measured, 1 could not be; whether the bars are met
is in the output, since on a busy machine that says little. How to read it: docs/how-to/benchmarks.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.bench.report import Report
from tests.bench.rig import Missing, check_tools, rig
from tests.bench.scenarios import FIRST_TOKEN, FULL, QUICK, SCENARIOS, Bench
from tests.bench.traffic import Failed

WIDTH: Final = 110
"""Of the table, where no terminal says how wide it is."""


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for; returns the exit status."""
    groups = list(dict.fromkeys([*(scenario.group for scenario in SCENARIOS), FIRST_TOKEN]))
    parser = argparse.ArgumentParser(prog="make bench", description="Cost per call and event against nginx.")
    parser.add_argument("--quick", action="store_true", help="one short round of each, in about 30 seconds")
    parser.add_argument("--scenario", action="append", choices=groups, help="only this one; may be repeated")
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        check_tools()
        report = _measure(options.scenario or groups, quick=options.quick, console=console)
    except (Missing, Failed) as error:
        console.print(f"bench: {error}", style="red", markup=False)
        return 1
    out = Console()
    if not out.is_terminal:
        out.width = WIDTH
    out.print(report.table())
    print(report.json())
    return 0


def _measure(groups: Sequence[str], *, quick: bool, console: Console) -> Report:
    with tempfile.TemporaryDirectory(prefix="trigate-bench-") as name, rig(Path(name)) as running:
        bench = Bench(running, Path(name), QUICK if quick else FULL)
        costs = []
        for scenario in SCENARIOS:
            if scenario.group in groups and (scenario.bar or bench.effort.bursts):
                console.print(f"measuring {scenario.name} ...", style="dim")
                costs.append(bench.cost(scenario))
        times = None
        if FIRST_TOKEN in groups:
            console.print(f"measuring {FIRST_TOKEN} ...", style="dim")
            times = bench.first_token()
        return Report(costs, times, bench.aside, quick=quick)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
