"""The native client: upstream HTTP/1.1 on the event loop itself, with no thread in between.

Bytes are parsed in the transport's callback and pushed into the flow there and then: while a client keeps up, a chunk
goes from one socket to the other without waking a task. `fetcher` is the seam; `pool` keeps connections; `connection`
is one of them; `dial` makes them, by `addresses` and `proxy`; `request` writes heads; `replay` judges what may be sent
again.
"""

from trigate.upstream.native.fetcher import NativeFetcher

__all__ = ["NativeFetcher"]
