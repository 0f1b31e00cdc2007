from pathlib import Path

from tests.config.files import ENVIRON, PROVIDERS, write
from trigate.config.load import Loaded, load
from trigate.config.secrets import References
from trigate.config.watch import stat_identity


def loaded(path: Path | str) -> Loaded:
    return load(str(path), References(ENVIRON))


def codes(result: Loaded) -> list[tuple[str, int, str]]:
    return [(Path(each.file).name, each.line, each.code) for each in result.findings.sorted()]


def test_a_folder_is_read_in_order_of_name(tmp_path: Path) -> None:
    write(tmp_path, "20-models.yaml", "models: {a: {provider: main}}\n")
    write(tmp_path, "10-base.yml", PROVIDERS + "models: {b: {provider: main}}\n")
    write(tmp_path, ".hidden.yaml", "nonsense: [")
    write(tmp_path, "notes.txt", "nonsense: [")
    result = loaded(tmp_path)
    assert not codes(result)
    assert result.document.written(("models",)) == {"b": {"provider": "main"}, "a": {"provider": "main"}}
    assert result.document.locate(("models", "a"), at_key=True).file.endswith("20-models.yaml")
    assert set(result.watched) == {str(tmp_path), str(tmp_path / "10-base.yml"), str(tmp_path / "20-models.yaml")}


def test_tenants_unite_down_to_their_apps(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "version: 1\ntenants: {acme: {apps: {one: {}}}}\n")
    write(tmp_path, "b.yaml", "version: 1\ntenants: {acme: {apps: {two: {}}}, other: {}}\n")
    result = loaded(tmp_path)
    assert not codes(result)
    assert result.document.tree["tenants"] == {"acme": {"apps": {"one": {}, "two": {}}}, "other": {}}


def test_the_same_thing_twice_names_both_places(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "providers: {main: {}}\nlimits: {body_bytes: 1}\ntenants: {t: {apps: {x: {}}}}\n")
    write(tmp_path, "b.yaml", "tenants: {t: {apps: {x: {}}}}\nlimits: {body_bytes: 1}\nproviders: {main: {}}\n")
    result = loaded(tmp_path)
    assert codes(result) == [("b.yaml", 1, "duplicate"), ("b.yaml", 2, "duplicate"), ("b.yaml", 3, "duplicate")]
    assert [
        f"{tmp_path}/a.yaml:{line};" in each.remedy
        for line, each in zip((3, 2, 1), result.findings.sorted(), strict=True)
    ]
    assert result.document.locate(("limits",), at_key=True).file.endswith("a.yaml")


def test_includes_count_from_the_file_and_may_match_many(tmp_path: Path) -> None:
    path = write(tmp_path, "trigate.yaml", "include: [parts/*.yaml, one.yaml]\n" + PROVIDERS)
    write(tmp_path, "one.yaml", "workers: 2\n")
    write(tmp_path, "parts/a.yaml", "models: {a: {}}\n")
    write(tmp_path, "parts/b.yaml", "models: {b: {}}\n")
    result = loaded(path)
    assert not codes(result)
    assert result.document.tree["workers"] == 2
    assert result.document.written(("models",)) == {"a": {}, "b": {}}
    assert str(tmp_path / "parts") in result.watched
    assert "include" not in result.document.tree


def test_an_empty_match_is_fine_and_watched(tmp_path: Path) -> None:
    result = loaded(write(tmp_path, "trigate.yaml", "include: parts/*.yaml\n"))
    assert not codes(result)
    assert str(tmp_path / "parts") in result.watched


def test_includes_that_go_wrong(tmp_path: Path) -> None:
    assert codes(loaded(write(tmp_path, "a.yaml", "x: 1\ninclude: no.yaml\n"))) == [("a.yaml", 2, "no_file")]
    assert codes(loaded(write(tmp_path, "b.yaml", "include: [b.yaml]\n"))) == [("b.yaml", 1, "duplicate_file")]
    assert codes(loaded(write(tmp_path, "c.yaml", "include: {a: b}\n"))) == [("c.yaml", 1, "include")]


def test_one_bad_file_does_not_hide_another(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "a: [\n")
    write(tmp_path, "b.yaml", "b: {b: 1, b: 2}\n")
    assert codes(loaded(tmp_path)) == [("a.yaml", 1, "yaml"), ("b.yaml", 1, "duplicate_key")]


def test_what_cannot_be_read(tmp_path: Path) -> None:
    assert codes(loaded(tmp_path)) == [(tmp_path.name, 0, "no_file")]
    assert codes(loaded(tmp_path / "none.yaml")) == [("none.yaml", 0, "no_file")]
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xe9\n")
    assert codes(loaded(tmp_path / "latin.yaml")) == [("latin.yaml", 2, "yaml")]


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfworkers: 2\n")
    assert loaded(path).document.tree == {"workers": 2}


def test_what_was_read_is_known_as_it_was_before(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", "workers: 2\n")
    before = stat_identity(path)
    watched = loaded(path).watched
    write(tmp_path, "a.yaml", "workers: 33\n")
    assert watched == {path: before} != {path: stat_identity(path)}
