"""Token usage in disjoint classes: no token stands in two of them, so that prices and totals are plain sums."""

from enum import StrEnum

import msgspec


class UsageSource(StrEnum):
    """Where the numbers come from: the vendor, our own estimate, or the vendor's start and our estimate of the rest."""

    REPORTED = "reported"
    ESTIMATED = "estimated"
    MIXED = "mixed"


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Tokens of one call. `input` excludes cached and audio tokens; `output` excludes reasoning and audio tokens."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    audio_input: int = 0
    output: int = 0
    reasoning: int = 0
    audio_output: int = 0
    source: UsageSource = UsageSource.REPORTED

    @property
    def total_input(self) -> int:
        """Every token that the vendor read."""
        return self.input + self.cache_read + self.cache_write + self.cache_write_1h + self.audio_input

    @property
    def total_output(self) -> int:
        """Every token that the vendor wrote."""
        return self.output + self.reasoning + self.audio_output

    @property
    def total(self) -> int:
        """Every token of the call."""
        return self.total_input + self.total_output

    def merged(self, later: "Usage") -> "Usage":
        """The usage after a later report of the same call.

        Vendors report running totals, in several events and each only in part: per class the largest number wins.
        """
        return Usage(
            input=max(self.input, later.input),
            cache_read=max(self.cache_read, later.cache_read),
            cache_write=max(self.cache_write, later.cache_write),
            cache_write_1h=max(self.cache_write_1h, later.cache_write_1h),
            audio_input=max(self.audio_input, later.audio_input),
            output=max(self.output, later.output),
            reasoning=max(self.reasoning, later.reasoning),
            audio_output=max(self.audio_output, later.audio_output),
            source=later.source,
        )


NO_USAGE = Usage()
