import pytest
from pydantic import ValidationError

from tests.config.files import SHA
from trigate.config.schema_tenants import App


def test_keys_are_a_list_or_a_file() -> None:
    assert App.model_validate({"keys": [{"id": "a", "sha256": SHA.upper()}]}).keys.inline[0].sha256 == SHA
    assert App.model_validate({"keys": {"file": "keys.jsonl"}}).keys.file == "keys.jsonl"
    assert App.model_validate({}).keys.inline == ()


@pytest.mark.parametrize(
    "key",
    [
        {"id": "a"},
        {"id": "", "sha256": SHA},
        {"id": "a", "sha256": SHA[1:]},
        {"id": "a", "sha256": "g" + SHA[1:]},
        {"id": "a", "sha256": SHA, "expires": "soon"},
        {"id": "a", "sha256": SHA, "models": []},
        {"id": "a", "sha256": SHA, "secret": "tg-..."},
    ],
)
def test_what_is_no_key(key: object) -> None:
    with pytest.raises(ValidationError):
        App.model_validate({"keys": [key]})
