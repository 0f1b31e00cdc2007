"""Every whole configuration in the docs is one that `trigate check` accepts."""

import re
from pathlib import Path

from tests.docs.command import needs_command, trigate
from tests.docs.pages import ROOT, blocks, pages


def configurations(page: str) -> list[tuple[int, str]]:
    """Line and text of each block that starts like a configuration file."""
    return [
        (block.line, block.text)
        for block in blocks(page)
        if block.language in ("yaml", "yml") and re.match(r"(#.*\n|\s*\n)*version: 1\s", block.text)
    ]


def refusal(text: str, folder: Path) -> str:
    """What `trigate check` says against it; references to the environment are given a value."""
    path = folder / "trigate.yaml"
    path.write_text(text, "utf-8")
    variables = dict.fromkeys(re.findall(r"\$\{env:(\w+)", text), "value-for-the-docs-test")
    done = trigate("check", "--config", str(path), variables=variables)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@needs_command
def test_configurations_are_accepted(tmp_path: Path) -> None:
    refused = [
        f"{page.relative_to(ROOT)}:{line}:\n{said}"
        for page in pages()
        for line, text in configurations(page.read_text("utf-8"))
        if (said := refusal(text, tmp_path))
    ]
    assert not refused, "\n".join(refused)


@needs_command
def test_a_broken_configuration_is_refused(tmp_path: Path) -> None:
    assert "no_such_section" in refusal("version: 1\nno_such_section: {}\n", tmp_path)


def test_whole_configurations_are_found() -> None:
    page = (
        "```yaml\nversion: 1\na: 1\n```\n\n- b\n  ```yaml\n  # why\n  version: 1\n  ```\n"
        "```yaml\nmodels: {}\n```\n```json\nversion: 1\n```\n"
    )
    assert configurations(page) == [(2, "version: 1\na: 1\n"), (8, "# why\nversion: 1\n")]
