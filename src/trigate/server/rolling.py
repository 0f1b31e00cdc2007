"""A planned restart: children are replaced one after the other, and no call is lost.

A worker's successor serves the same listening sockets and is ready before its predecessor is asked to drain. Recorder
and control are ended first and started after, since their work waits for them. A worker's successor that does not get
ready ends the restart: what serves, goes on. Above: `supervisor`. Below: `children`.
"""

import logging
from collections import deque
from collections.abc import Iterable
from typing import Final

from trigate.core.processes import ChildKind, ChildState
from trigate.server.children import Children, Post, Process

_LOG: Final = logging.getLogger(__name__)


class Roll:
    """The posts that are still to be renewed, and the one that is being renewed."""

    def __init__(self, children: Children) -> None:
        self._children = children
        self._queue: deque[Post] = deque()
        self._current: Post | None = None
        self._leaving: Process | None = None
        self._coming: Process | None = None

    @property
    def active(self) -> bool:
        return self._current is not None or bool(self._queue)

    def begin(self, posts: Iterable[Post]) -> None:
        """Renew these posts in order, after those that are waiting already."""
        self._queue.extend(post for post in posts if post not in self._queue and not post.retired)

    def stop(self) -> None:
        """Renew no more."""
        self._queue.clear()
        self._current = self._leaving = self._coming = None

    def advance(self) -> None:
        """Take the next step, if its time has come; for every turn of the supervisor's loop."""
        if self._current is not None:
            self._check(self._current)
        if self._current is None and self._queue:
            self._renew(self._queue[0])

    def _check(self, post: Post) -> None:
        if self._coming is not None:
            if post.serving is self._coming and self._coming.state is ChildState.READY:
                self._current = None
            elif self._coming not in post.processes():
                left = ", ".join(each.spec.name for each in (post, *self._queue))
                _LOG.error("the planned restart has ended: the new %s died; not renewed: %s", post.spec.name, left)
                self.stop()
        elif post.serving is not self._leaving and (post.serving is None or post.serving.state is ChildState.READY):
            self._current = None

    def _renew(self, post: Post) -> None:
        self._coming, self._leaving = None, post.serving
        if post.serving is None:
            self._queue.popleft()  # it waits to be started, and will be started new
        elif post.spec.kind is not ChildKind.WORKER:
            self._queue.popleft()
            self._current = post
            self._children.drain(post, post.serving)
        elif (successor := self._children.start_successor(post)) is not None:
            self._queue.popleft()
            self._current, self._coming = post, successor
