"""The reference page of the vendors, as Markdown, from the rows: what each is, and what the gateway does about it."""

from collections.abc import Iterator
from typing import Final

from trigate.dialects.openai_chat import Traits
from trigate.providers.vendors import KINDS
from trigate.providers.vendors.vendor import Vendor

HEAD: Final = """# Vendors with OpenAI's API

<!-- Made by `make docs` from the rows in src/trigate/providers/vendors; edit those. -->

Each of these is a `kind` under `providers:`. An account needs its key and what stands in braces in the URL; `base_url`
replaces the URL, and where there is none it must be given. A parameter that a vendor knows by another name is renamed;
one that it refuses or ignores is left out and named in `x-trigate-lost` and in the record. Usage is asked for in
streams unless the vendor refuses `stream_options`. Where a vendor takes its own thinking back, that of the same
conversation is sent in the field named here. `openai`, `anthropic` and `openai_compatible` (any other server) are
described in [the configuration](configuration.md).

Embedding services without chat, such as Nomic, are not among them.
"""


def render() -> str:
    """The page."""
    lines = [HEAD, "| kind | vendor | base URL | key |", "|---|---|---|---|"]
    lines += [_place(vendor) for vendor in KINDS.values()]
    lines += ["", "## What each does differently", ""]
    for vendor in KINDS.values():
        lines += _facts(vendor)
    return "\n".join(lines).rstrip() + "\n"


def _place(vendor: Vendor) -> str:
    url = f"`{vendor.base_url}`" if vendor.base_url else "**required**"
    header = "`authorization: Bearer`" if vendor.auth == "bearer" else f"`{vendor.auth}`"
    return f"| [`{vendor.kind}`](#{vendor.kind}) | {vendor.title} | {url} | {header}{', optional' * vendor.keyless} |"


def _facts(vendor: Vendor) -> Iterator[str]:
    yield f"### `{vendor.kind}`"
    yield ""
    yield f"{vendor.quirk or 'No quirk: it is called as OpenAI is.'} ([source]({vendor.source}))"
    yield ""
    facts = [*_traits(vendor.traits), *(f"`{name}`: {text}" for name, text in vendor.asks.items())]
    yield from (f"- {fact}" for fact in facts)
    if facts:
        yield ""


def _traits(traits: Traits) -> Iterator[str]:
    renamed = [f"`{key}` as `{name}`" for key, name in traits.renames.items() if name is not None]
    refused = [f"`{key}`" for key, name in traits.renames.items() if name is None]
    if renamed:
        yield f"sent under another name: {', '.join(renamed)}"
    if refused:
        yield f"left out: {', '.join(refused)}"
    if traits.usage_in != Traits().usage_in:
        yield f"usage of a stream is read from `{traits.usage_in}` too"
    if traits.think_tags:
        yield "`<think>` tags are read as thinking when a reply is translated; a forwarded one keeps them"
    if traits.thinking_key != Traits().thinking_key:
        yield f"thinking goes back in `{traits.thinking_key}`" if traits.thinking_key else "takes no thinking back"
