from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.anthropic_messages.material import IDS, OBJECTS, WORDS
from trigate.core.chat import (
    Block,
    CacheMark,
    Image,
    RedactedThinking,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from trigate.dialects.anthropic_messages.blocks import read_block, read_blocks, read_texts, write_block
from trigate.dialects.fields import Fields, Misfit, Unsaid

CACHES = st.none() | st.builds(CacheMark, st.sampled_from(["5m", "1h"]))
TEXTS = st.builds(Text, WORDS, CACHES)
URLS = WORDS.map(lambda word: f"https://pictures.example/{word}")
IMAGES = st.builds(Image, url=URLS, cache=CACHES) | st.builds(
    Image, media_type=st.sampled_from(["image/png", "image/jpeg"]), data=IDS, cache=CACHES
)
RESULTS: st.SearchStrategy[Block] = st.builds(
    ToolResult, IDS, st.lists(TEXTS | IMAGES, max_size=3), st.booleans(), CACHES
)
BLOCKS: st.SearchStrategy[Block] = st.one_of(
    TEXTS,
    IMAGES,
    RESULTS,
    st.builds(Thinking, st.text(max_size=9), WORDS),
    st.builds(RedactedThinking, WORDS),
    st.builds(ToolCall, IDS, IDS, OBJECTS, CACHES),
)


def read(text: bytes) -> tuple[Block | None, list[str]]:
    lost: list[str] = []
    return read_block(Fields(text), lost), lost


def write(block: Block) -> tuple[object, list[str]]:
    lost: list[str] = []
    return write_block(block, lost), lost


@given(BLOCKS)
def test_what_is_written_reads_back(block: Block) -> None:
    written, lost = write(block)
    assert lost == []
    assert read(msgspec.json.encode(written)) == (block, [])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("document", b'{"type":"document","source":{"type":"base64","data":"x"}}'),
        ("search_result", b'{"type":"search_result","source":"x","title":"t","content":[]}'),
        ("server_tool_use", b'{"type":"server_tool_use","id":"a","name":"web_search","input":{}}'),
        ("web_search_tool_result", b'{"type":"web_search_tool_result","tool_use_id":"a","content":{"type":"e"}}'),
        ("image by file", b'{"type":"image","source":{"type":"file","file_id":"f"}}'),
        ("document", b'{"type":"tool_result","tool_use_id":"a","content":[{"type":"document"}]}'),
        ("toolcall", b'{"type":"tool_result","tool_use_id":"a","content":[{"type":"tool_use","id":"a","name":"b"}]}'),
    ],
)
def test_content_that_cannot_be_said_is_named(kind: str, text: bytes) -> None:
    with pytest.raises(Unsaid, match=kind):
        read(text)


def test_fields_that_cannot_be_said_are_lost_by_name() -> None:
    _, lost = read(
        b'{"type":"text","text":"x","citations":[{"type":"char_location"}],'
        b'"cache_control":{"type":"ephemeral","ttl":"1h","scope":"global"}}'
    )
    assert lost == ["cache_control.scope", "text.citations"]
    _, lost = read(b'{"type":"tool_use","id":"a","name":"b","input":{},"caller":{"type":"code_execution_20260120"}}')
    assert lost == ["tool_use.caller"]
    call, lost = read(b'{"type":"tool_use","id":"a","name":"b","input":{},"caller":{"type":"direct"}}')
    assert (call, lost) == (ToolCall("a", "b", "{}"), [])


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b'{"type":"tool_use","name":"b","input":{}}',
        b'{"type":"tool_use","id":"a","name":"b","input":[1]}',
        b'{"type":"tool_result","content":"x"}',
        b'{"type":"image"}',
        b'{"type":"image","source":{"type":"base64","data":"x"}}',
        b'{"type":"text","text":7}',
        b'{"type":"redacted_thinking"}',
    ],
)
def test_a_block_that_does_not_fit_is_a_misfit(text: bytes) -> None:
    with pytest.raises(Misfit):
        read(text)


def test_arguments_keep_their_bytes() -> None:
    call, _ = read(b'{"type":"tool_use","id":"a","name":"b","input":{"z": 1.0,  "a":[ ]}}')
    assert call == ToolCall("a", "b", '{"z": 1.0,  "a":[ ]}')


def test_a_string_is_one_block_and_empty_text_none() -> None:
    assert read_blocks(Fields(b'{"content":"x"}'), "content", []) == [Text("x")]
    for nothing in (b'""', b"null", b"[]", b'[{"type":"text","text":""}]'):
        assert read_blocks(Fields(b'{"content":%s}' % nothing), "content", []) == []


def test_instructions_are_text_only() -> None:
    with pytest.raises(Unsaid, match="image"):
        read_texts(Fields(b'{"system":[{"type":"image","source":{"type":"url","url":"u"}}]}'), "system", [])


def test_a_data_url_becomes_data() -> None:
    image, _ = read(b'{"type":"image","source":{"type":"url","url":"data:image/png;base64,QUJD"}}')
    assert image == Image(media_type="image/png", data="QUJD")


@pytest.mark.parametrize(
    ("block", "written", "lost"),
    [
        (Text(""), None, []),
        (Thinking("mine", None), None, ["thinking"]),
        (Refusal("no"), {"type": "text", "text": "no"}, []),
        (
            Image(url="https://x.example/a", detail="high"),
            {"type": "image", "source": {"type": "url", "url": "https://x.example/a"}},
            ["image_url.detail"],
        ),
        (ToolResult("a:0", []), {"type": "tool_result", "tool_use_id": "a_0"}, []),
    ],
)
def test_what_is_written_differently(block: Block, written: object, lost: Sequence[str]) -> None:
    assert write(block) == (written, lost)


def test_ids_of_other_vendors_stay_a_pair() -> None:
    call, _ = write(ToolCall("functions.weather:0", "weather"))
    result, _ = write(ToolResult("functions.weather:0", [Text("wet")]))
    assert isinstance(call, dict)
    assert isinstance(result, dict)
    assert call["id"] == result["tool_use_id"] == "functions_weather_0"


@pytest.mark.parametrize("arguments", ["[1]", "{", "nonsense", "[" * 100_000])
def test_arguments_that_are_no_object_are_a_misfit(arguments: str) -> None:
    with pytest.raises(Misfit, match="call_1"):
        write(ToolCall("call_1", "f", arguments))
