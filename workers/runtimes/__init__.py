"""The formats that the fleet can run, by name."""

from workers.runtimes.base import Runtime

_ALL: tuple[type[Runtime], ...] = ()

RUNTIMES: dict[str, Runtime] = {each.format.name: each() for each in _ALL}
