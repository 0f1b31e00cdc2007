from pathlib import Path

from trigate.config.changelog import CONFIGURATION, NAME, START, Change, ChangeLog


def change(seq: int) -> Change:
    return Change(seq, 1000 + seq, CONFIGURATION, f"snapshots/{seq}.json", f"principals/{seq}.tbl", str(seq))


def test_no_log_is_no_change(tmp_path: Path) -> None:
    assert ChangeLog(str(tmp_path)).tail(START) == ([], START)


def test_a_reader_gets_each_change_once(tmp_path: Path) -> None:
    log = ChangeLog(str(tmp_path))
    log.append(change(1))
    first, position = log.tail(START)
    assert log.tail(position) == ([], position)
    log.append(change(2))
    log.append(change(3))
    more, _ = log.tail(position)
    assert (first, more) == ([change(1)], [change(2), change(3)])


def test_every_torn_tail_is_left_for_later(tmp_path: Path) -> None:
    log = ChangeLog(str(tmp_path))
    path = tmp_path / NAME
    log.append(change(1))
    whole = path.stat().st_size
    log.append(change(2))
    data = path.read_bytes()
    position = START
    for size in range(whole, len(data)):
        path.write_bytes(data[:size])
        changes, position = log.tail(START)
        assert (changes, position.offset) == ([change(1)], whole)
    path.write_bytes(data)
    assert log.tail(position)[0] == [change(2)]


def test_a_torn_tail_is_cut_off_by_the_next_append(tmp_path: Path) -> None:
    log = ChangeLog(str(tmp_path))
    log.append(change(1))
    with (tmp_path / NAME).open("ab") as file:
        file.write(b"\x40\x00\x00\x00torn")
    log.append(change(2))
    assert log.tail(START)[0] == [change(1), change(2)]


def test_a_flipped_bit_ends_reading(tmp_path: Path) -> None:
    log = ChangeLog(str(tmp_path))
    log.append(change(1))
    log.append(change(2))
    data = bytearray((tmp_path / NAME).read_bytes())
    data[-3] ^= 1
    (tmp_path / NAME).write_bytes(data)
    assert log.tail(START)[0] == [change(1)]


def test_a_log_that_shrank_or_was_replaced_is_read_again(tmp_path: Path) -> None:
    log = ChangeLog(str(tmp_path))
    log.append(change(1))
    one = (tmp_path / NAME).read_bytes()
    log.append(change(2))
    _, position = log.tail(START)
    (tmp_path / NAME).write_bytes(one)
    assert log.tail(position)[0] == [change(1)]
    (tmp_path / "new").write_bytes(one * 3)
    (tmp_path / "new").rename(tmp_path / NAME)
    assert len(log.tail(position)[0]) == 3


def test_other_kinds_of_change_can_be_read(tmp_path: Path) -> None:
    log = ChangeLog(str(tmp_path))
    log.append(Change(1, 1, "keys"))
    assert log.tail(START)[0][0].kind == "keys"
