import msgspec

from trigate.config.static import Static, StaticListener, changed

STATIC = Static("/srv", 1, 2, (StaticListener("data", "::", 8443, ("model",)),), StaticListener("control", "::1", 8081))


def test_what_a_reload_cannot_change_is_named() -> None:
    assert changed(STATIC, STATIC) == ()
    assert changed(STATIC, msgspec.structs.replace(STATIC, workers=3, fsync="off")) == ("workers", "fsync")


def test_it_passes_between_processes() -> None:
    assert msgspec.json.decode(msgspec.json.encode(STATIC), type=Static) == STATIC
