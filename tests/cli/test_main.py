"""Help, version, mistakes: how the command line behaves before any command runs."""

import ast
import resource
import subprocess
import sys

import pytest

import trigate as package
from tests.cli.commands import COLOUR, environment, on_a_terminal, trigate
from trigate.cli.main import COMMANDS, main

BUDGET_SECONDS = 0.5
TRIES = 3


def test_help_lists_every_command_in_its_group() -> None:
    done = trigate("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in COMMANDS)
    assert done.stdout.index("Run") < done.stdout.index("Configure") < done.stdout.index("Operate")
    assert trigate().stdout == done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_with_an_example(command: str) -> None:
    done = trigate(command, "--help")
    assert done.returncode == 0
    assert f"trigate {command}" in done.stdout
    if "COMMAND" not in done.stdout:
        assert "Example:" in done.stdout


def test_help_answers_at_once() -> None:
    """In time on a processor: other tests may run beside it."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        trigate("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(TRIES)) < BUDGET_SECONDS


def test_the_list_of_commands_imports_none_of_them() -> None:
    code = "import sys, trigate.cli.main; print([name for name in sys.modules if name.startswith('trigate.')])"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(done.stdout))
    assert "trigate.cli.main" in loaded
    assert not {"trigate.config.compile", "trigate.app.serve", "trigate.cli.check"} & loaded


def test_the_version() -> None:
    assert trigate("--version").stdout == f"trigate {package.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chek"], "Did you mean 'check'"),
        (["check", "--strickt"], "--strict"),
        (["serve"], "--config"),
        (["keys", "nwe"], "'new'"),
        (["check", "a.yaml", "b.yaml"], "trigate check --help"),
    ],
)
def test_a_mistake_is_one_sentence_on_standard_error(arguments: list[str], says: str) -> None:
    done = trigate(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("trigate: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
    assert "--help" in done.stderr


def test_a_file_error_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--output", "/nowhere/schema.json"]) == 1
    assert capsys.readouterr().err == "trigate: /nowhere/schema.json: No such file or directory\n"


def test_a_closed_pipe_is_no_traceback() -> None:
    command = [sys.executable, "-m", "trigate", "schema"]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize("variables", [{}, {"GITHUB_ACTIONS": "true"}])
def test_no_escape_sequence_in_a_pipe(variables: dict[str, str]) -> None:
    assert "\x1b" not in trigate("--help", variables=variables).stdout


def test_colour_on_a_terminal_but_not_with_no_color() -> None:
    assert COLOUR.search(on_a_terminal("--help"))
    plain = on_a_terminal("--help", variables={"NO_COLOR": "1"})
    assert not [code for code in COLOUR.findall(plain) if any(part in code for part in ("[3", ";3", "[9", ";9"))]


def test_completion_names_commands_and_options() -> None:
    def completed(*words: str) -> str:
        line = {"_TRIGATE_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
        return trigate(variables=line).stdout

    assert completed("trigate", "do") == "doctor\n"
    assert "--strict" in completed("trigate", "check", "--st")
    assert "new" in completed("trigate", "keys", "n")
