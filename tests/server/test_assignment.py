"""The one argument by which a child learns its place."""

import os

import pytest

from trigate.server.assignment import Assignment, AssignmentError


def assignment(ready: int = 9) -> Assignment:
    return Assignment("worker-1", 1, 3, 77, ready, {"data": 5, "tools": 6})


def test_what_is_written_is_read() -> None:
    assert Assignment.read(assignment().argument()) == assignment()


@pytest.mark.parametrize("argument", ["", "worker", "{}", '{"name":"x"}', assignment().argument()[:-1] + ',"more":1}'])
def test_an_argument_of_somebody_else_is_refused_with_the_remedy(argument: str) -> None:
    with pytest.raises(AssignmentError, match="trigate serve"):
        Assignment.read(argument)


def test_ready_is_one_line_and_the_end() -> None:
    reading, writing = os.pipe()
    assignment(writing).report_ready()
    assert os.read(reading, 100) == b"ready\n"
    assert os.read(reading, 100) == b""
    os.close(reading)


def test_a_supervisor_that_is_gone_need_not_be_told() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    assignment(writing).report_ready()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(writing)
