"""The snippets run as they are, with the vendors' own SDKs."""

import subprocess
import sys

import pytest

from tests.cli.commands import environment
from trigate.cli.demo.snippets import snippets


@pytest.mark.e2e
def test_they_can_be_pasted() -> None:
    command = [sys.executable, "-m", "trigate", "simulate", "--port", "0"]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as simulator:
        assert simulator.stdout is not None
        port = int(simulator.stdout.readline().rpartition(":")[2])
        shell, _, python = snippets(port, "any-key").partition("\n\n")
        curl = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, timeout=60, check=False)
        pasted = subprocess.run([sys.executable, "-c", python], capture_output=True, text=True, timeout=60, check=False)
        simulator.terminate()
    assert "chat.completion" in curl.stdout, curl.stderr
    assert pasted.stdout.count("Hello") == 2, pasted.stderr
