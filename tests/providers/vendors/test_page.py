"""The page of the vendors says what the rows say."""

from trigate.providers.vendors import KINDS
from trigate.providers.vendors.page import render

PAGE = render()


def test_each_row_is_listed_with_its_source() -> None:
    for row in KINDS.values():
        section = PAGE.split(f"### `{row.kind}`\n")[1].split("### ")[0]
        assert f"| [`{row.kind}`](#{row.kind}) | {row.title} |" in PAGE
        assert f"[source]({row.source})" in section
        assert (row.quirk or "No quirk") in section
        assert all(f"`{key}`" in section for key in row.traits.renames)


def test_facts_are_told() -> None:
    azure, groq = (PAGE.split(f"### `{kind}`\n")[1].split("### ")[0] for kind in ("azure_openai", "groq"))
    assert "`resource`: Name of the resource" in azure and "| `api-key` |" in PAGE
    assert "`x_groq.usage`" in groq and "thinking goes back in `reasoning`" in groq
    assert "| **required** | `authorization: Bearer`, optional |" in PAGE
