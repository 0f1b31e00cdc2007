"""`headers`: callers must send certain headers, such as a use case or a trace id."""

from pydantic import BaseModel, ConfigDict, Field

from trigate.core.errors import Fault, invalid
from trigate.core.facts import Facts
from trigate.core.ports import AdmissionInput, Check


class Config(BaseModel):
    """Headers without which a call is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    require: tuple[str, ...] = Field(min_length=1, description="Header names, such as `x-trigate-use-case`.")


class RequiredHeaders:
    """Refuses calls that leave a required header out or empty."""

    rule = "admission.headers"

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = tuple(name.lower().encode() for name in names)

    def check(self, asked: AdmissionInput, facts: Facts) -> Fault | None:
        """Names every missing header at once."""
        missing = [name.decode() for name in self._names if not asked.headers.get(name)]
        return invalid("header_required", f"send these headers: {', '.join(missing)}") if missing else None


def build(config: Config) -> Check:
    """The check as the data plane runs it."""
    return RequiredHeaders(config.require)
