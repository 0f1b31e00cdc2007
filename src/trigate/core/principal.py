"""The authenticated caller."""

import msgspec


class Principal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who calls. `key_id` is the key's public name, never the key; `models` is what this key may ask for.

    `models` of None allows every model of the snapshot. `expires_ns` is wall-clock Unix nanoseconds.
    """

    tenant: str
    app: str
    key_id: str
    models: tuple[str, ...] | None = None
    user: str | None = None
    expires_ns: int | None = None

    def expired(self, wall_ns: int) -> bool:
        """Whether the key's date has passed."""
        return self.expires_ns is not None and self.expires_ns <= wall_ns

    def allows_model(self, name: str) -> bool:
        """Whether the key may ask for the model called `name`."""
        return self.models is None or name in self.models
