"""Clouds and routers that serve other people's models, as rows."""

from typing import Final

from trigate.dialects.openai_chat import Traits
from trigate.providers.vendors.vendor import ONLY_MAX_TOKENS, Vendor

HOSTS: Final = (
    Vendor(
        kind="azure_openai",
        title="Azure OpenAI",
        base_url="https://{resource}.openai.azure.com/openai/v1",
        source="https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle",
        auth="api-key",
        asks={"resource": "Name of the resource: the first label of its host."},
        quirk="With `api_version` set, the deployment is called by its own path. The first chunk has no choice.",
    ),
    Vendor(
        kind="baseten",
        title="Baseten Model APIs",
        base_url="https://inference.baseten.co/v1",
        source="https://docs.baseten.co/development/model-apis/overview",
    ),
    Vendor(
        kind="cerebras",
        title="Cerebras Inference",
        base_url="https://api.cerebras.ai/v1",
        source="https://inference-docs.cerebras.ai/api-reference/chat-completions",
        traits=Traits(
            renames={"frequency_penalty": None, "presence_penalty": None, "logit_bias": None}, thinking_key="reasoning"
        ),
        quirk="Refuses penalties and `logit_bias` with 400. Thinking is in `reasoning`.",
    ),
    Vendor(
        kind="cloudflare",
        title="Cloudflare Workers AI",
        base_url="https://api.cloudflare.com/client/v4/accounts/{account_id}/ai/v1",
        source="https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility",
        asks={"account_id": "The account's id, from the dashboard."},
    ),
    Vendor(
        kind="databricks",
        title="Databricks model serving",
        base_url="https://{workspace}/serving-endpoints",
        source="https://docs.databricks.com/aws/en/machine-learning/model-serving/query-reason-models",
        asks={"workspace": "The workspace's host, such as `dbc-a1b2.cloud.databricks.com`."},
        traits=Traits(renames=ONLY_MAX_TOKENS, thinking_key=None),
        quirk="Takes `max_tokens` only. Reasoning models answer in parts, one of them a summary of their thinking.",
    ),
    Vendor(
        kind="deepinfra",
        title="DeepInfra",
        base_url="https://api.deepinfra.com/v1/openai",
        source="https://deepinfra.com/docs/advanced/openai_api",
        traits=Traits(renames=ONLY_MAX_TOKENS),
        quirk="Takes `max_tokens` only.",
    ),
    Vendor(
        kind="fireworks",
        title="Fireworks AI",
        base_url="https://api.fireworks.ai/inference/v1",
        source="https://docs.fireworks.ai/tools-sdks/openai-compatibility",
        quirk="Streams report usage on the last chunk, beside its choice, asked for or not.",
    ),
    Vendor(
        kind="friendli",
        title="FriendliAI serverless endpoints",
        base_url="https://api.friendli.ai/serverless/v1",
        source="https://friendli.ai/docs/openapi/model-apis/chat-completions",
    ),
    Vendor(
        kind="github_models",
        title="GitHub Models",
        base_url="https://models.github.ai/inference",
        source="https://docs.github.com/rest/models/inference",
    ),
    Vendor(
        kind="groq",
        title="Groq",
        base_url="https://api.groq.com/openai/v1",
        source="https://console.groq.com/docs/openai",
        traits=Traits(
            renames={"logprobs": None, "top_logprobs": None, "logit_bias": None},
            usage_in="x_groq.usage",
            thinking_key="reasoning",
        ),
        quirk="Refuses `logprobs`, `top_logprobs` and `logit_bias` with 400. Streams report usage in `x_groq`. "
        "Thinking is in `reasoning`.",
    ),
    Vendor(
        kind="huggingface",
        title="Hugging Face Inference Providers",
        base_url="https://router.huggingface.co/v1",
        source="https://huggingface.co/docs/inference-providers/index",
    ),
    Vendor(
        kind="nebius",
        title="Nebius Token Factory",
        base_url="https://api.tokenfactory.nebius.com/v1",
        source="https://docs.tokenfactory.nebius.com/api-reference/introduction",
    ),
    Vendor(
        kind="novita",
        title="Novita AI",
        base_url="https://api.novita.ai/openai/v1",
        source="https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion",
        traits=Traits(renames=ONLY_MAX_TOKENS),
        quirk="Takes `max_tokens` only.",
    ),
    Vendor(
        kind="openrouter",
        title="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        source="https://openrouter.ai/docs/api/reference/errors-and-debugging",
        traits=Traits(thinking_key="reasoning"),
        quirk="Streams have comment lines, and errors that stand beside a choice. Thinking is in `reasoning`.",
    ),
    Vendor(
        kind="ovhcloud",
        title="OVHcloud AI Endpoints",
        base_url="https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
        source="https://ovh.github.io/apache-airflow-provider-ovhcloud-ai/ai-endpoints",
        keyless=True,
    ),
    Vendor(
        kind="sambanova",
        title="SambaNova Cloud",
        base_url="https://api.sambanova.ai/v1",
        source="https://docs.sambanova.ai/docs/api-reference/chat-completions/create-chat-based-completion",
        traits=Traits(renames={"presence_penalty": None}),
        quirk="Accepts `presence_penalty` and does not act on it. `created` is a fraction of seconds.",
    ),
    Vendor(
        kind="scaleway",
        title="Scaleway Generative APIs",
        base_url="https://api.scaleway.ai/v1",
        source="https://www.scaleway.com/en/docs/generative-apis/api-cli/using-chat-api",
        traits=Traits(
            renames={
                **ONLY_MAX_TOKENS,
                "frequency_penalty": None,
                "logit_bias": None,
                "top_logprobs": None,
                "user": None,
            }
        ),
        quirk="Takes `max_tokens` only; no `frequency_penalty`, `logit_bias`, `top_logprobs` and `user`.",
    ),
    Vendor(
        kind="siliconflow",
        title="SiliconFlow",
        base_url="https://api.siliconflow.cn/v1",
        source="https://docs.siliconflow.cn/docs/api/chat-completions-post",
        traits=Traits(renames=ONLY_MAX_TOKENS),
        quirk="Takes `max_tokens` only.",
    ),
    Vendor(
        kind="together",
        title="Together AI",
        base_url="https://api.together.ai/v1",
        source="https://docs.together.ai/docs/inference/responses-api",
        traits=Traits(renames=ONLY_MAX_TOKENS),
        quirk="Takes `max_tokens` only.",
    ),
)
"""In order of kind."""
