from tests.config.files import NOON
from trigate.config.pricing import Account, PriceList
from trigate.config.published import known_model
from trigate.config.schema_models import PriceOverride

MAIN = Account("main", "openai", "https://api.openai.com/v1")
OTHER = Account("other", "openai", "https://api.openai.com/v1")
LLAMA = Account("llama", "openai_compatible", "http://127.0.0.1:8000/v1")


def prices(overrides: dict[str, tuple[str, str]], currency: str = "USD") -> PriceList:
    models = {
        key: PriceOverride.model_validate({"input": given[0], "output": given[1]}) for key, given in overrides.items()
    }
    return PriceList(models, ["main", "other", "llama"], currency, NOON)


def test_the_most_particular_override_wins() -> None:
    listed = prices(
        {
            "*": ("1", "1"),
            "gpt-*": ("2", "2"),
            "gpt-4.1": ("3", "3"),
            "main/gpt-*": ("4", "4"),
            "main/gpt-4.1": ("5", "5"),
            "oth*/gpt-4.1-mini": ("6", "6"),
        }
    )

    def dollars(account: Account, model: str) -> int:
        price = listed.quote(account, model).price
        assert price is not None
        return price.input // 10**9

    assert dollars(MAIN, "gpt-4.1") == 5
    assert dollars(MAIN, "gpt-4o") == 4
    assert dollars(OTHER, "gpt-4.1") == 3
    assert dollars(OTHER, "gpt-4.1-mini") == 6
    assert dollars(OTHER, "gpt-4o") == 2
    assert dollars(LLAMA, "llama-3") == 1


def test_an_override_fills_in_what_it_does_not_say() -> None:
    override = PriceOverride.model_validate({"input": "2.50 USD", "output": 10, "cache_write": "3", "request": "0.001"})
    price = PriceList({"m": override}, ["llama"], "USD", NOON).quote(LLAMA, "m").price
    assert price is not None
    assert (price.input, price.cache_read, price.audio_input) == (2_500_000_000,) * 3
    assert (price.cache_write, price.cache_write_1h) == (3_000_000_000,) * 2
    assert (price.output, price.reasoning, price.audio_output, price.request) == (10_000_000_000,) * 3 + (1_000_000,)
    assert price.version.startswith("override:")


def test_the_version_of_an_override_is_its_content() -> None:
    one, same, other = (
        prices({"m": given}).quote(LLAMA, "m").price for given in (("1", "2"), ("1.0", "2"), ("1", "3"))
    )
    assert one is not None and same is not None and other is not None
    assert one.version == same.version != other.version


def test_free_is_a_price() -> None:
    price = prices({"m": ("0", "0")}).quote(LLAMA, "m").price
    assert price is not None and price.input == 0


def test_dollars_do_not_price_another_currency() -> None:
    assert prices({}).quote(MAIN, "gpt-4.1").price is not None
    euros = prices({"gpt-4o": ("2", "8")}, "EUR")
    assert euros.quote(MAIN, "gpt-4.1").price is None
    assert euros.quote(MAIN, "gpt-4o").price is not None
    assert list(euros.known(MAIN)) == ["gpt-4o"]


def test_what_is_known_of_an_account() -> None:
    known = prices({"main/gpt-4.1": ("5", "5"), "main/own-*": ("1", "1"), "other/x": ("9", "9")}).known(MAIN)
    price = known["gpt-4.1"].price
    assert price is not None and price.version.startswith("override:")
    assert known["gpt-4.1"].max_output == 32_768
    assert known["own-*"].price is not None and "x" not in known
    names = list(known)
    patterns = [name for name in names if "*" in name]
    assert patterns[0] == "own-*" and len(patterns) > 1
    assert names[-len(patterns) :] == patterns
    assert prices({}).known(LLAMA) == {}


def test_overrides_for_providers_that_do_not_exist_are_told() -> None:
    listed = prices({"mian/gpt-4.1": ("1", "1"), "meta/llama-3": ("1", "1"), "main/x": ("1", "1"), "gpt-9": ("1", "1")})
    assert listed.quote(LLAMA, "meta/llama-3").price is not None
    assert listed.unused() == ["mian/gpt-4.1"]


def test_dated_names_are_priced_by_pattern() -> None:
    known = prices({}).known(Account("claude", "anthropic", ""))
    dated = known_model(known, "claude-opus-4-5-20251101")
    assert dated == known["claude-opus-4-5"]
    assert known_model(known, "made-up").price is None
