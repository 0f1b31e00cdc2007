"""Vendors of their own models, as rows."""

from typing import Final

import msgspec

from trigate.dialects.openai_chat import Traits
from trigate.providers.vendors.vendor import ONLY_MAX_TOKENS, Vendor

_GLM: Final = Traits(
    renames={
        **ONLY_MAX_TOKENS,
        "user": "user_id",
        "frequency_penalty": None,
        "presence_penalty": None,
        "stream_options": None,
    }
)
_GLM_QUIRK: Final = (
    "Takes `max_tokens` and `user_id`, no penalties and no `stream_options`: the last chunk has usage beside its "
    "choice. Finish reasons of its own: `sensitive`, `model_context_window_exceeded`."
)

LABS: Final = (
    Vendor(
        kind="ai21",
        title="AI21 Labs",
        base_url="https://api.ai21.com/studio/v1",
        source="https://docs.ai21.com/reference/jamba-1-6-api-ref",
        traits=Traits(renames=ONLY_MAX_TOKENS),
        quirk="Takes `max_tokens` only.",
    ),
    Vendor(
        kind="deepseek",
        title="DeepSeek",
        base_url="https://api.deepseek.com",
        source="https://api-docs.deepseek.com/api/create-chat-completion",
        traits=Traits(renames=ONLY_MAX_TOKENS),
        quirk="Takes `max_tokens` only. Cached tokens are counted in `prompt_cache_hit_tokens`.",
    ),
    Vendor(
        kind="minimax",
        title="MiniMax",
        base_url="https://api.minimax.io/v1",
        source="https://platform.minimax.io/docs/api-reference/text-openai-api",
        traits=Traits(
            renames={"presence_penalty": None, "frequency_penalty": None, "logit_bias": None},
            think_tags=True,
            thinking_key=None,
        ),
        quirk="Thinking stands in the text, between `<think>` tags. Ignores penalties and `logit_bias`.",
    ),
    Vendor(
        kind="mistral",
        title="Mistral AI",
        base_url="https://api.mistral.ai/v1",
        source="https://docs.mistral.ai/api",
        traits=Traits(
            renames={
                **ONLY_MAX_TOKENS,
                "seed": "random_seed",
                "stream_options": None,
                "logit_bias": None,
                "logprobs": None,
                "top_logprobs": None,
                "service_tier": None,
                "store": None,
                "user": None,
                "verbosity": None,
            },
            thinking_key=None,
        ),
        quirk="Refuses every field it does not know with 422. `seed` is `random_seed`. Usage stands on the last chunk "
        "unasked. `content` may be a list of parts, thinking among them.",
    ),
    Vendor(
        kind="moonshot",
        title="Moonshot AI (Kimi)",
        base_url="https://api.moonshot.ai/v1",
        source="https://platform.kimi.ai/docs/api/chat",
        traits=Traits(usage_in="choices.usage"),
        quirk="The last chunk's choice holds usage; cached tokens stand beside the totals.",
    ),
    Vendor(
        kind="perplexity",
        title="Perplexity Sonar",
        base_url="https://api.perplexity.ai",
        source="https://docs.perplexity.ai/docs/sonar/openai-compatibility",
        traits=Traits(renames=ONLY_MAX_TOKENS, think_tags=True, thinking_key=None),
        quirk="Takes `max_tokens` only. Reasoning models begin with `<think>` tags. Every chunk has the usage so far.",
    ),
    Vendor(
        kind="qwen",
        title="Alibaba Cloud Model Studio (Qwen, DashScope's compatible mode)",
        base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        source="https://www.alibabacloud.com/help/en/model-studio/deep-thinking",
    ),
    Vendor(
        kind="upstage",
        title="Upstage Solar",
        base_url="https://api.upstage.ai/v1",
        source="https://console.upstage.ai/docs/capabilities/generate/chat",
        traits=Traits(thinking_key="reasoning"),
        quirk="Thinking is in `reasoning`.",
    ),
    Vendor(
        kind="xai",
        title="xAI (Grok)",
        base_url="https://api.x.ai/v1",
        source="https://docs.x.ai/docs/api-reference",
        quirk="Reasoning tokens are counted beside `completion_tokens`, in the total only.",
    ),
    Vendor(
        kind="zai",
        title="Z.ai (GLM, international)",
        base_url="https://api.z.ai/api/paas/v4",
        source="https://docs.z.ai/api-reference/llm/chat-completion",
        traits=_GLM,
        quirk=_GLM_QUIRK,
    ),
    Vendor(
        kind="zhipu",
        title="Zhipu AI (GLM, China)",
        base_url="https://open.bigmodel.cn/api/paas/v4",
        source="https://docs.bigmodel.cn/api-reference/模型-api/对话补全",
        traits=msgspec.structs.replace(_GLM, think_tags=True),
        quirk=f"{_GLM_QUIRK} GLM-Z1 thinks in the text, between `<think>` tags.",
    ),
)
"""In order of kind."""
