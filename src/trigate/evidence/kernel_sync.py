"""Syncing without a thread: `fdatasync` as an asynchronous operation of the Linux kernel (io_submit(2)).

Why: a thread that syncs must take the interpreter's lock to begin and again to report, and a busy event loop gives it
up only every few milliseconds. That wait stood before the first byte of every reply, and the hand-overs cost the worker
a fifth of a bare call (`make bench`, scenario `bare`). Here the loop hands the kernel a descriptor and is told the
outcome through an eventfd.

Where the kernel or the sandbox offers no such thing `begin` says so, and the spool's thread does it. One sync at a
time. Above: `segment_file`. Below: the kernel, by raw system calls, for there is no binding in the standard library.
"""

import asyncio
import ctypes
import errno
import os
import platform
import struct
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

Done = Callable[[OSError | None], None]

_FDSYNC: Final = 3
_WITH_EVENTFD: Final = 1
_IOCB: Final = struct.Struct("<QIIHhIQQqQII")
"""data, key, flags, opcode, priority, descriptor, buffer, bytes, offset, reserved, flags, eventfd (linux/aio_abi.h)."""
_EVENT: Final = struct.Struct("<QQqq")
"""data, iocb, result, reserved."""

_CALLS: Final = MappingProxyType({"x86_64": (206, 207, 208, 209), "aarch64": (0, 1, 4, 2)})
"""io_setup, io_destroy, io_getevents, io_submit."""


class KernelSync:
    """One queue of the kernel, bound to one event loop from its first use on."""

    def __init__(self) -> None:
        """Raises OSError where the kernel has no such queue, or does not give one."""
        calls = _CALLS.get(platform.machine())
        if calls is None:
            raise OSError(errno.ENOSYS, "no asynchronous sync is known for this processor")
        _, self._destroy, self._getevents, self._submit = calls
        # PyDLL keeps the interpreter's lock: each call takes microseconds and none of them waits.
        self._call = ctypes.PyDLL(None, use_errno=True).syscall
        self._queue = ctypes.c_ulong(0)
        if self._call(calls[0], 4, ctypes.byref(self._queue)) != 0:
            raise OSError(ctypes.get_errno(), "io_setup")
        self._eventfd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._iocb = ctypes.create_string_buffer(_IOCB.size)
        self._iocbs = ctypes.c_void_p(ctypes.addressof(self._iocb))
        self._event = ctypes.create_string_buffer(_EVENT.size)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._done: Done | None = None

    def begin(self, descriptor: int, loop: asyncio.AbstractEventLoop, done: Done) -> bool:
        """Start to sync; `done` is called in `loop` with the error, or None. False: this file cannot be synced so."""
        if self._loop is None:
            loop.add_reader(self._eventfd, self._ended)
            self._loop = loop
        _IOCB.pack_into(self._iocb, 0, 0, 0, 0, _FDSYNC, 0, descriptor, 0, 0, 0, 0, _WITH_EVENTFD, self._eventfd)
        if self._call(self._submit, self._queue, ctypes.c_long(1), ctypes.byref(self._iocbs)) != 1:
            return False
        self._done = done
        return True

    def close(self) -> None:
        """Let go of the queue; what is under way is waited for by the kernel, and its outcome is told to nobody."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._eventfd)
        self._call(self._destroy, self._queue)
        os.close(self._eventfd)
        self._done = None

    def _ended(self) -> None:
        os.read(self._eventfd, 8)
        one = ctypes.c_long(1)
        if self._call(self._getevents, self._queue, one, one, self._event, None) != 1:
            return
        result = _EVENT.unpack(self._event.raw)[2]
        done, self._done = self._done, None
        if done is not None:
            done(OSError(-result, os.strerror(-result)) if result < 0 else None)
