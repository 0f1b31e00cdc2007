"""Servers that one runs oneself: what their pages record of their quirks."""

from collections.abc import Mapping
from typing import Final

import pytest

from tests.providers.vendors.recorded import THINKING, Recorded, check_request, check_stream, chunk, usual
from trigate.providers.vendors import Vendor
from trigate.providers.vendors.servers import SERVERS

QUIRKS: Final[Mapping[str, Recorded]] = {
    "llama_cpp": Recorded(
        stream=(
            chunk(None, delta={"role": "assistant", "content": None}),
            chunk(None, delta={"reasoning_content": THINKING}),
            *usual(),
        ),
        thinking=THINKING,
    ),
    "lm_studio": Recorded(stream=usual()),
    "ollama": Recorded(
        stream=(chunk(None, delta={"role": "assistant", "content": "", "reasoning": THINKING}), *usual()),
        thinking=THINKING,
    ),
    "tgi": Recorded(stream=usual()),
    "vllm": Recorded(
        stream=(
            chunk(None, delta={"role": "assistant", "content": "", "tool_calls": []}),
            chunk(None, delta={"reasoning": THINKING}),
            *usual(),
        ),
        thinking=THINKING,
    ),
}


@pytest.mark.parametrize("kind", list(QUIRKS))
def test_the_quirk_is_taken_care_of(kind: str) -> None:
    check_stream(kind, QUIRKS[kind])


@pytest.mark.parametrize("row", [row for row in SERVERS if row.traits.renames], ids=lambda row: row.kind)
def test_parameters_go_by_the_servers_names(row: Vendor) -> None:
    check_request(row.kind)


def test_each_quirk_has_its_record() -> None:
    assert QUIRKS.keys() == {row.kind for row in SERVERS if row.quirk}
