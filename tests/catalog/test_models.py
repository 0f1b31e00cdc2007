import pytest

from trigate.catalog.models import max_output


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-4.1", 32_768),
        ("GPT-4o-2024-11-20", 16_384),
        ("claude-opus-4-5-20251101", 64_000),
        ("claude-opus-4-5@20251101", 64_000),
        ("claude-3-7-sonnet-latest", 64_000),
        ("claude-opus-4-0", 32_000),
        ("vendor/gpt-4.1", 32_768),
    ],
)
def test_known_models(model: str, tokens: int) -> None:
    assert max_output(model) == tokens


@pytest.mark.parametrize("model", ["", "llama-3", "gpt-4.1-turbo", "claude-opus-4-9", "o30", "gpt-4o-audio-preview"])
def test_the_nearest_older_model_says_nothing(model: str) -> None:
    assert max_output(model) is None
