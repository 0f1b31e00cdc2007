from tests.simulator.caller import CHAT, OPENAI, Answer, asked, chat

TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"properties": {"a": {"type": "string"}}}}}]


def ask(script: str, **more: object) -> Answer:
    return asked(CHAT, chat(f"gpt-4.1+{script}", **more), OPENAI)


def test_quirks_of_compatible_servers_in_a_whole_reply() -> None:
    message = ask("quirk=empty_tool_calls,reasoning_content;thinking=3").json()["choices"][0]["message"]
    assert (message["tool_calls"], message["reasoning_content"]) == ([], "Every reques")
    calling = ask("tools=2;quirk=empty_content,repeat_id", tools=TOOLS).json()["choices"][0]["message"]
    assert calling["content"] == ""
    assert len({call["id"] for call in calling["tool_calls"]}) == 1


def test_quirks_of_compatible_servers_in_a_stream() -> None:
    deltas = [event["choices"][0]["delta"] for event in ask("quirk=empty_tool_calls;tokens=2", stream=True).events]
    assert deltas[1] == {"content": "Ever", "tool_calls": []}
    script = "tools;quirk=no_index,empty_content,repeat_id"
    deltas = [event["choices"][0]["delta"] for event in ask(script, stream=True, tools=TOOLS).events]
    assert deltas[2]["content"] == ""
    assert set(deltas[2]["tool_calls"][0]) == {"id", "function"}
    assert ask("quirk=no_done", stream=True).body.endswith(b"}\n\n")
    deltas = [event["choices"][0]["delta"] for event in ask("quirk=reasoning_content;thinking=1", stream=True).events]
    assert deltas[1] == {"reasoning_content": "Ever"}


def test_usage_may_be_missing_or_wrong() -> None:
    assert "usage" not in ask("usage=missing").json()
    assert ask("usage=zero").json()["usage"]["total_tokens"] == 0
    assert ask("usage=wrong;tokens=3").json()["usage"]["completion_tokens"] == 30
    assert ask("cached=1").json()["usage"]["prompt_tokens_details"]["cached_tokens"] == 1
    events = ask("usage=missing", stream=True, stream_options={"include_usage": True}).events
    assert all(event["usage"] is None for event in events)


def test_the_reason_can_be_any() -> None:
    assert ask("finish=odd").json()["choices"][0]["finish_reason"] == "odd"


def test_interleaved_calls_alternate() -> None:
    events = ask("tools=2;quirk=interleave", stream=True, tools=TOOLS).events
    order = [call["index"] for event in events for call in event["choices"][0]["delta"].get("tool_calls", [])]
    assert order[:4] == [0, 1, 0, 1]
