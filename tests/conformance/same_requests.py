"""Requests that say the same in both dialects, by what they say."""

from collections.abc import Mapping

Json = dict[str, object]

PIXEL = "iVBORw0KGgo="
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
HI: list[Json] = [{"role": "user", "content": "Hi"}]
WEATHER_OPENAI: Json = {
    "type": "function",
    "function": {"name": "weather", "description": "Tells it", "parameters": SCHEMA},
}
WEATHER_ANTHROPIC: Json = {"name": "weather", "description": "Tells it", "input_schema": SCHEMA}

# The same request in both dialects: beside model and limit, OpenAI's fields and Anthropic's.
SAME: Mapping[str, tuple[Json, Json]] = {
    "text": ({"messages": HI}, {"messages": HI}),
    "system": (
        {"messages": [{"role": "system", "content": "Be brief."}, *HI]},
        {"messages": HI, "system": "Be brief."},
    ),
    "several system blocks": (
        {"messages": [{"role": "system", "content": [{"type": "text", "text": text} for text in "ab"]}, *HI]},
        {"messages": HI, "system": [{"type": "text", "text": text} for text in "ab"]},
    ),
    "turns": (
        {"messages": [*HI, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Bye"}]},
        {"messages": [*HI, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Bye"}]},
    ),
    "tools": ({"messages": HI, "tools": [WEATHER_OPENAI]}, {"messages": HI, "tools": [WEATHER_ANTHROPIC]}),
    "a strict tool": (
        {
            "messages": HI,
            "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}}],
        },
        {"messages": HI, "tools": [{"name": "f", "input_schema": SCHEMA, "strict": True}]},
    ),
    "some tool": (
        {"messages": HI, "tools": [WEATHER_OPENAI], "tool_choice": "required"},
        {"messages": HI, "tools": [WEATHER_ANTHROPIC], "tool_choice": {"type": "any"}},
    ),
    "no tool": (
        {"messages": HI, "tools": [WEATHER_OPENAI], "tool_choice": "none"},
        {"messages": HI, "tools": [WEATHER_ANTHROPIC], "tool_choice": {"type": "none"}},
    ),
    "this tool, one call": (
        {
            "messages": HI,
            "tools": [WEATHER_OPENAI],
            "tool_choice": {"type": "function", "function": {"name": "weather"}},
            "parallel_tool_calls": False,
        },
        {
            "messages": HI,
            "tools": [WEATHER_ANTHROPIC],
            "tool_choice": {"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
        },
    ),
    "calls and results": (
        {
            "messages": [
                *HI,
                {
                    "role": "assistant",
                    "content": "Looking.",
                    "tool_calls": [
                        {
                            "id": "c1",
                            "type": "function",
                            "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
                        },
                        {"id": "c2", "type": "function", "function": {"name": "weather", "arguments": "{}"}},
                    ],
                },
                {"role": "tool", "tool_call_id": "c1", "content": "wet"},
                {"role": "tool", "tool_call_id": "c2", "content": "dry"},
            ],
            "tools": [WEATHER_OPENAI],
        },
        {
            "messages": [
                *HI,
                {
                    "role": "assistant",
                    "content": [
                        {"type": "text", "text": "Looking."},
                        {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Oslo"}},
                        {"type": "tool_use", "id": "c2", "name": "weather", "input": {}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "c1", "content": "wet"},
                        {"type": "tool_result", "tool_use_id": "c2", "content": "dry"},
                    ],
                },
            ],
            "tools": [WEATHER_ANTHROPIC],
        },
    ),
    "images": (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is it?"},
                        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
                        {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
                    ],
                }
            ]
        },
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is it?"},
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
                        {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
                    ],
                }
            ]
        },
    ),
    "sampling": (
        {"messages": HI, "temperature": 0.5, "stop": ["END"], "user": "u1", "service_tier": "default"},
        {
            "messages": HI,
            "temperature": 0.5,
            "stop_sequences": ["END"],
            "metadata": {"user_id": "u1"},
            "service_tier": "standard_only",
        },
    ),
    "top_p": ({"messages": HI, "top_p": 0.9}, {"messages": HI, "top_p": 0.9}),
    "stream": (
        {"messages": HI, "stream": True, "stream_options": {"include_usage": True}},
        {"messages": HI, "stream": True},
    ),
    "structured output": (
        {
            "messages": HI,
            "response_format": {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA}},
        },
        {"messages": HI, "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
    ),
    "effort": (
        {"messages": HI, "reasoning_effort": "high"},
        {"messages": HI, "thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
    ),
}
