from typing import get_args

import pytest
from pydantic import ValidationError

from trigate.config.published import PublishedTimeouts
from trigate.config.schema_models import Model, ParamName, Params, PriceOverride, Timeouts
from trigate.core.money import Price


def test_the_names_of_parameters_are_one_list() -> None:
    assert list(get_args(ParamName)) == list(Params.model_fields)


def test_deadlines_and_prices_have_the_names_of_the_published_form() -> None:
    assert set(Timeouts.model_fields) - {"profile"} == set(PublishedTimeouts.__struct_fields__)
    assert set(PriceOverride.model_fields) | {"version"} == set(Price.__struct_fields__)


def test_a_selector_may_be_a_word() -> None:
    assert Model.model_validate({"provider": "a", "selector": "weighted"}).selector.kind == "weighted"


@pytest.mark.parametrize(
    ("written", "names"), [(True, get_args(ParamName)), (False, ()), (["max_tokens"], ("max_tokens",)), ([], ())]
)
def test_who_may_override(written: object, names: tuple[str, ...]) -> None:
    assert Model.model_validate({"provider": "a", "allow_override": written}).allow_override == names


@pytest.mark.parametrize(
    "model",
    [
        {},
        {"provider": "a", "targets": [{"provider": "b"}]},
        {"targets": [{"provider": "b"}], "model": "m"},
        {"targets": [{"model": "m"}]},
        {"provider": "a", "allow_override": "max_tokens"},
        {"provider": "a", "retry": {"attempts": 0}},
        {"provider": "a", "retry": {"on": ["sometimes"]}},
    ],
)
def test_what_is_no_model(model: object) -> None:
    with pytest.raises(ValidationError):
        Model.model_validate(model)
