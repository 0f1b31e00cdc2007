"""A published configuration made live."""

import msgspec
import pytest

from tests.support.plant import ACCOUNTS, DIALECTS, PRICE, account, model, snapshot, target
from trigate.app.extensions import Pools, extensions
from trigate.config.published import (
    KnownModel,
    Published,
    PublishedEgress,
    PublishedExtension,
    PublishedParam,
    PublishedTimeouts,
    sealed,
)
from trigate.config.registry import Registry
from trigate.config.secrets import References
from trigate.config.snapshot import DIRECT_MODELS_KEPT, Model, Snapshot
from trigate.core.errors import CURABLE
from trigate.core.ports import Call, Fetcher
from trigate.upstream.memory import MemoryFetcher, Scripted


async def nobody(call: Call) -> Scripted:
    raise ConnectionError


def built(published: Published) -> Snapshot:
    return snapshot(published, MemoryFetcher(nobody))


def found(published: Published, name: str) -> Model:
    model = built(published).model(name)
    assert model is not None
    return model


def test_fallbacks_come_after_the_primaries() -> None:
    places = (target("o1", fallback=True, weight=5), target("o2"), target("a1", fallback=True), target("a2"))
    chat = found(Published(ACCOUNTS, (model("chat", *places),)), "chat")
    assert [each.ref.provider for each in chat.targets] == ["o2", "a2", "o1", "a1"]
    assert [each.index for each in chat.targets] == [0, 1, 2, 3]
    assert chat.primaries == 2


def test_weights_follow_their_targets() -> None:
    places = (target("o1", fallback=True, weight=1), target("o2", weight=0), target("a1", weight=9))
    chat = found(Published(ACCOUNTS, (model("chat", *places, selector=PublishedExtension("weighted")),)), "chat")
    assert chat.selector.order([], 0.5) == []
    asked = chat.targets[: chat.primaries]
    assert [each.ref.provider for each in asked] == ["o2", "a1"]


def test_a_target_says_where_it_is_and_what_it_costs() -> None:
    place = found(Published(ACCOUNTS, (model("chat", "o1"),)), "chat").targets[0]
    assert (place.ref.provider, place.ref.model, place.ref.region) == ("o1", "gpt-4.1", "eu-1")
    assert (place.price, place.max_output) == (PRICE, 1000)


def test_parameters_are_compiled_for_every_dialect_that_has_them() -> None:
    params = (
        PublishedParam("max_tokens", msgspec.Raw(b"64"), overridable=False),
        PublishedParam("seed", msgspec.Raw(b"7")),
    )
    place = found(Published(ACCOUNTS, (model("chat", target("o1", params=params)),)), "chat").targets[0]
    openai, anthropic = place.edits["openai_chat"], place.edits["anthropic_messages"]
    assert [(each.name, each.keys[0], each.value, each.overridable) for each in openai] == [
        ("max_tokens", "max_completion_tokens", b"64", False),
        ("seed", "seed", b"7", True),
    ]
    assert [(each.name, each.keys) for each in anthropic] == [("max_tokens", ("max_tokens",)), ("seed", ())]


def test_what_is_not_said_has_a_default() -> None:
    published = Published(ACCOUNTS, (model("chat", "o1"), model("picky", "o1", retry_on=("timeout",))))
    assert found(published, "chat").retry_on == CURABLE
    assert found(published, "picky").retry_on == {"timeout"}


def test_any_model_of_an_account_is_known_with_its_price() -> None:
    known = msgspec.structs.replace(account("o1"), known={"gpt-5": KnownModel(PRICE, 77)})
    live = built(Published((known,)))
    priced, unknown = live.model("o1/gpt-5"), live.model("o1/some/other")
    assert priced is not None and unknown is not None
    assert (priced.targets[0].price, priced.targets[0].max_output) == (PRICE, 77)
    assert (unknown.targets[0].model, unknown.targets[0].price) == ("some/other", None)
    assert live.model("o1/gpt-5") is priced
    assert live.models() == []


@pytest.mark.parametrize("name", ["", "gone", "o1", "o1/", "/gpt", "nobody/gpt", "o1/a\nb"])
def test_no_model(name: str) -> None:
    assert built(Published(ACCOUNTS, (model("chat", "o1"),))).model(name) is None


def test_a_configured_name_comes_first() -> None:
    live = built(Published(ACCOUNTS, (model("o1/gpt", "o2"),)))
    found = live.model("o1/gpt")
    assert found is not None and found.targets[0].ref.provider == "o2"


def test_invented_names_are_kept_up_to_a_bound() -> None:
    live = built(Published((account("o1"),)))
    for number in range(DIRECT_MODELS_KEPT):
        live.model(f"o1/m{number}")
    late = live.model("o1/late")
    assert late is not None and late.name == "o1/late"
    assert live.model("o1/m0") is live.model("o1/m0")


def test_only_listed_models_are_listed() -> None:
    live = built(Published(ACCOUNTS, (model("b", "o1"), model("x", "o1", listed=False), model("a", "o1"))))
    assert [each.name for each in live.models()] == ["b", "a"]


def test_a_pool_is_asked_for_each_connect_timeout() -> None:
    asked: list[float] = []
    fetcher = MemoryFetcher(nobody)

    def pool(egress: PublishedEgress, connect_seconds: float) -> Fetcher:
        asked.append(connect_seconds)
        return fetcher

    references = References({})
    makers = msgspec.structs.replace(extensions(Registry(), references, Pools(references)), fetcher=pool)
    models = (model("a", "o1", "o2"), model("b", "o1", timeouts=PublishedTimeouts(connect=1.5)))
    Snapshot(sealed(Published(ACCOUNTS, models)), makers, tuple(DIALECTS.values()))
    assert asked == [5.0, 1.5]


@pytest.mark.parametrize(
    "published",
    [
        Published((account("o1", "telepathy"),)),
        Published((account("o1", base_url="nowhere"),)),
        Published(ACCOUNTS, (model("chat", "o1", selector=PublishedExtension("dice")),)),
        Published(ACCOUNTS, (model("chat", "o1", retry_on=("boredom",)),)),
        Published(ACCOUNTS, admission=(PublishedExtension("networks"),)),
    ],
)
def test_what_cannot_be_built_is_named_without_its_secrets(published: Published) -> None:
    with pytest.raises(ValueError) as refused:
        built(published)
    assert "canary" not in str(refused.value)
