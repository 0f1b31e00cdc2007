"""A client's request as a neutral chat."""

import json

import pytest

from tests.dialects.gemini.samples import Json, encoded
from trigate.core.chat import Chat, Reasoning, ReplyFormat, Text, Tool, ToolChoice
from trigate.core.errors import Category, Refused
from trigate.dialects.gemini.request_reader import read_request

HI: Json = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
TOOLS: Json = {"tools": [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}]}


def read(**fields: object) -> Chat:
    return read_request(encoded({**HI, **fields}))


def config(**fields: object) -> Chat:
    return read(generationConfig=fields)


def test_the_plain_fields() -> None:
    chat = read(
        system_instruction={"parts": [{"text": "Be brief."}]},
        generation_config={
            "maxOutputTokens": 7,
            "temperature": 0.5,
            "top_p": 0.9,
            "topK": 40.0,
            "candidateCount": 2,
            "stopSequences": ["END", ""],
            "seed": 3,
            "presencePenalty": 0.1,
            "frequencyPenalty": 0.2,
        },
        serviceTier="standard",
        model="models/other",
        labels={"a": "b"},
    )
    assert (chat.system, chat.model, chat.service_tier, chat.lost) == ([Text("Be brief.")], "", "default", [])
    assert (chat.max_tokens, chat.temperature, chat.top_p, chat.top_k, chat.n) == (7, 0.5, 0.9, 40, 2)
    assert (chat.stop, chat.seed, chat.presence_penalty, chat.frequency_penalty) == (["END"], 3, 0.1, 0.2)


def test_tools_of_either_schema() -> None:
    own = {"name": "f", "description": "d", "parameters": {"type": "OBJECT"}}
    standard = {"name": "g", "parametersJsonSchema": {"type": "object"}, "behavior": "BLOCKING"}
    chat = read(tools=[{"function_declarations": [own]}, {"functionDeclarations": [standard]}])
    assert [(tool.name, json.loads(tool.schema)) for tool in chat.tools] == [
        ("f", {"type": "object"}),
        ("g", {"type": "object"}),
    ]
    assert chat.lost == ["functionDeclarations.behavior"]


@pytest.mark.parametrize(
    ("calling", "choice", "names"),
    [
        ({"mode": "AUTO"}, ToolChoice("auto"), ["f", "g"]),
        ({"mode": "NONE"}, ToolChoice("none"), ["f", "g"]),
        ({"mode": "ANY"}, ToolChoice("any"), ["f", "g"]),
        ({"mode": "ANY", "allowedFunctionNames": ["g"]}, ToolChoice("tool", "g"), ["g"]),
        ({"mode": "ANY", "allowedFunctionNames": ["g", "f"]}, ToolChoice("any"), ["f", "g"]),
    ],
)
def test_tool_choice(calling: Json, choice: ToolChoice, names: list[str]) -> None:
    chat = read(**TOOLS, toolConfig={"functionCallingConfig": calling})
    assert (chat.tool_choice, [tool.name for tool in chat.tools]) == (choice, names)
    assert chat.tools[-1] == Tool("g")


@pytest.mark.parametrize(
    ("thinking", "reasoning"),
    [
        ({"thinkingBudget": 0}, Reasoning(enabled=False)),
        ({"thinkingBudget": -1, "includeThoughts": True}, Reasoning()),
        ({"thinkingBudget": 2048}, Reasoning(budget=2048)),
        ({"thinkingLevel": "HIGH"}, Reasoning(effort="high")),
        ({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, Reasoning()),
    ],
)
def test_thinking(thinking: Json, reasoning: Reasoning) -> None:
    chat = config(thinkingConfig=thinking)
    assert (chat.reasoning, chat.lost) == (reasoning, [])


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"responseMimeType": "text/plain"}, None),
        ({"responseMimeType": "application/json"}, ReplyFormat("json_object")),
        (
            {"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}},
            ReplyFormat("json_schema", schema=b'{"type":"string"}'),
        ),
        (
            {"responseMimeType": "application/json", "responseJsonSchema": {"type": "string"}},
            ReplyFormat("json_schema", schema=b'{"type": "string"}'),
        ),
    ],
)
def test_structured_output(fields: Json, wanted: ReplyFormat | None) -> None:
    assert config(**fields).reply_format == wanted


def test_knobs_are_named_as_lost() -> None:
    chat = read(
        safetySettings=[{"category": "c"}],
        store=False,
        toolConfig={"functionCallingConfig": {"mode": "VALIDATED"}, "retrievalConfig": {"languageCode": "en"}},
        generationConfig={"responseLogprobs": True, "speechConfig": {}},
    )
    assert chat.lost == [
        *("toolConfig.retrievalConfig", "functionCallingConfig.mode"),
        *("generationConfig.responseLogprobs", "safetySettings", "store"),
    ]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tools": [{"googleSearch": {"timeRangeFilter": {}}}]}, "googleSearch"),
        ({"cachedContent": "cachedContents/x"}, "cached content"),
        ({"generationConfig": {"responseModalities": ["TEXT", "AUDIO"]}}, "other than text"),
        ({"generationConfig": {"responseMimeType": "text/x.enum"}}, "text/x.enum"),
    ],
)
def test_features_are_refused_by_name(fields: Json, words: str) -> None:
    with pytest.raises(Refused) as refused:
        read(**fields)
    assert refused.value.fault.category is Category.UNSUPPORTED
    assert words in refused.value.fault.message


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"contents":[]}',
        b'{"contents":[{"parts":[{"text":1}]}]}',
        b'{"contents":[{"parts":[{"text":"a"}]}],"contents":[]}',
        b'{"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"maxOutputTokens":0}}',
        b'{"contents":[{"parts":[{"text":"a"}]}],"toolConfig":{"functionCallingConfig":{"mode":"X"}}}',
        b'{"contents":[{"parts":[{"text":"a"}]}],"tools":[{"functionDeclarations":[{"name":"f","parameters":[]}]}]}',
        b'{"contents":' + b"[" * 100_000,
    ],
)
def test_what_does_not_fit(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read_request(body)
    assert refused.value.fault.status == 400


@pytest.mark.parametrize("tool", ["googleSearch", "codeExecution", "urlContext"])
def test_an_empty_tool_of_googles_is_refused_too(tool: str) -> None:
    with pytest.raises(Refused):
        read(tools=[{tool: {}}])
