"""Vendors of their own models: what their pages record of their quirks."""

import json
from collections.abc import Mapping
from typing import Final

import pytest

from tests.providers.vendors.recorded import TEXT, THINKING, Recorded, check_request, check_stream, chunk, usage, usual
from trigate.providers.vendors import Vendor
from trigate.providers.vendors.labs import LABS

_TAGGED: Final = (
    chunk("<th"),
    chunk("ink>\nTwo and"),
    chunk(" two.</thi"),
    chunk("nk>\n\nIt is "),
    chunk("4."),
)
_GLM: Final = Recorded(
    stream=(
        chunk(None, delta={"role": "assistant", "reasoning_content": THINKING}),
        chunk("It is "),
        chunk("4."),
        chunk(None, finish="stop", usage=usage(prompt_tokens_details={"cached_tokens": 4})),
    ),
    cached=4,
    thinking=THINKING,
)

QUIRKS: Final[Mapping[str, Recorded]] = {
    "ai21": Recorded(stream=(chunk("It is "), chunk("4."), chunk("", finish="stop", usage=usage()))),
    "deepseek": Recorded(
        stream=(
            ": keep-alive",
            chunk(None, delta={"role": "assistant", "content": None, "reasoning_content": THINKING}),
            chunk(TEXT),
            chunk("", finish="stop", usage=usage(prompt_cache_hit_tokens=8, prompt_cache_miss_tokens=4)),
        ),
        cached=8,
        thinking=THINKING,
    ),
    "minimax": Recorded(stream=(*_TAGGED, chunk(None, finish="stop", usage=usage())), thinking=THINKING),
    "mistral": Recorded(
        stream=(
            chunk(""),
            chunk(None, delta={"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Two and "}]}]}),
            chunk(None, delta={"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "two."}]}]}),
            chunk(None, delta={"content": [{"type": "text", "text": "It is "}]}),
            chunk("4."),
            chunk("", finish="stop", usage=usage()),
        ),
        thinking=THINKING,
    ),
    "moonshot": Recorded(
        stream=(
            chunk("It is "),
            chunk("4."),
            json.dumps(
                {
                    "id": "cmpl-1305b94c570f447fbde3180560736287",
                    "object": "chat.completion.chunk",
                    "created": 1698999575,
                    "model": "kimi-k2.6",
                    "choices": [
                        {"index": 0, "delta": {}, "finish_reason": "stop", "usage": usage(19, 13, cached_tokens=16)}
                    ],
                }
            ),
        ),
        tokens=(19, 13),
        cached=16,
    ),
    "perplexity": Recorded(
        stream=tuple(
            json.dumps(json.loads(each) | {"usage": usage(12, place), "citations": ["https://a.test"]})
            for place, each in enumerate((*_TAGGED, chunk(None, finish="stop")), 1)
        ),
        thinking=THINKING,
    ),
    "upstage": Recorded(
        stream=(chunk(None, delta={"role": "assistant", "reasoning": THINKING}), *usual()), thinking=THINKING
    ),
    "xai": Recorded(
        stream=(
            chunk(TEXT),
            chunk(None, finish="stop"),
            json.dumps(
                {
                    "id": "c1",
                    "choices": [],
                    "usage": {
                        "prompt_tokens": 12,
                        "completion_tokens": 6,
                        "total_tokens": 118,
                        "completion_tokens_details": {"reasoning_tokens": 100},
                    },
                }
            ),
        ),
        tokens=(12, 106),
        reasoning=100,
    ),
    "zai": _GLM,
    "zhipu": Recorded(stream=(*_TAGGED, chunk(None, finish="stop", usage=usage())), thinking=THINKING),
}


@pytest.mark.parametrize("kind", list(QUIRKS))
def test_the_quirk_is_taken_care_of(kind: str) -> None:
    check_stream(kind, QUIRKS[kind])


@pytest.mark.parametrize("row", [row for row in LABS if row.traits.renames], ids=lambda row: row.kind)
def test_parameters_go_by_the_vendors_names(row: Vendor) -> None:
    check_request(row.kind)


def test_glms_other_models_think_in_a_field() -> None:
    check_stream("zhipu", _GLM)


def test_each_quirk_has_its_record() -> None:
    assert QUIRKS.keys() == {row.kind for row in LABS if row.quirk}
