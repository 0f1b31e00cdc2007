"""Clouds and routers: what their pages record of their quirks."""

import json
from collections.abc import Mapping
from typing import Final

import pytest

from tests.providers.vendors.recorded import (
    TEXT,
    THINKING,
    Recorded,
    bench,
    check_request,
    check_stream,
    chunk,
    played,
    usage,
    usual,
)
from trigate.providers.vendors import Vendor
from trigate.providers.vendors.hosts import HOSTS

_USUAL: Final = Recorded(stream=usual())
_REASONING: Final = Recorded(
    stream=(chunk(None, delta={"role": "assistant", "reasoning": THINKING}), *usual()), thinking=THINKING
)

QUIRKS: Final[Mapping[str, Recorded]] = {
    "azure_openai": Recorded(
        stream=(
            json.dumps({"id": "", "model": "", "object": "", "choices": [], "prompt_filter_results": [{}]}),
            *usual(),
        )
    ),
    "cerebras": _REASONING,
    "databricks": Recorded(
        stream=(
            chunk(
                None,
                delta={
                    "role": "assistant",
                    "content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": THINKING}]}],
                },
            ),
            chunk("It is ", usage=usage(12, 3)),
            chunk("4.", usage=usage(12, 6)),
            chunk("", finish="stop", usage=usage()),
        ),
        thinking=THINKING,
    ),
    "deepinfra": _USUAL,
    "fireworks": Recorded(stream=(chunk(TEXT), chunk(None, finish="stop", usage=usage()))),
    "groq": Recorded(
        stream=(
            chunk("", x_groq={"id": "req_01jadadp0femyae9kav1gpkhe8"}),
            chunk(None, delta={"reasoning": THINKING}),
            chunk(TEXT),
            chunk(
                None,
                finish="stop",
                x_groq={"id": "req_01jadadp0femyae9kav1gpkhe8", "usage": usage(queue_time=0.061, total_time=0.798)},
            ),
        ),
        thinking=THINKING,
    ),
    "novita": _USUAL,
    "openrouter": Recorded(
        stream=(
            ": OPENROUTER PROCESSING",
            chunk(None, delta={"role": "assistant", "content": "", "reasoning": THINKING, "reasoning_details": [{}]}),
            ": OPENROUTER PROCESSING",
            *usual(),
        ),
        thinking=THINKING,
    ),
    "sambanova": Recorded(
        stream=tuple(json.dumps(json.loads(each) | {"created": 1737583288.6076705}) for each in usual())
    ),
    "scaleway": _USUAL,
    "siliconflow": _USUAL,
    "together": _USUAL,
}


@pytest.mark.parametrize("kind", list(QUIRKS))
def test_the_quirk_is_taken_care_of(kind: str) -> None:
    check_stream(kind, QUIRKS[kind])


@pytest.mark.parametrize("row", [row for row in HOSTS if row.traits.renames], ids=lambda row: row.kind)
def test_parameters_go_by_the_vendors_names(row: Vendor) -> None:
    check_request(row.kind)


def test_each_quirk_has_its_record() -> None:
    assert QUIRKS.keys() == {row.kind for row in HOSTS if row.quirk}


def test_an_error_beside_a_choice_ends_openrouters_stream() -> None:
    error = {"code": "server_error", "message": "Provider disconnected unexpectedly"}
    world = bench("openrouter", played([chunk("It"), chunk("", finish="error", error=error)]))
    view = world.ask(body={"model": "chat", "stream": True, "messages": [{"role": "user", "content": "Hi"}]})
    assert world.settle.outcome == "cut" and b"[DONE]" not in view.body
