"""The supervisor: the whole service on this machine, as processes that die with it.

PostgreSQL, Valkey, the API, one worker and the sweeper, each a `Part` with its log in the home
folder. MODELFERRY_* variables tell the parts where everything is; servers that such variables
name already are used instead of our own.
"""

import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpx

from modelferry.embedded.address import Address
from modelferry.embedded.part import Part, StackError, private_folder
from modelferry.embedded.postgres import Postgres
from modelferry.embedded.program import Program
from modelferry.embedded.valkey import Valkey
from modelferry.embedded.watch import Watch

DATABASE, BROKER, STORE = (f"MODELFERRY_{name}_URL" for name in ("DATABASE", "BROKER", "STORE"))
TO_COME = {DATABASE: "postgresql://", BROKER: "redis://", STORE: "file:///"}  # well-formed
DEFAULT_URL = "http://127.0.0.1:8080"
PATIENCE = 120.0  # seconds for a program to become healthy: a cold disk, frameworks to import
PROGRAMS_GRACE, SERVERS_GRACE = 6.0, 2.5  # seconds to stop; together less than 10
KNOCK = 5.0  # seconds for a server that the operator named to answer
USUAL_PORTS = {"postgresql": 5432, "postgresql+psycopg": 5432, "redis": 6379, "rediss": 6379}
READ_SETTINGS = """
import sys
from shared.settings import SettingsError, load
try:
    load()
except SettingsError as error:
    sys.exit(str(error))
"""
LOOK = 0.2  # seconds between looks at the parts

Say = Callable[[str], None]


def say_at_once(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _at_once(_: Program) -> bool:
    return True


class Stack:
    """All parts of one home folder. `say` takes each line for the reader."""

    def __init__(self, home: Path, environ: Mapping[str, str], say: Say = say_at_once) -> None:
        self.home = private_folder(home)
        self.env = {**environ, "PYTHONUNBUFFERED": "1"}
        self.url = ""
        self._say = say
        self._parts: list[Part] = []
        self._http = httpx.Client(timeout=2, trust_env=False)

    def start(self) -> None:
        """Start all parts, in the order in which they need each other.

        Raises:
            StackError: a part did not become healthy. `stop` is still to be called.
        """
        address = Address.of(self.env)
        self.url = address.url
        self.env["MODELFERRY_API_PORT"] = str(address.port)
        self.env.setdefault("MODELFERRY_STOP_GRACE", "2")  # less than PROGRAMS_GRACE
        self.env.setdefault("MODELFERRY_WORK_DIR", str(private_folder(self.home / "work")))
        self._check_settings()
        self._find_database()
        self._find_broker()
        self._find_store()
        self._migrate()
        self._run(self._api(), self._worker(), self._sweeper())
        self._announce()

    def keep(self) -> NoReturn:
        """Watch over the parts until a signal interrupts."""
        watches = [Watch(part, self._say) for part in self._parts]
        while True:
            begun = [watch.look() for watch in watches]
            if any(begun):
                self._announce()
            time.sleep(LOOK)

    def stop(self) -> None:
        """Stop all parts: those that ask (API, worker, sweeper), then those that answer."""
        programs = [part for part in self._parts if isinstance(part, Program)]
        servers = [part for part in self._parts if part not in programs]
        _stop_together(programs, PROGRAMS_GRACE)
        _stop_together(servers[::-1], SERVERS_GRACE)
        (self.home / "running.json").unlink(missing_ok=True)
        self._http.close()

    def _find_database(self) -> None:
        if not self._given("postgres", "PostgreSQL", DATABASE):
            server = Postgres(self.home / "postgres", log=self._log("postgres"))
            self._run(server)
            self.env[DATABASE] = server.url()

    def _find_broker(self) -> None:
        if not self._given("valkey", "Redis or Valkey", BROKER):
            server = Valkey(self.home / "valkey", log=self._log("valkey"))
            self._run(server)
            self.env[BROKER] = server.url

    def _find_store(self) -> None:
        if not self._given("store", "object store", STORE):
            folder = private_folder(self.home / "store")
            self.env[STORE] = folder.as_uri()
            self._line("store", "folder", str(folder))

    def _given(self, name: str, what: str, variable: str) -> bool:
        """Has the operator named a server? Then that one is used."""
        if url := self.env.get(variable):
            address = urlsplit(url)
            place = address.netloc.rpartition("@")[2] + address.path  # without the password
            if address.hostname and address.scheme != "s3":
                _knock(variable, address.hostname, address.port or USUAL_PORTS[address.scheme])
            self._line(name, what, f"{place}, by {variable}")
        return bool(url)

    def _check_settings(self) -> None:
        """Before anything is changed: a wrong variable is refused, by its name."""
        reader = self._program("reading the settings", "")
        reader.env = {**TO_COME, **self.env}
        reader.use([sys.executable, "-c", READ_SETTINGS])

    def _migrate(self) -> None:
        began = time.monotonic()
        alembic = self._program("migrations", "alembic")
        alembic.use([*alembic.command(), "upgrade", "head"])
        self._line("migrations", "alembic upgrade", "head", time.monotonic() - began)

    def _api(self) -> Program:
        def ready(_: Program) -> bool:
            return self._ask("/readyz") is not None

        return self._program("api", "api", what="HTTP API", where=self.url, ready=ready)

    def _worker(self) -> Program:
        def ready(program: Program) -> bool:
            return any(f"-{program.pid}-" in worker for worker in self._online())

        queues = self.env.get("MODELFERRY_WORKER_QUEUES", "cpu").split(",")
        what = f"{' and '.join(each.strip().upper() for each in queues)} worker"
        return self._program("worker", "workers", what=what, ready=ready)

    def _sweeper(self) -> Program:
        def ready(program: Program) -> bool:
            return "sweeper_ready" in program.said()

        sweeper = self._program("sweeper", "workers.sweeper", what="sweeper", ready=ready)
        if self.env.get("MODELFERRY_LOG_LEVEL", "info").lower() in {"warning", "error"}:
            sweeper.env = {**self.env, "MODELFERRY_LOG_LEVEL": "info"}  # or it is never heard
        return sweeper

    def _program(
        self,
        name: str,
        module: str,
        *,
        ready: Callable[[Program], bool] = _at_once,
        what: str = "",
        where: str = "",
    ) -> Program:
        log = self._log(name)
        return Program(
            name,
            module,
            what=what,
            where=where or str(log),
            log=log,
            env=self.env,
            ready=ready,
        )

    def _run(self, *parts: Part) -> None:
        """Start these together and wait for each."""
        began = time.monotonic()
        for part in parts:
            self._parts.append(part)
            if part.log.exists():  # that of the run before
                part.log.replace(part.log.with_suffix(".log.old"))
            part.launch()
        for part in parts:
            part.wait(PATIENCE)
            self._line(part.name, part.what, part.where, time.monotonic() - began)

    def _log(self, name: str) -> Path:
        return private_folder(self.home / "logs") / f"{name}.log"

    def _line(self, name: str, what: str, where: str, seconds: float | None = None) -> None:
        took = "" if seconds is None else f"{seconds:.1f} s"
        self._say(f"{name:<11} {what:<18} {took:>7}  {where}")

    def _announce(self) -> None:
        """Leave a note for tools on this machine: where the service is, which process is what."""
        note = {
            "url": self.url,
            "pid": os.getpid(),
            "parts": {part.name: part.pid for part in self._parts},
            "env": {name: self.env[name] for name in self.env if name.startswith("MODELFERRY_")},
        }
        fresh = self.home / "running.json.new"
        fresh.touch(0o600)
        fresh.write_text(json.dumps(note))
        fresh.replace(self.home / "running.json")

    def _online(self) -> tuple[str, ...]:
        answer = self._ask("/v1/workers")
        return tuple(each["id"] for each in answer["items"] if each["online"]) if answer else ()

    def _ask(self, path: str) -> dict[str, Any] | None:
        """The API's answer; None while it has none, or is not ready."""
        try:
            answer = self._http.get(self.url + path)
        except httpx.TransportError:
            return None
        return answer.json() if answer.status_code == httpx.codes.OK else None


def _stop_together(parts: Sequence[Part], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for part in parts:
        part.ask_to_stop()
    for part in parts:
        part.end(deadline - time.monotonic())


def main(environ: Mapping[str, str] = os.environ, say: Say = say_at_once) -> int:
    """Run the service until SIGINT, SIGTERM or SIGHUP. Returns the exit status.

    MODELFERRY_HOME (default `.modelferry`) is where its data stays. Belongs on the main thread.
    """
    home = Path(environ.get("MODELFERRY_HOME") or ".modelferry").absolute()
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.default_int_handler)
    try:
        with _alone(private_folder(home)):
            return _run(Stack(home, environ, say), say)
    except StackError as error:
        sys.stderr.write(f"modelferry: {error}\n")
        return 1


def _run(stack: Stack, say: Say) -> int:
    try:
        stack.start()
        say(_welcome(stack.url))
        stack.keep()
    except KeyboardInterrupt:
        return 0
    finally:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        stack.stop()


def _welcome(url: str) -> str:
    script = Path(sys.executable).with_name("modelferry")
    command = os.path.relpath(script) if script.exists() else f"{sys.executable} -m modelferry"
    where = "" if url == DEFAULT_URL else f"MODELFERRY_URL={url} "
    return (
        f"\nModelferry is at {url}, its documentation at {url}/docs. A first job:\n\n"
        f"  {where}{command} convert model.keras --to onnx -o model.onnx\n\n"
        "Ctrl-C stops it; its data stays."
    )


def _knock(variable: str, host: str, port: int) -> None:
    """See that a server which the operator named is there at all."""
    try:
        socket.create_connection((host, port), timeout=KNOCK).close()
    except OSError as error:
        raise StackError(
            f"{variable}: nothing answers at {host}:{port} ({error.strerror or error}); start that"
            " server, or unset the variable to use the embedded one"
        ) from None


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the folder: two supervisors on the same data would ruin it."""
    with (home / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StackError(
                f"process {lock.read().strip()} runs a service on {home} already; stop it, or set"
                " MODELFERRY_HOME to another folder"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


if __name__ == "__main__":
    sys.exit(main())
