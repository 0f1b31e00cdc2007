from tests.simulator.caller import ANTHROPIC, MESSAGES, Answer, asked, message

TOOLS = [{"name": "f", "input_schema": {"type": "object", "properties": {"a": {"type": "string"}}}}]


def ask(script: str, **more: object) -> Answer:
    return asked(MESSAGES, message(f"claude+{script}", **more), ANTHROPIC)


def test_a_stream_is_well_formed() -> None:
    events = ask("thinking=2;tokens=2", stream=True).events
    assert [event["type"] for event in events] == [
        *("message_start", "content_block_start", "ping"),
        *["content_block_delta"] * 3,
        *("content_block_stop", "content_block_start"),
        *["content_block_delta"] * 2,
        *("content_block_stop", "message_delta", "message_stop"),
    ]
    assert [event["index"] for event in events if "index" in event] == [0] * 5 + [1] * 4


def test_arguments_come_in_fragments_after_an_empty_one() -> None:
    events = ask("tools", stream=True, tools=TOOLS).events
    fragments = [event["delta"]["partial_json"] for event in events if event["type"] == "content_block_delta"]
    assert (fragments[0], "".join(fragments)) == ("", '{"a":"a"}')
    assert len(fragments) > 2


def test_quirks() -> None:
    assert ask("quirk=no_done", stream=True).events[-1]["type"] == "message_delta"
    kinds = [event["type"] for event in ask("quirk=pings", stream=True).events]
    assert kinds[::2] == ["ping"] * (len(kinds) // 2)
    assert ask("quirk=no_input_usage;tokens=3", stream=True).events[-2]["usage"] == {"output_tokens": 3}
    assert ask("quirk=empty_content;tools", tools=TOOLS).json()["content"][0] == {"type": "text", "text": ""}
    ids = [block["id"] for block in ask("quirk=repeat_id;tools=2", tools=TOOLS).json()["content"]]
    assert ids[0] == ids[1]


def test_usage_may_be_missing_or_wrong() -> None:
    assert "usage" not in ask("usage=missing").json()
    events = ask("usage=missing", stream=True).events
    assert "usage" not in events[0]["message"]
    assert "usage" not in events[-2]
    assert ask("usage=wrong;tokens=3").json()["usage"]["output_tokens"] == 30
    usage = ask("cached=1").json()["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"]) == (0, 1)
