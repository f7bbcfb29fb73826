"""Telling the service manager how the desk fares: systemd's protocol of one datagram a message.

A library for it would be larger than the protocol, or need systemd's own headers to be built. Started
by nobody who asks, every call does nothing. What the manager gave in the environment is taken out of
it: a router or a version that found it there would speak in the desk's name.
"""

import contextlib
import os
import socket
from collections.abc import MutableMapping


class ServiceManager:
    """`watchdog_seconds` is how often a sign of life is expected at the latest; None where it is not."""

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        self._address = environment.pop("NOTIFY_SOCKET", "")
        microseconds = environment.pop("WATCHDOG_USEC", "")
        wanted_of = environment.pop("WATCHDOG_PID", str(os.getpid()))
        asked = microseconds.isdecimal() and int(microseconds) > 0 and wanted_of == str(os.getpid())
        self.watchdog_seconds = int(microseconds) / 1e6 if asked and self._address else None

    def ready(self, status: str) -> None:
        """It is at work. `status` is one line for people."""
        self._tell(f"READY=1\nSTATUS={status}")

    def alive(self) -> None:
        """It is not stuck."""
        if self.watchdog_seconds is not None:
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """It has begun to end."""
        self._tell("STOPPING=1")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        # An address that begins with @ is not in the file system.
        address = f"\0{self._address[1:]}" if self._address[0] == "@" else self._address
        # A manager that does not listen must not stop a desk that works.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel,
        ):
            channel.setblocking(False)
            channel.sendto(message.encode(), address)
