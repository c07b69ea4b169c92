"""The address of the API: where it listens, and where users find it."""

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from modelferry.embedded.part import StackError
from modelferry.embedded.ports import LOOPBACK, free_port

HOST, PORT = "MODELFERRY_API_HOST", "MODELFERRY_API_PORT"
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - compared with, never bound to
HANDOVER = 5.0  # seconds that the API of a killed supervisor may hold the port


@dataclass(frozen=True)
class Address:
    """`port` is never 0: a free one was found instead."""

    host: str
    port: int

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Read the operator's wish.

        Raises:
            StackError: the port is no port, or another program has it.
        """
        wish = environ.get(PORT, "8080")
        if not wish.isdecimal() or int(wish) > 65535:  # noqa: PLR2004 - the last port
            raise StackError(f"{PORT}: {wish!r} is no port; give a number from 0 to 65535")
        address = cls(environ.get(HOST, LOOPBACK), int(wish) or free_port())
        deadline = time.monotonic() + HANDOVER
        while not address.is_free():
            if time.monotonic() > deadline:
                raise StackError(
                    f"{PORT}: another program listens on {address.host}:{address.port}; stop it,"
                    " or choose another port (0: any free one)"
                )
            time.sleep(0.05)
        return address

    @property
    def url(self) -> str:
        host = LOOPBACK if self.host in EVERYWHERE else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def is_free(self) -> bool:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError:
                return False
        return True
