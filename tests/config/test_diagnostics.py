import msgspec

from trigate.config import diagnostics
from trigate.config.diagnostics import Diagnostic, Findings, Mark, Path, Severity

ERROR = Diagnostic(Severity.ERROR, "value", "a.yaml", 3, 7, "models.m", "must be 50%, not '5'", "say: 50%", "5%")
WARNING = Diagnostic(Severity.WARNING, "no_keys", "a.yaml", 0, 0, "", "there are no keys")


class Marked:
    def locate(self, path: Path, *, at_key: bool) -> Mark:
        return Mark("a.yaml", len(path) + 1, 1 if at_key else 5)


def test_findings_are_sorted_by_place_and_told_once() -> None:
    findings = Findings(Marked())
    findings.warning(("models", "b"), "unused", "later")
    findings.error(("models",), "value", "first")
    findings.error(("models",), "value", "first")
    findings.key_error(("models",), "unknown_key", "before it")
    findings.at(Mark("a.jsonl", 1, 1), ("models",), "key", "in another file")
    assert [(each.file, each.line, each.column, each.message) for each in findings.sorted()] == [
        ("a.jsonl", 1, 1, "in another file"),
        ("a.yaml", 2, 1, "before it"),
        ("a.yaml", 2, 5, "first"),
        ("a.yaml", 3, 5, "later"),
    ]
    assert ("models", "b") not in findings.paths_in_error()


def test_paths_are_dotted() -> None:
    assert diagnostics.dotted(("models", "gpt-4.1", "targets", 0, "provider")) == 'models."gpt-4.1".targets[0].provider'
    assert diagnostics.dotted(()) == ""


def test_the_nearest_name() -> None:
    assert diagnostics.nearest("provder", ["models", "provider"]) == "provider"
    assert diagnostics.nearest("zzz", ["models", "provider"]) == ""
    assert diagnostics.known_names(str(n) for n in range(20)).endswith(", ...")
    assert diagnostics.known_names([]) == "none"


def test_text_for_people() -> None:
    text = diagnostics.render_text([ERROR, WARNING], colour=False)
    assert text == (
        "a.yaml:3:7: error: models.m: must be 50%, not '5' [value]\n"
        "    did you mean '5%'?\n"
        "    say: 50%\n"
        "a.yaml: warning: there are no keys [no_keys]\n"
        "1 error, 1 warning\n"
    )
    assert "\x1b[31merror" in diagnostics.render_text([ERROR], colour=True)


def test_json_for_programs() -> None:
    decoded = msgspec.json.decode(diagnostics.render_json([ERROR, WARNING]), type=list[Diagnostic])
    assert decoded == [ERROR, WARNING]


def test_annotations_are_escaped() -> None:
    text = diagnostics.render_github([ERROR, msgspec.structs.replace(WARNING, file="a,b:c.yaml")])
    assert text == (
        "::error file=a.yaml,line=3,col=7,title=value::"
        "models.m: must be 50%25, not '5' (did you mean '5%25'?). say: 50%25\n"
        "::warning file=a%2Cb%3Ac.yaml,title=no_keys::there are no keys\n"
    )


def test_only_errors_keep_a_configuration_from_use() -> None:
    assert diagnostics.has_errors([WARNING, ERROR])
    assert not diagnostics.has_errors([WARNING])
