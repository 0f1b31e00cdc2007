"""The ready CI action runs `trigate check` as a pull request needs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.commands import CONFIGURATION, ROOT, VARIABLES, environment

BROKEN = CONFIGURATION.replace("provider: main", "provider: mian")
WARNED = CONFIGURATION.replace("${env:VENDOR_KEY}", "sk-in-clear")


def check(folder: Path, text: str, strict: str) -> subprocess.CompletedProcess[str]:
    """The action's own step, with a `trigate` where its install step puts one."""
    install, step = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    assert "--require-hashes" in install["run"]
    (folder / "conf").mkdir()
    (folder / "conf" / "trigate.yaml").write_text(text)
    binary = folder / "trigate" / "bin" / "trigate"
    binary.parent.mkdir(parents=True)
    binary.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m trigate "$@"\n')
    binary.chmod(0o755)
    variables = {**VARIABLES, "RUNNER_TEMP": str(folder), "CONFIGURATION": "conf/trigate.yaml", "STRICT": strict}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    env = {**environment(variables), "PYTHONPATH": str(ROOT / "src"), "PATH": os.environ["PATH"]}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("text", "strict", "status", "line"),
    [
        (CONFIGURATION, "true", 0, ""),
        (WARNED, "false", 0, "::warning file=conf/trigate.yaml,line=6"),
        (WARNED, "true", 1, "::warning file=conf/trigate.yaml,line=6"),
        (BROKEN, "false", 2, "::error file=conf/trigate.yaml,line=8"),
    ],
)
def test_findings_stand_at_their_lines(tmp_path: Path, text: str, strict: str, status: int, line: str) -> None:
    done = check(tmp_path, text, strict)
    assert done.returncode == status, done.stderr
    assert line in done.stdout
