from tests.config.test_registry import FAKE
from trigate.config.reference import render
from trigate.config.registry import Registry
from trigate.config.schema import Config


def test_every_block_field_and_extension_has_its_line() -> None:
    page = render(Registry({("providers", "fake"): FAKE}))
    for name in Config.model_fields:
        assert f"| `{name}` |" in page
    for block in ("Model", "Target", "TLS", "Listener", "Key", "PriceOverride"):
        assert f"\n## `{block}`\n" in page
    assert "### `fake`" in page and "### `openai`" in page
    assert "PydanticUndefined" not in page and "typing." not in page and "Annotated" not in page


def test_types_and_defaults_are_in_words() -> None:
    page = render()
    assert "| `body_bytes` | size: `64KiB`, `32MiB` | `32MiB` |" in page
    assert "| `api_key` | secret | **required** |" in page
    assert "| `workers` | whole number or `auto` | `auto` |" in page
    assert "| `gates` | list of `api` or `model` | `[api, model]` |" in page


def test_links_lead_to_headings() -> None:
    page = render()
    headings = {line.strip("# `").lower() for line in page.splitlines() if line.startswith("#")}
    for part in page.split("](#")[1:]:
        assert part.split(")")[0] in headings
