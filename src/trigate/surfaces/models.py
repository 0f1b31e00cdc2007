"""The models list, as the caller's key may see it, in the caller's dialect.

OpenAI: https://platform.openai.com/docs/api-reference/models; Anthropic: https://docs.claude.com/en/api/models-list;
Gemini: https://ai.google.dev/api/models.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec

from trigate.config.snapshot import Model, Snapshot
from trigate.core.errors import Category, Fault, Refused
from trigate.core.principal import Principal
from trigate.surfaces.routes import ANTHROPIC, GEMINI

OWNER: Final = "trigate"


def visible(snapshot: Snapshot, principal: Principal) -> list[Model]:
    """The listed models that this key may ask for, as configured."""
    return [model for model in snapshot.models() if principal.allows_model(model.name)]


def write_list(models: Iterable[Model], dialect: str) -> bytes:
    """The whole list: it is short, so there is only one page."""
    if dialect == ANTHROPIC:
        entries = [_anthropic(model) for model in models]
        first, last = (entries[0]["id"], entries[-1]["id"]) if entries else (None, None)
        return msgspec.json.encode({"data": entries, "has_more": False, "first_id": first, "last_id": last})
    if dialect == GEMINI:
        return msgspec.json.encode({"models": [_gemini(model) for model in models]})
    return msgspec.json.encode({"object": "list", "data": [_openai(model) for model in models]})


def write_one(snapshot: Snapshot, principal: Principal, name: str, dialect: str) -> bytes:
    """One model by name. Raises `Refused` (404) also for one that the key may not ask for."""
    model = snapshot.model(name) if principal.allows_model(name) else None
    if model is None:
        raise Refused(
            Fault("model_not_found", Category.NOT_FOUND, 404, f"there is no model {name!r} for this key", "model")
        )
    if dialect == GEMINI:
        return msgspec.json.encode(_gemini(model))
    return msgspec.json.encode(_anthropic(model) if dialect == ANTHROPIC else _openai(model))


def _openai(model: Model) -> dict[str, str | int]:
    return {"id": model.name, "object": "model", "created": model.created, "owned_by": OWNER}


def _anthropic(model: Model) -> dict[str, str | int]:
    created = datetime.fromtimestamp(model.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"type": "model", "id": model.name, "display_name": model.name, "created_at": created}


def _gemini(model: Model) -> dict[str, str | list[str]]:
    methods = ["generateContent", "countTokens"]
    return {"name": f"models/{model.name}", "displayName": model.name, "supportedGenerationMethods": methods}
