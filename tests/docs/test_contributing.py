"""The extension that CONTRIBUTING shows in full is one: it is built and it refuses."""

import re
from types import ModuleType

from tests.architecture.source import ROOT
from trigate.config.registry import Extension, Registry
from trigate.config.secrets import References
from trigate.core.envelope import Envelope
from trigate.core.facts import Facts
from trigate.core.ports import AdmissionInput
from trigate.core.principal import Principal


def test_the_admission_check_of_the_guide_works() -> None:
    found = re.search(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    assert found is not None
    module = ModuleType("languages")
    exec(found[1], vars(module))  # noqa: S102 - our own guide
    extension = Extension("admission", "languages", module.Config, module.build)
    registry = Registry({("admission", "languages"): extension})
    config = registry.find("admission", "languages").decode(b'{"allow": ["de"]}', References({}))
    check = module.build(config)
    caller, facts = Principal("acme", "support", "k"), Facts(0, 0.0, "r", "p")
    asked = AdmissionInput(caller, "192.0.2.1", {b"content-language": b"DE"}, Envelope(), "chat")
    assert check.check(asked, facts) is None
    refused = check.check(AdmissionInput(caller, "192.0.2.1", {}, Envelope(), "chat"), facts)
    assert refused is not None and refused.code == "language_not_served"
