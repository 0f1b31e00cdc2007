"""`python -m trigate` is the command line."""

import trigate as package
from tests.cli.commands import trigate


def test_it_is_the_command_line() -> None:
    assert trigate("--version").stdout == f"trigate {package.__version__}\n"
