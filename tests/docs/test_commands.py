"""Every `trigate <command>` that the docs name is one that the command line has."""

import re
from collections.abc import Iterator

from tests.docs.command import needs_command, trigate
from tests.docs.pages import blocks, pages, spans

SHELLS = ("", "sh", "bash", "shell", "console")
COMMAND = re.compile(r"(?:^|(?<=[\s/;&|(]))trigate((?: [a-z][a-z-]*(?![\w./:=]))+)", re.M)


def commands(page: str) -> Iterator[tuple[str, ...]]:
    """The words after `trigate`, up to the first that is an option, a file or the like."""
    code = [*spans(page), *(block.text for block in blocks(page) if block.language in SHELLS)]
    for text in code:
        yield from (tuple(found[1].split()) for found in COMMAND.finditer(text))


@needs_command
def test_the_commands_exist() -> None:
    named = {command for page in pages() for command in commands(page.read_text("utf-8"))}
    missing = [" ".join(command) for command in sorted(named) if trigate(*command, "--help").returncode != 0]
    assert not missing, f"no such commands: {missing}"


@needs_command
def test_a_missing_command_is_found() -> None:
    assert trigate("no-such-command", "--help").returncode != 0


def test_commands_are_found_in_code_only() -> None:
    page = (
        "Then `trigate check` it, and trigate nothing. `kill trigate` `x-trigate-run`\n"
        "```sh\ntrigate serve --config x.yaml\n.venv/bin/trigate config show --effective && trigate keys hash\n"
        "trigate check gateway.yaml\n```\n```python\ntrigate no\n```\n"
    )
    assert list(commands(page)) == [("check",), ("serve",), ("config", "show"), ("keys", "hash"), ("check",)]
