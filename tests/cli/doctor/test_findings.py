"""Findings as lines and as an exit status."""

import io

from trigate.cli.console import rich_console
from trigate.cli.doctor.findings import exit_status, fail, ok, show, warn


def test_only_a_failure_is_an_exit_status() -> None:
    good, poor, bad = ok("a", "well"), warn("b", "hm", "mend it"), fail("c", "no", "repair it")
    assert exit_status([]) == exit_status([good, poor]) == 0
    assert exit_status([good, bad, poor]) == 1


def test_a_line_has_grade_check_message_and_remedy() -> None:
    stream = io.StringIO()
    show(fail("dns", "[red]host\x1b[2J", "mend it"), rich_console(stream))
    assert stream.getvalue() == "fail dns: [red]host\\x1b[2J\n     mend it\n"
