"""The configuration of the demo: what a small organisation would write, with the simulator as its vendors."""

from pathlib import Path
from typing import Final

import msgspec

from trigate.config.keyfile import hash_key, new_key

TENANT: Final = "acme"
ASSISTANT: Final = "assistant"
INTERN: Final = "intern"
VENDOR_KEY: Final = "TRIGATE_DEMO_VENDOR_KEY"
STATE: Final = "state"


class Keys(msgspec.Struct, frozen=True):
    """The keys of the two apps, in clear: they live as long as the demo."""

    assistant: str
    intern: str


def new_keys() -> Keys:
    """Fresh ones."""
    return Keys(new_key(), new_key())


def configuration(simulator: str, keys: Keys) -> str:
    """The YAML text. `simulator` is its URL; vendors' keys are taken from the environment variable `VENDOR_KEY`."""
    return f"""\
version: 1
state: {{dir: {STATE}, min_free: 64MiB}}
workers: 2
listen:
  data: 127.0.0.1:0       # a free port
  control: 127.0.0.1:0    # /metrics, /status

providers:                # vendor accounts; here they all are the simulator
  openai-main: {{kind: openai, base_url: "{simulator}/v1", api_key: "${{env:{VENDOR_KEY}}}"}}
  claude: {{kind: anthropic, base_url: "{simulator}", api_key: "${{env:{VENDOR_KEY}}}"}}
  openai-down:            # an account that fails each time, as the simulator can be told
    kind: openai
    base_url: "{simulator}/v1"
    api_key: "${{env:{VENDOR_KEY}}}"
    headers: {{x-simulate: "error=503"}}

models:
  gpt-4.1: {{provider: openai-main}}
  claude-sonnet-4-5: {{provider: claude}}
  support-chat:           # a virtual model: the first place that answers
    targets: [{{provider: openai-down, model: gpt-4.1}}]
    fallback: [{{provider: claude, model: claude-sonnet-4-5}}]

tenants:
  {TENANT}:
    apps:
      {ASSISTANT}:
        keys: [{{id: {ASSISTANT}-1, sha256: "{hash_key(keys.assistant)}"}}]
      {INTERN}:             # may use one model only
        models: [gpt-4.1]
        keys: [{{id: {INTERN}-1, sha256: "{hash_key(keys.intern)}"}}]
"""


def write(folder: Path, simulator: str, keys: Keys) -> Path:
    """Put the configuration into a folder, beside which the state will be."""
    path = folder / "trigate.yaml"
    path.write_text(configuration(simulator, keys), "utf-8")
    return path
