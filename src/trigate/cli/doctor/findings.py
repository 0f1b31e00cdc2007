"""What a check of the doctor says: one line, and the remedy if it is not good. Nothing secret stands in it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec
from rich.console import Console
from rich.text import Text

from trigate.cli.console import escaped


class Grade(StrEnum):
    """How good it is. `fail` keeps the gateway, or a part of it, from working; `warn` will, or may."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line: what was looked at, how it is, and what to do."""

    check: str
    grade: Grade
    message: str
    remedy: str = ""


STYLES: Final = {Grade.OK: "green", Grade.WARN: "yellow", Grade.FAIL: "red"}
EXIT: Final = {Grade.OK: 0, Grade.WARN: 0, Grade.FAIL: 1}
ORDER: Final = (Grade.OK, Grade.WARN, Grade.FAIL)


def ok(check: str, message: str) -> Finding:
    """It is as it should be."""
    return Finding(check, Grade.OK, message)


def warn(check: str, message: str, remedy: str) -> Finding:
    """It works, and may not for long."""
    return Finding(check, Grade.WARN, message, remedy)


def fail(check: str, message: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(check, Grade.FAIL, message, remedy)


def show(finding: Finding, console: Console) -> None:
    """Print one finding for people."""
    head = Text.assemble((f"{finding.grade:<5}", STYLES[finding.grade]), f"{finding.check}: {escaped(finding.message)}")
    console.print(head, soft_wrap=True)
    if finding.remedy:
        console.print(Text(f"     {escaped(finding.remedy)}"), soft_wrap=True)


def exit_status(findings: Iterable[Finding]) -> int:
    """1 if anything fails, else 0."""
    return max((EXIT[finding.grade] for finding in findings), default=0)
