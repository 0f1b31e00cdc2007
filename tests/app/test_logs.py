"""The gateway's own log."""

import json
import logging
import sys

import pytest

from trigate.app.logs import JsonLines, configure


def record(message: str, *args: object, error: bool = False) -> logging.LogRecord:
    made = logging.LogRecord("trigate.live", logging.ERROR, "live.py", 1, message, args, None)
    made.created, made.msecs = 1_790_000_000.25, 250.0
    if error:
        try:
            raise ValueError("why")
        except ValueError:
            made.exc_info = sys.exc_info()
    return made


def test_a_line_says_when_who_and_what() -> None:
    assert json.loads(JsonLines("worker-0").format(record("revision %s", "abc"))) == {
        "at": "2026-09-21T14:13:20.250Z",
        "level": "error",
        "process": "worker-0",
        "logger": "trigate.live",
        "message": "revision abc",
    }


@pytest.mark.parametrize("message", ["two\nlines", 'a "quote"', "\u2028 \x00", "\ud800", "100%"])
def test_it_is_one_line_whatever_the_message_holds(message: str) -> None:
    line = JsonLines("control").format(record(message))
    assert "\n" not in line
    assert json.loads(line)["message"] == message.encode("utf-8", "replace").decode()


def test_a_traceback_stands_in_the_same_line() -> None:
    line = JsonLines("control").format(record("failed", error=True))
    assert "\n" not in line
    assert json.loads(line)["error"].endswith("ValueError: why")


def test_what_is_graver_than_the_level_goes_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers.clear()
    try:
        configure("worker-1", logging.WARNING)
        logging.getLogger("trigate.test").info("unheard")
        logging.getLogger("trigate.test").warning("heard")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    out, err = capfd.readouterr()
    assert out == ""
    assert [(json.loads(line)["process"], json.loads(line)["message"]) for line in err.splitlines()] == [
        ("worker-1", "heard")
    ]
