import pytest

from trigate.simulator.openai import OPENAI
from trigate.simulator.reply import find_problem
from trigate.simulator.script import ScriptError


def test_problems_are_found_by_name_and_status() -> None:
    assert find_problem(OPENAI.problems, "insufficient_quota").code == "insufficient_quota"
    assert find_problem(OPENAI.problems, "429").code == "rate_limit_exceeded"


def test_a_status_without_a_problem_of_its_own_gets_the_nearest_kind() -> None:
    assert find_problem(OPENAI.problems, "418").type == "invalid_request_error"
    assert (find_problem(OPENAI.problems, "599").type, find_problem(OPENAI.problems, "599").status) == (
        "server_error",
        599,
    )


@pytest.mark.parametrize("name", ["rate_limits", "200", "600"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ScriptError, match="unknown error"):
        find_problem(OPENAI.problems, name)
