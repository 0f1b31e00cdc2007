"""With only the loopback there is everything that the gateway needs, and it tries to reach nothing else."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.gateway import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.network_namespace]

UNSHARE = ("unshare", "--map-root-user", "--net")


def reason_against() -> str:
    """Why there can be no namespace here; empty if there can."""
    if not shutil.which("unshare") or not shutil.which("ip"):
        return "needs the programs unshare and ip"
    done = subprocess.run([*UNSHARE, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False)
    return f"no network namespace can be made: {done.stderr.strip()}" if done.returncode else ""


def test_nothing_is_reached_but_what_is_configured(tmp_path: Path) -> None:
    if reason := reason_against():
        pytest.skip(reason)
    done = subprocess.run(
        [*UNSHARE, sys.executable, "-W", "ignore", "-m", "tests.e2e.inside_namespace", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["addresses"] == ["127.0.0.1"]
    assert {port for _, port in found["reached"]} <= set(found["allowed"])
