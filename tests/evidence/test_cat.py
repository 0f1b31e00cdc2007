"""Segments as text."""

import json
import zlib
from io import StringIO
from pathlib import Path

from tests.evidence.records import opened, settled
from tests.support.clock import ManualClock
from trigate.evidence.cat import cat
from trigate.evidence.segments import list_segments
from trigate.evidence.spool import MAX_AGE_NS, Fsync, SpoolWriter


def lines(out: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_record_is_a_line_that_says_where_it_stands(tmp_path: Path) -> None:
    clock = ManualClock()
    spool = SpoolWriter(tmp_path, 0, clock, fsync=Fsync.OFF)
    spool.append(opened("a"))
    clock.monotonic = MAX_AGE_NS
    spool.append(settled("a"))
    first, second = list_segments(tmp_path)
    whole, one = StringIO(), StringIO()
    assert cat([tmp_path], whole)
    found = lines(whole)
    assert [(line["segment"], line["sequence"]) for line in found] == [(first.name, 1), (second.name, 2)]
    assert isinstance(found[1]["record"], dict)
    assert (found[1]["record"]["type"], found[1]["record"]["id"]) == ("settle", "a")
    assert cat([second.path], one)
    assert lines(one) == found[1:]
    spool.close()


def test_damage_is_a_line_of_its_own(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, 0, ManualClock(), fsync=Fsync.OFF)
    for name in "abc":
        spool.append(opened(name))
    spool.close()
    (segment,) = list_segments(tmp_path)
    segment.path.write_bytes(segment.path.read_bytes().replace(b'"id":"b"', b'"id":"x"'))
    out = StringIO()
    assert not cat([segment.path], out)
    damage, first, third = lines(out)
    assert (first["sequence"], third["sequence"]) == (1, 3)
    assert isinstance(damage["damage"], dict)
    assert damage["damage"]["missing"] == 1


def test_a_segment_of_another_format_is_said_to_be_one(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, 0, ManualClock(), fsync=Fsync.OFF)
    spool.close()
    (segment,) = list_segments(tmp_path)
    data = bytearray(segment.path.read_bytes())
    data[9] = 2
    data[36:40] = zlib.crc32(data[:36]).to_bytes(4, "big")
    segment.path.write_bytes(data)
    out = StringIO()
    assert not cat([segment.path], out)
    assert "format 2; this version reads 1" in out.getvalue()
