"""Where colour may go, and text from outside."""

import io

import pytest

from trigate.cli.console import Failure, coloured, escaped, note, rich_console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "expected"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(stream: io.StringIO, environ: dict[str, str], expected: bool) -> None:
    assert coloured(stream, environ) is expected


def test_a_pipe_gets_plain_wide_lines() -> None:
    stream = io.StringIO()
    rich_console(stream).print(f"[red]{'x' * 150}[/red]")
    assert stream.getvalue() == f"{'x' * 150}\n"


def test_control_characters_cannot_drive_a_terminal() -> None:
    assert escaped("a\x1b[2Jb\nc é") == "a\\x1b[2Jb\\nc é"


def test_notes_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    note("careful")
    assert capsys.readouterr() == ("", "careful\n")


def test_a_failure_has_a_status() -> None:
    assert (Failure("x").status, Failure("x", 3).status) == (1, 3)
