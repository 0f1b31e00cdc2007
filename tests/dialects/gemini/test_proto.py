"""Two spellings of a field are one field, and never both."""

import msgspec
import pytest

from trigate.core.errors import Refused
from trigate.dialects.fields import Misfit
from trigate.dialects.gemini.proto import ProtoFields, camel, scanned, typed


@pytest.mark.parametrize(("name", "known"), [("top_p", "topP"), ("topP", "topP"), ("a_b_c", "aBC"), ("text", "text")])
def test_names(name: str, known: str) -> None:
    assert camel(name) == known


def test_fields_are_found_under_either_name() -> None:
    fields = ProtoFields(b'{"generation_config":{"top_p":0.5}}')
    config = fields.object("generationConfig")
    assert config is not None and config.number("topP") == 0.5


def test_a_field_under_both_names_is_refused() -> None:
    with pytest.raises(Misfit):
        ProtoFields(b'{"topP":1,"top_p":2}')
    with pytest.raises(Refused) as refused:
        scanned(b'{"topP":1,"top_p":2}', "generationConfig")
    assert refused.value.fault.code == "ambiguous_json"


def test_a_field_of_another_type_is_refused() -> None:
    decoder = msgspec.json.Decoder(int | None)
    assert typed({"n": b"3"}, "n", decoder, "a number") == 3
    assert typed({}, "n", decoder, "a number") is None
    with pytest.raises(Refused):
        typed({"n": b'"x"'}, "n", decoder, "a number")
