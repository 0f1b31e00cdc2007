"""What workers show of their breakers, and what others read of it."""

from pathlib import Path

from trigate.core.processes import BreakerRow
from trigate.stores.breaker_board import BreakerBoard

OPEN = BreakerRow("worker-0", "openai-main", "gpt-4.1", "open")
HALF = BreakerRow("worker-1", "claude", "claude-sonnet-4-5", "half_open")


def test_the_rows_of_all_workers_are_read(tmp_path: Path) -> None:
    BreakerBoard(tmp_path / "breakers").show(0, (OPEN,))
    BreakerBoard(tmp_path / "breakers").show(1, (HALF,))
    assert BreakerBoard(tmp_path / "breakers").read() == (OPEN, HALF)


def test_nothing_shown_is_nothing_read(tmp_path: Path) -> None:
    assert BreakerBoard(tmp_path / "none").read() == ()


def test_a_breaker_that_closed_is_gone(tmp_path: Path) -> None:
    board = BreakerBoard(tmp_path)
    board.show(0, (OPEN,))
    board.show(0, ())
    assert board.read() == ()


def test_what_did_not_change_is_not_written_again(tmp_path: Path) -> None:
    board = BreakerBoard(tmp_path)
    board.show(0, (OPEN,))
    (tmp_path / "0.json").unlink()
    board.show(0, (OPEN,))
    assert board.read() == ()


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    BreakerBoard(tmp_path).show(1, (HALF,))
    (tmp_path / "0.json").write_bytes(b"[{")
    assert BreakerBoard(tmp_path).read() == (HALF,)
