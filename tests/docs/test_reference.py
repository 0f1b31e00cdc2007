"""The generated reference page is what the models say today."""

from tests.architecture.source import ROOT
from trigate.config.reference import render


def test_the_configuration_page_is_fresh() -> None:
    page = (ROOT / "docs/reference/configuration.md").read_text("utf-8")
    assert page == render(), "run: make docs"
