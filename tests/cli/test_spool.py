"""`trigate spool cat`."""

import json
from pathlib import Path

from tests.cli.commands import trigate
from trigate.core.clock import SystemClock
from trigate.core.record import Settle
from trigate.evidence.spool import Fsync, SpoolWriter


def written(folder: Path) -> Path:
    writer = SpoolWriter(folder, 0, SystemClock(), fsync=Fsync.OFF)
    writer.append(Settle("req_1", 0, "ok", "openai", "chat", 200))
    writer.close()
    (segment,) = folder.glob("*.seg")
    return segment


def test_a_folder_and_a_segment(tmp_path: Path) -> None:
    segment = written(tmp_path)
    for path in (tmp_path, segment):
        done = trigate("spool", "cat", path)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["record"]["id"] == "req_1"


def test_damage_is_said_and_is_an_exit_status(tmp_path: Path) -> None:
    segment = written(tmp_path)
    segment.write_bytes(segment.read_bytes()[:-1])
    done = trigate("spool", "cat", segment)
    assert done.returncode == 1
    assert "damage" in done.stdout and "damage" in done.stderr


def test_nothing_there(tmp_path: Path) -> None:
    done = trigate("spool", "cat", tmp_path / "gone")
    assert (done.returncode, done.stdout) == (2, "")
    assert "gone" in done.stderr
