"""`trigate schema`."""

import json
from pathlib import Path

from tests.cli.commands import trigate


def test_the_schema_knows_the_extensions_that_are_installed() -> None:
    schema = json.loads(trigate("schema").stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    kinds = {each["properties"]["kind"]["const"] for each in schema["$defs"]["Provider"]["oneOf"]}
    assert {"openai", "anthropic", "openai_compatible"} <= kinds


def test_it_is_written_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    done = trigate("schema", "--output", path)
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads(path.read_text()) == json.loads(trigate("schema").stdout)
