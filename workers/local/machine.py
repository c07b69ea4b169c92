"""Machine: what can be done here, and the runner that does it."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from pathlib import Path

from pydantic import ValidationError

from shared.domain.offers import Offer, Queue
from shared.domain.plans import Plan
from shared.domain.rosters import Member, Roster
from shared.services.folders import remove
from shared.settings import PREFIX, Settings, SettingsError
from workers.app import environment_of, grace_of
from workers.converters import catalogue
from workers.gpus import discover
from workers.hearth import Hearth, clean_environment
from workers.libraries import homes, probe, wanted
from workers.limits import ISOLATION, Limits
from workers.offering import offer, served
from workers.runner import ChildRunner
from workers.warm import PRELOAD


class Machine:
    """This machine as a fleet of one.

    Args:
        settings: limits of a step, and where TensorRT lies.
        folder: scratch room of its own.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._homes = homes(settings)
        self.offer = self._look()
        self.roster = Roster((Member(self.offer, online=True),))

    @contextmanager
    def lit(self, plan: Plan | None) -> Iterator[ChildRunner]:
        """A runner, whose children find imported already what the plan's best route needs.

        Without a plan they find all that a worker's would: it is for many plans.
        """
        warm = self._below("warm")
        hearth = Hearth(
            warm,
            threads=len(os.sched_getaffinity(0)),
            preload=PRELOAD if plan is None else preload(plan),
            variables=self._homes,
        )
        hearth.light()
        given = self._settings
        limits = Limits(given.step_memory, given.step_disk, given.step_deadline)
        try:
            yield ChildRunner(
                hearth,
                limits,
                log_limit=given.log_limit,
                environment=environment_of,
                grace=grace_of,
            )
        finally:
            hearth.close()
            remove(warm)

    def lacks(self, format: str) -> bool:
        """Whether a converter to it is known that cannot work here."""
        offered = {each.name for each in self.offer.converters}
        return any(
            each.target.name == format and name not in offered
            for name, each in catalogue().items()
        )

    def _look(self) -> Offer:
        found = discover()
        queues = served(tuple(Queue), found.gpus)
        folder = self._below("probe")
        clean = clean_environment(folder, threads=1) | self._homes
        libraries = probe(wanted(queues), clean, folder)
        remove(folder)
        host = socket.gethostname()
        ours = offer(
            worker=f"{host}-{os.getpid()}",
            host=host,
            queues=queues,
            slots=1,
            memory=self._settings.step_memory,
            isolation=dict(ISOLATION),
            libraries=libraries.found,
            gpus=found.gpus,
            missing=(*found.missing, *libraries.missing),
        )
        return ours.model_copy(update={"known": ()})  # no other will come

    def _below(self, name: str) -> Path:
        path = self._folder / name
        path.mkdir(mode=0o700)
        return path


def local_settings() -> Settings:
    """The service's settings, where they hold without a service: it is never spoken to.

    Raises:
        SettingsError: a variable is wrong; the message names it.
    """
    try:
        return Settings(
            database_url="postgresql://nowhere",
            broker_url="redis://nowhere",
            store_url="file:///nowhere",
        )
    except ValidationError as error:
        named = (f"{PREFIX}{'.'.join(map(str, each['loc'])).upper()}" for each in error.errors())
        said = (each["msg"] for each in error.errors())
        lines = [f"{name}: {what}" for name, what in zip(named, said, strict=True)]
        raise SettingsError("\n".join(lines)) from None


def preload(plan: Plan) -> tuple[str, ...]:
    """Of all that a worker's fork server imports, what the steps of the best route would.

    Three steps that each import TensorFlow for themselves take longer than one import, and
    PyTorch, which they have no use for, would be one more.
    """
    actions = (plan.inspect, *plan.routes[0].actions)
    needed = {name for action in actions for name in action.toolchain}
    brought = packages_distributions()
    return tuple(name for name in PRELOAD if needed & set(brought.get(name.partition(".")[0], ())))
