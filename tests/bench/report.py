"""What was measured, as a table for people and as one line of JSON for programs."""

import json
import os
import platform
from collections.abc import Sequence

from rich.table import Table

from tests.bench.cpu import Rounds
from tests.bench.scenarios import ASIDE_BAR_US, FIRST_TOKEN, FIRST_TOKEN_BAR_MS, Aside, Cost, Times


class Report:
    """`times` is None where the time to the first token was not asked for."""

    def __init__(self, costs: Sequence[Cost], times: Times | None, aside: Aside, *, quick: bool) -> None:
        self._costs = costs
        self._times = times
        self._aside = aside
        self._quick = quick

    def table(self) -> Table:
        """A row for each scenario."""
        table = Table(title="CPU of the worker against nginx as a bare proxy, median of the rounds")
        table.add_column("scenario")
        table.add_column("unit")
        for column in ("Trigate us", "+-", "nginx us", "+-", "ratio", "bar"):
            table.add_column(column, justify="right")
        table.add_column("met")
        for cost in self._costs:
            table.add_row(
                cost.scenario.name,
                cost.scenario.unit,
                f"{cost.trigate.median:.1f}",
                _noise(cost.trigate),
                f"{cost.nginx.median:.1f}",
                _noise(cost.nginx),
                f"{cost.ratio:.1f}x",
                "" if cost.scenario.bar is None else f"{cost.scenario.bar:g}x",
                _said(cost.met),
            )
        for name, unit, value, bar, met in self._beside():
            table.add_row(name, unit, value, "", "", "", "", bar, _said(met))
        return table

    def json(self) -> str:
        """One line: scenarios by name, each with microseconds, ratio, bar and whether it is met."""
        found: dict[str, object] = {
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
            "quick": self._quick,
            "scenarios": {cost.scenario.name: _cost(cost) for cost in self._costs},
        }
        if self._times is not None:
            found[FIRST_TOKEN] = {
                "direct_p50_ms": _rounded(self._times.direct_at(0.5) * 1e3),
                "added_p50_ms": _rounded(self._times.added(0.5) * 1e3),
                "added_p99_ms": _rounded(self._times.added(0.99) * 1e3),
                "bar_p50_ms": FIRST_TOKEN_BAR_MS,
                "met": self._times.met,
            }
        if self._aside.calls:
            found["beside"] = {
                "recorder_us": _rounded(self._aside.recorder_us),
                "control_us": _rounded(self._aside.control_us),
                "bar_us": ASIDE_BAR_US,
                "met": self._aside.met,
            }
        return json.dumps(found, separators=(",", ":"))

    def _beside(self) -> list[tuple[str, str, str, str, bool | None]]:
        rows: list[tuple[str, str, str, str, bool | None]] = []
        if self._times is not None:
            p50, p99 = self._times.added(0.5) * 1e3, self._times.added(0.99) * 1e3
            rows.append(
                (f"{FIRST_TOKEN}, added", "ms p50", f"{p50:.2f}", f"{FIRST_TOKEN_BAR_MS:g} ms", self._times.met)
            )
            rows.append((f"{FIRST_TOKEN}, added", "ms p99", f"{p99:.2f}", "", None))
        if self._aside.calls:
            bar = f"{ASIDE_BAR_US:g} us"
            both = f"{self._aside.recorder_us:.0f} + {self._aside.control_us:.0f}"
            rows.append(("recorder + control", "us/call", both, bar, self._aside.met))
        return rows


def _cost(cost: Cost) -> dict[str, object]:
    return {
        "unit": cost.scenario.unit,
        "us": _rounded(cost.trigate.median),
        "nginx_us": _rounded(cost.nginx.median),
        "ratio": _rounded(cost.ratio),
        "spread": _rounded(cost.trigate.spread),
        "nginx_spread": _rounded(cost.nginx.spread),
        "bar": cost.scenario.bar,
        "met": cost.met,
    }


def _noise(rounds: Rounds) -> str:
    return f"{rounds.spread:.0%}" if len(rounds.costs) > 1 else ""


def _rounded(value: float) -> float:
    return round(value, 2)


def _said(met: bool | None) -> str:
    return {None: "", True: "yes", False: "NO"}[met]
