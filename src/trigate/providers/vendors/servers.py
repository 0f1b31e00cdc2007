"""Servers that one runs oneself, as rows."""

from typing import Final

from trigate.dialects.openai_chat import Traits
from trigate.providers.vendors.vendor import ONLY_MAX_TOKENS, Vendor

SERVERS: Final = (
    Vendor(
        kind="kserve",
        title="KServe (base URL ends in `/openai/v1`)",
        base_url=None,
        source="https://kserve.github.io/website/docs/model-serving/generative-inference/sdk-integration",
        keyless=True,
    ),
    Vendor(
        kind="litellm",
        title="LiteLLM proxy",
        base_url=None,
        source="https://docs.litellm.ai/docs/simple_proxy",
        keyless=True,
    ),
    Vendor(
        kind="llama_cpp",
        title="llama.cpp server",
        base_url="http://127.0.0.1:8080/v1",
        source="https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        keyless=True,
        traits=Traits(renames=ONLY_MAX_TOKENS),
        quirk="Takes `max_tokens` only.",
    ),
    Vendor(
        kind="lm_studio",
        title="LM Studio",
        base_url="http://localhost:1234/v1",
        source="https://lmstudio.ai/docs/developer/openai-compat/chat-completions",
        keyless=True,
        traits=Traits(renames=ONLY_MAX_TOKENS),
        quirk="Takes `max_tokens` only.",
    ),
    Vendor(
        kind="nvidia_nim",
        title="NVIDIA NIM, hosted or one's own",
        base_url="https://integrate.api.nvidia.com/v1",
        source="https://docs.nvidia.com/nim/large-language-models/latest/reference/api-reference.html",
        keyless=True,
    ),
    Vendor(
        kind="ollama",
        title="Ollama",
        base_url="http://localhost:11434/v1",
        source="https://docs.ollama.com/api/openai-compatibility",
        keyless=True,
        traits=Traits(renames=ONLY_MAX_TOKENS),
        quirk="Takes `max_tokens` only.",
    ),
    Vendor(
        kind="ray_serve",
        title="Ray Serve LLM",
        base_url=None,
        source="https://docs.ray.io/en/latest/serve/api/doc/ray.serve.llm.build_openai_app.html",
        keyless=True,
    ),
    Vendor(
        kind="sglang",
        title="SGLang",
        base_url=None,
        source="https://docs.sglang.io/docs/basic_usage/openai_api_completions",
        keyless=True,
    ),
    Vendor(
        kind="tensorrt_llm",
        title="TensorRT-LLM (trtllm-serve)",
        base_url=None,
        source="https://nvidia.github.io/TensorRT-LLM/latest/commands/trtllm-serve.html",
        keyless=True,
    ),
    Vendor(
        kind="tgi",
        title="Text Generation Inference",
        base_url=None,
        source="https://huggingface.co/docs/text-generation-inference/messages_api",
        keyless=True,
        traits=Traits(renames=ONLY_MAX_TOKENS),
        quirk="Takes `max_tokens` only.",
    ),
    Vendor(
        kind="torchserve",
        title="TorchServe's vLLM handler (base URL ends in `/predictions/MODEL/1.0/v1`)",
        base_url=None,
        source="https://docs.pytorch.org/serve/llm_deployment.html",
        keyless=True,
    ),
    Vendor(
        kind="triton",
        title="Triton Inference Server, OpenAI frontend",
        base_url=None,
        source="https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/client_guide/openai_readme.html",
        keyless=True,
    ),
    Vendor(
        kind="vllm",
        title="vLLM",
        base_url=None,
        source="https://docs.vllm.ai/en/stable/features/reasoning_outputs/",
        keyless=True,
        traits=Traits(thinking_key="reasoning"),
        quirk="Thinking is in `reasoning`; older versions have it in `reasoning_content`.",
    ),
)
"""In order of kind."""
