"""Every relative link leads to a file that is there, and to a heading that is in it."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import SPAN, pages, prose

LINK = re.compile(r"\]\((?P<inline>[^)\s]+)(?: \"[^\"]*\")?\)|^ *\[[^\]]+\]: +(?P<reference>\S+)", re.M)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)


def links(page: str) -> Iterator[str]:
    for found in LINK.finditer(SPAN.sub("", prose(page))):
        link = found["inline"] or found["reference"]
        if not re.match(r"[a-z][a-z0-9+.-]*:", link):
            yield link


def anchors(page: str) -> set[str]:
    """The names GitHub gives to headings: lower case, hyphens for spaces, other punctuation dropped."""
    slugs: list[str] = []
    for heading in HEADING.findall(prose(page)):
        slug = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()).replace(" ", "-")
        same = slugs.count(slug)
        slugs.append(slug)
        if same:
            slugs.append(f"{slug}-{same}")
    return set(slugs)


def broken(path: Path) -> Iterator[str]:
    page = path.read_text("utf-8")
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (path.parent / name) if name else path
        if not target.exists():
            yield f"{path}: {link}: no such file"
        elif anchor and anchor not in anchors(target.read_text("utf-8")):
            yield f"{path}: {link}: no such heading"


def test_links_lead_somewhere() -> None:
    found = [finding for path in pages() for finding in broken(path)]
    assert not found, "\n".join(found)


def test_there_are_links_to_test() -> None:
    assert sum(1 for path in pages() for _ in links(path.read_text("utf-8"))) > 5


def test_broken_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# One `thing`: [here](x.md)\n## Again\n## Again\n", "utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        """# Top
[a](other.md) [b](other.md#one-thing-here) [c](#top) [d](https://example.org/x) [e](other.md#again-1)
`[code](nowhere.md)` [f](gone.md) [g](other.md#two) [h](#bottom)
[i]: lost.md
```
[block](nowhere.md)
```
""",
        "utf-8",
    )
    assert [finding.removeprefix(f"{page}: ") for finding in broken(page)] == [
        "gone.md: no such file",
        "other.md#two: no such heading",
        "#bottom: no such heading",
        "lost.md: no such file",
    ]
