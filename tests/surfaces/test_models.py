"""The models list, per key, in both dialects."""

import pytest

from tests.support.plant import KEY, Bench, model
from trigate.core.principal import Principal

MODELS = [model("chat", "o1", created=1_700_000_000), model("claude", "a1"), model("hidden", "o2", listed=False)]
LIMITED = Principal("acme", "support", "s-2", models=("claude", "hidden"))
ANTHROPIC = {"anthropic-version": "2023-06-01"}


def bench() -> Bench:
    return Bench(models=MODELS, keys={KEY: Principal("acme", "support", "s-1"), "limited": LIMITED})


@pytest.mark.parametrize("path", ["/v1/models", "/openai/v1/models", "/openai/models"])
def test_openais_list(path: str) -> None:
    assert bench().ask(path, method="GET").json == {
        "object": "list",
        "data": [
            {"id": "chat", "object": "model", "created": 1_700_000_000, "owned_by": "trigate"},
            {"id": "claude", "object": "model", "created": 0, "owned_by": "trigate"},
        ],
    }


@pytest.mark.parametrize(("path", "headers"), [("/v1/models", ANTHROPIC), ("/anthropic/v1/models", {})])
def test_anthropics_list(path: str, headers: dict[str, str]) -> None:
    view = bench().ask(path, method="GET", headers=headers)
    assert view.json["data"][0] == {  # type: ignore[index]
        "type": "model",
        "id": "chat",
        "display_name": "chat",
        "created_at": "2023-11-14T22:13:20Z",
    }
    assert {key: view.json[key] for key in ("first_id", "last_id", "has_more")} == {
        "first_id": "chat",
        "last_id": "claude",
        "has_more": False,
    }


@pytest.mark.parametrize("headers", [{}, ANTHROPIC])
def test_a_key_sees_the_listed_models_that_it_may_use(headers: dict[str, str]) -> None:
    view = bench().ask("/v1/models", method="GET", headers=headers, key="limited")
    assert [each["id"] for each in view.json["data"]] == ["claude"]  # type: ignore[attr-defined]


def test_an_empty_list() -> None:
    nothing = Bench(models=[])
    assert nothing.ask("/v1/models", method="GET").json == {"object": "list", "data": []}
    view = nothing.ask("/v1/models", method="GET", headers=ANTHROPIC)
    assert (view.json["data"], view.json["first_id"], view.json["last_id"]) == ([], None, None)


@pytest.mark.parametrize("name", ["chat", "hidden", "o1/any/model"])
def test_one_model_by_name(name: str) -> None:
    assert bench().ask(f"/v1/models/{name}", method="GET").json["id"] == name
    assert bench().ask(f"/anthropic/v1/models/{name}", method="GET").json["display_name"] == name


@pytest.mark.parametrize(("name", "key"), [("chat", "limited"), ("gone", KEY), ("gone", "limited"), ("", KEY)])
def test_a_model_that_the_key_may_not_use_is_not_there(name: str, key: str) -> None:
    view = bench().ask(f"/v1/models/{name}", method="GET", key=key)
    assert (view.status, view.error["code"]) == (404, "model_not_found")


def test_a_stranger_sees_no_models() -> None:
    assert bench().ask("/v1/models", method="GET", key="wrong").status == 401
