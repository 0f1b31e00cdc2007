from typing import get_args

import pytest
from pydantic import ValidationError

from trigate.config.published import PublishedLimits
from trigate.config.schema import Config

PROVIDERS = {"main": {"kind": "openai"}}


def test_one_provider_is_enough() -> None:
    config = Config.model_validate({"providers": PROVIDERS})
    assert (config.workers, config.currency, config.evidence.fsync) == ("auto", "USD", "group")
    assert list(config.listen.data) == ["data"]


def test_defaults_of_limits_are_those_of_the_published_form() -> None:
    config = Config.model_validate({"providers": PROVIDERS})
    assert PublishedLimits(**config.limits.model_dump()) == PublishedLimits()


@pytest.mark.parametrize(("written", "workers"), [("auto", "auto"), (4, 4), ("4", 4)])
def test_workers(written: object, workers: object) -> None:
    assert Config.model_validate({"providers": PROVIDERS, "workers": written}).workers == workers


@pytest.mark.parametrize("written", [0, -1, 513, True, "many", 1.5, None])
def test_what_is_no_number_of_workers(written: object) -> None:
    with pytest.raises(ValidationError, match="must be auto or a number"):
        Config.model_validate({"providers": PROVIDERS, "workers": written})


@pytest.mark.parametrize("written", ["usd", "US", "USDT", "ÄÖÜ", "123"])
def test_what_is_no_currency(written: str) -> None:
    with pytest.raises(ValidationError, match="three capital letters"):
        Config.model_validate({"providers": PROVIDERS, "currency": written})


def test_a_configuration_does_not_change() -> None:
    config = Config.model_validate({"providers": PROVIDERS})
    with pytest.raises(ValidationError):
        config.workers = 3


def test_every_field_is_described() -> None:
    waiting: list[object] = [Config]
    seen: set[object] = set()
    while waiting:
        kind = waiting.pop()
        waiting.extend(get_args(kind))
        if not isinstance(kind, type) or not hasattr(kind, "model_fields") or kind in seen:
            continue
        seen.add(kind)
        assert kind.__doc__, kind
        for name, field in kind.model_fields.items():
            assert field.description, f"{kind.__name__}.{name} has no description"
            waiting.append(field.annotation)
    assert len(seen) > 15
