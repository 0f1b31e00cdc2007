"""The request shape of Claude Code (`ANTHROPIC_BASE_URL`, `ANTHROPIC_AUTH_TOKEN`), carried to both vendors.

System blocks with `cache_control`, many tools, thinking, betas in a header and `?beta=true` in the query,
`metadata.user_id`, token counting, and long tool loops in streams.
"""

import json
from typing import Any, Final

import pytest

from tests.e2e.world import ANT, OAI
from tests.support.caller import Caller
from tests.support.recording import RecordingVendor
from trigate.dialects.grammar.anthropic_messages import AnthropicMessagesGrammar

pytestmark = pytest.mark.e2e

PATH: Final = "/v1/messages?beta=true"
HEADERS: Final = {
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14",
    "anthropic-dangerous-direct-browser-access": "true",
    "user-agent": "claude-cli/2.1 (external, cli)",
    "x-app": "cli",
    "x-stainless-retry-count": "0",
}
CACHED: Final = {"cache_control": {"type": "ephemeral"}}
TOOLS: Final = [
    {
        "name": name,
        "description": f"{name}s things.",
        "input_schema": {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": {"z_path": {"type": "string"}, "a_limit": {"type": "number"}},
            "required": ["z_path"],
            "additionalProperties": False,
        },
    }
    for name in ("Task", "Bash", "Glob", "Grep", "Read", "Edit", "Write")
]


def request(model: str, **more: object) -> dict[str, Any]:
    return {
        "model": model,
        "max_tokens": 32000,
        "stream": True,
        "system": [
            {"type": "text", "text": "You are Claude Code, Anthropic's official CLI for Claude.", **CACHED},
            {"type": "text", "text": "You are an interactive CLI tool.", **CACHED},
        ],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "<system-reminder>Today is Saturday.</system-reminder>"},
                    {"type": "text", "text": "List the files", **CACHED},
                ],
            }
        ],
        "tools": TOOLS,
        "thinking": {"type": "enabled", "budget_tokens": 31999},
        "metadata": {"user_id": "user_1_account__session_2"},
        **more,
    }


def conversation() -> list[dict[str, Any]]:
    """A turn with thinking and two parallel calls, their results, one of them an error and one with an image."""
    calls = [
        {"type": "tool_use", "id": f"toolu_{n}", "name": "Read", "input": {"z_path": f"{n}.py", "a_limit": n}}
        for n in (1, 2)
    ]
    return [
        *request("")["messages"],
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "I should look.", "signature": "c2lnbmVk"},
                {"type": "text", "text": "I look."},
                *calls,
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "No such file", "is_error": True},
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_2",
                    "content": [{"type": "text", "text": "print(2)"}],
                    **CACHED,
                },
            ],
        },
    ]


def streamed(client: Caller, body: object) -> list[dict[str, Any]]:
    """The events of a stream, which must be grammatical."""
    grammar = AnthropicMessagesGrammar()
    with client.stream(PATH, body, HEADERS) as response:
        assert response.status == 200, response.read()
        raw = response.read()
    grammar.feed(raw)
    grammar.finish()
    assert not grammar.failed, raw
    return [json.loads(line[6:]) for line in raw.splitlines() if line.startswith(b"data: ")]


def test_anthropic_gets_the_very_bytes(client: Caller, vendor: RecordingVendor) -> None:
    body = request(ANT)
    events = streamed(client, body)
    assert [event["content_block"]["type"] for event in events if event["type"] == "content_block_start"] == [
        "thinking",
        "text",
    ]
    sent = vendor.last
    expected = json.dumps(body).replace(f'"{ANT}"', '"claude-sonnet-4-5"').encode()
    assert sent.body == expected, "order, spacing and unknown fields are kept: prompt caches depend on them"
    assert sent.headers["anthropic-beta"] == HEADERS["anthropic-beta"]
    assert sent.headers["anthropic-version"] == HEADERS["anthropic-version"]
    assert not {"x-app", "x-stainless-retry-count", "authorization"} & sent.headers.keys()


def test_prompt_caching_is_counted(client: Caller) -> None:
    body = request(ANT, system=[{"type": "text", "text": "A long system prompt of this very test", **CACHED}])
    first, second = (streamed(client, body) for _ in range(2))
    started = [events[0]["message"]["usage"] for events in (first, second)]
    assert started[0]["cache_creation_input_tokens"] > 0
    assert started[1]["cache_read_input_tokens"] >= started[0]["cache_creation_input_tokens"]


def test_openai_gets_the_same_conversation(client: Caller, vendor: RecordingVendor) -> None:
    events = streamed(client, request(OAI, messages=conversation()))
    assert events[-2]["usage"]["input_tokens"] > 0
    sent = json.loads(vendor.last.body)
    roles = [message["role"] for message in sent["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool"]
    assert [call["id"] for call in sent["messages"][2]["tool_calls"]] == ["toolu_1", "toolu_2"]
    arguments = json.loads(sent["messages"][2]["tool_calls"][1]["function"]["arguments"])
    assert arguments == {"z_path": "2.py", "a_limit": 2}
    assert [message["tool_call_id"] for message in sent["messages"][3:]] == ["toolu_1", "toolu_2"]
    assert [tool["function"]["name"] for tool in sent["tools"]] == [tool["name"] for tool in TOOLS]
    assert list(sent["tools"][0]["function"]["parameters"]["properties"]) == ["z_path", "a_limit"]
    assert "anthropic-beta" not in vendor.last.headers


def test_what_openai_cannot_be_told_is_said(client: Caller) -> None:
    with client.stream(PATH, request(OAI, messages=conversation()), HEADERS) as response:
        lost = set((response.getheader("x-trigate-lost") or "").split(", "))
        response.read()
    assert lost == {
        "cache_control",
        "messages.content.thinking",
        "messages.content.is_error",
        "thinking.budget_tokens",
    }


@pytest.mark.parametrize("model", [ANT, OAI])
def test_tool_arguments_survive_streams(client: Caller, model: str) -> None:
    events = streamed(client, request(f"{model}+tools=3", messages=conversation()[:1]))
    starts = [e["content_block"] for e in events if e["type"] == "content_block_start"]
    calls = [block for block in starts if block["type"] == "tool_use"]
    assert [call["name"] for call in calls] == ["Task", "Bash", "Glob"]
    for index, block in enumerate(starts):
        if block["type"] == "tool_use":
            fragments = [
                event["delta"]["partial_json"]
                for event in events
                if event["type"] == "content_block_delta" and event["index"] == index
            ]
            assert json.loads("".join(fragments))["z_path"]
    assert events[-2]["delta"]["stop_reason"] == "tool_use"


@pytest.mark.parametrize("model", [ANT, OAI])
def test_counting_in_its_shape(client: Caller, model: str) -> None:
    body = {key: value for key, value in request(model).items() if key not in ("stream", "max_tokens", "metadata")}
    reply = client.post("/v1/messages/count_tokens?beta=true", body, HEADERS)
    assert reply.status == 200, reply.body
    assert reply.json()["input_tokens"] > 0


def test_the_warm_up_call(client: Caller) -> None:
    """It asks for one token of a small model before anything else."""
    body = {
        "model": ANT,
        "max_tokens": 1,
        "messages": [{"role": "user", "content": "quota"}],
        "metadata": {"user_id": "u"},
    }
    reply = client.post(PATH, body, HEADERS)
    assert (reply.status, reply.json()["stop_reason"]) == (200, "max_tokens")
