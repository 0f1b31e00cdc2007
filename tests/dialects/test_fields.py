import pytest

from trigate.dialects.fields import Fields, Misfit


def test_what_is_not_taken_is_left() -> None:
    fields = Fields(b'{"a":"x","b":1,"c":true,"d":2.5,"e":["p","","q"],"new":{"k":1},"none":null,"empty":[]}')
    assert (fields.text("a"), fields.integer("b"), fields.flag("c"), fields.number("d")) == ("x", 1, True, 2.5)
    assert fields.texts("e") == ["p", "q"]
    assert list(fields.rest()) == ["new"]
    assert list(fields.rest("in.")) == ["in.new"]


@pytest.mark.parametrize("nothing", ["null", '""', "[]", "{}"])
def test_nothing_is_absent(nothing: str) -> None:
    assert list(Fields(b'{"a":%s}' % nothing.encode()).rest()) == []


def test_nulls_and_missing_fields_are_none() -> None:
    fields = Fields(b'{"a":null,"b":"","c":null,"o":{}}')
    found = (fields.text("a"), fields.text("b"), fields.flag("c"), fields.object("o"), fields.raw("z"))
    assert found == (None, None, None, None, None)
    assert fields.objects("list") == [] == fields.texts("texts")


def test_text_that_is_passed_on_keeps_its_bytes() -> None:
    assert Fields(b'{"schema": {"b": 1.0,  "a":1e3} }').raw("schema") == b'{"b": 1.0,  "a":1e3}'


def test_a_string_is_told_from_a_list() -> None:
    fields = Fields(b'{"a":"x","b":["x"]}')
    assert fields.is_text("a")
    assert not fields.is_text("b")
    assert not fields.is_text("c")


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"3"])
def test_a_value_that_is_no_object_is_a_misfit(body: bytes) -> None:
    with pytest.raises(Misfit):
        Fields(body)


def test_a_misfit_names_the_path() -> None:
    inner = Fields(b'{"messages":[{"role":"user"},{"role":7}]}').objects("messages")[1]
    with pytest.raises(Misfit, match=r"^messages\.1\.role: a string is needed$") as caught:
        inner.text("role")
    assert caught.value.path == "messages.1.role"


def test_what_is_needed_must_be_there() -> None:
    with pytest.raises(Misfit, match="id: field required"):
        Fields(b'{"id":""}').needed("id")
