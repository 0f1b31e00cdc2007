import pytest
from pydantic import ValidationError

from trigate.config.schema_listen import Listen


def test_an_address_is_enough() -> None:
    listen = Listen.model_validate({"control": "127.0.0.1:9", "data": "0.0.0.0:8443"})
    assert (listen.control.bind, listen.data["data"].bind) == ("127.0.0.1:9", "0.0.0.0:8443")
    assert listen.data["data"].gates == ("api", "model")


def test_something_is_always_served() -> None:
    assert list(Listen.model_validate({"control": "127.0.0.1:9"}).data) == ["data"]
    assert list(Listen.model_validate({"tools": {"gates": ["api"]}}).data) == ["tools"]


@pytest.mark.parametrize(
    "listener",
    [
        {"bind": "8443"},
        {"gates": []},
        {"gates": ["tool"]},
        {"tls": {"cert": "a"}},
        {"trusted_proxies": ["10.0.0.1/8"]},
        {"port": 1},
        3,
    ],
)
def test_what_is_no_listener(listener: object) -> None:
    with pytest.raises(ValidationError):
        Listen.model_validate({"data": listener})
