"""Health: whether the parts that new work depends on are there."""

from collections.abc import Callable, Mapping

from shared.domain.errors import FerryError


class Health:
    """Ask each part. A check that returns is well; one that raises says what is wrong."""

    def __init__(self, checks: Mapping[str, Callable[[], None]]) -> None:
        self._checks = dict(checks)

    def __call__(self) -> dict[str, str | None]:
        """By part: None if it is well, else a sentence."""
        return {part: _ailment(check) for part, check in self._checks.items()}


def _ailment(check: Callable[[], None]) -> str | None:
    try:
        check()
    except FerryError as error:
        return str(error)
    return None
