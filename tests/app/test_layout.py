"""Where things are, and what children are told."""

from pathlib import Path

import pytest

from trigate.app.layout import Settings, read_settings
from trigate.config.static import Static, StaticListener

STATIC = Static(
    state_dir="/var/lib/trigate",
    min_free=1 << 20,
    workers=4,
    listeners=(StaticListener("public", "127.0.0.1", 8080, ("model",), tls=True),),
    control=StaticListener("control", "127.0.0.1", 9090),
)


def test_everything_lies_in_the_state_directory() -> None:
    layout = Settings("/etc/trigate.yaml", STATIC).layout
    assert layout.root == Path("/var/lib/trigate")
    places = {value for name, value in vars(layout).items() if name != "root"}
    assert all(place.parent == layout.root for place in places)
    assert len(places) == len(vars(layout)) - 1


def test_a_child_reads_what_it_is_given() -> None:
    settings = Settings("/etc/trigate.yaml", STATIC)
    assert read_settings(settings.argument()) == settings


@pytest.mark.parametrize("argument", ["", "{}", "[]", '{"config": "x"}'])
def test_anything_else_is_refused(argument: str) -> None:
    with pytest.raises(ValueError):
        read_settings(argument)
