"""Configurations on disk, and a clock that stands still, for the tests of this folder."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from trigate.config.compile import Checked, check
from trigate.config.published import Published

NOON = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()) * 1_000_000_000
ENVIRON: Mapping[str, str] = {"OPENAI_API_KEY": "sk-openai", "ANTHROPIC_API_KEY": "sk-ant"}

PROVIDERS = """\
providers:
  main: {kind: openai, api_key: "${env:OPENAI_API_KEY}"}
  claude: {kind: anthropic, api_key: "${env:ANTHROPIC_API_KEY}"}
"""
SHA = "5f2c" + "0" * 60
OTHER_SHA = "a1b2" + "0" * 60
KEYS = f"tenants: {{acme: {{apps: {{support: {{keys: [{{id: support-1, sha256: '{SHA}'}}]}}}}}}}}\n"


class StillClock:
    """Noon, for ever, unless it is moved."""

    def __init__(self, wall_ns: int = NOON) -> None:
        self.wall = wall_ns

    def wall_ns(self) -> int:
        return self.wall

    def monotonic_ns(self) -> int:
        return self.wall


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return str(path)


def check_text(folder: Path, text: str, environ: Mapping[str, str] = ENVIRON) -> Checked:
    """Check one file that holds `text`."""
    return check(write(folder, "trigate.yaml", text), environ, StillClock())


def found(checked: Checked) -> list[tuple[int, str, str]]:
    """Line, code and path of every diagnostic."""
    return [(each.line, each.code, each.path) for each in checked.diagnostics]


def compiled(folder: Path, text: str) -> Published:
    """The published form of a configuration that is right."""
    checked = check_text(folder, text)
    assert checked.published is not None, checked.diagnostics
    return checked.published
