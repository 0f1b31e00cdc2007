"""Secrets cannot be shown by accident."""

import copy
import pickle

import msgspec
import pytest
from pydantic import BaseModel, ValidationError

from trigate.core.secret import MASK, Secret


class Model(BaseModel):
    key: Secret


def test_only_reveal_shows_it() -> None:
    secret = Secret("canary")
    assert secret.reveal() == "canary"
    shown = f"{secret} {secret!r} {[secret]}"
    assert "canary" not in shown and MASK in shown


def test_it_cannot_be_pickled_copied_encoded_or_compared() -> None:
    secret = Secret("canary")
    for leak in (pickle.dumps, copy.deepcopy, msgspec.json.encode):
        with pytest.raises(TypeError):
            leak(secret)
    assert secret != Secret("canary")


def test_a_model_takes_text_and_shows_none() -> None:
    model = Model.model_validate({"key": "canary"})
    assert model.key.reveal() == "canary"
    assert Model(key=model.key).key is model.key
    assert "canary" not in repr(model) + str(model.model_dump()) + model.model_dump_json()
    assert Model.model_validate_json('{"key": "canary"}').key.reveal() == "canary"


@pytest.mark.parametrize("value", ["", 5, None, ["canary"]])
def test_only_text_is_a_secret(value: object) -> None:
    with pytest.raises(ValidationError):
        Model.model_validate({"key": value})


def test_editors_know_that_it_is_only_written() -> None:
    assert Model.model_json_schema()["properties"]["key"] == {
        "title": "Key",
        "type": "string",
        "minLength": 1,
        "writeOnly": True,
    }
