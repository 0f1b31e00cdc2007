"""The generated reference pages are what the models and rows say today."""

from tests.architecture.source import ROOT
from trigate.config.reference import render
from trigate.providers.vendors.page import render as render_providers


def test_the_configuration_page_is_fresh() -> None:
    page = (ROOT / "docs/reference/configuration.md").read_text("utf-8")
    assert page == render(), "run: make docs"


def test_the_providers_page_is_fresh() -> None:
    page = (ROOT / "docs/reference/providers.md").read_text("utf-8")
    assert page == render_providers(), "run: make docs"
