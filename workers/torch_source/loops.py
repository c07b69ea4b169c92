"""Loops: equal statements, one for each module of a list, as one `for`."""

import re
from collections.abc import Iterator
from typing import Final

CALL: Final = re.compile(
    r"^(?P<to>\w+) = self\.(?P<list>\w+(?:\.\w+)*)\[(?P<at>\d+)\]\((?P<args>.*)\)$"
)


def rolled(lines: list[str]) -> list[str]:
    """The lines, with each run over the members of a list, from its first one on, as a loop."""
    return list(_rolled(lines))


def _rolled(lines: list[str]) -> Iterator[str]:
    place = 0
    while place < len(lines):
        run = _run(lines, place)
        if run < 2:  # noqa: PLR2004 - one is no run
            yield lines[place]
            place += 1
            continue
        found = CALL.match(lines[place])
        assert found is not None  # noqa: S101 - for the type checker
        several = found["list"]
        every = f"self.{several}"
        first = int(found["at"])
        part = several.rpartition(".")[2]
        one = part.removesuffix("s") if part.endswith("s") else "block"
        if first or _is_used_after(several, lines[place + run :]):
            every = f"{every}[{first or ''}:{first + run}]"
        yield f"for {one} in {every}:"
        yield f"    {found['to']} = {one}({found['args']})"
        place += run


def _run(lines: list[str], place: int) -> int:
    """How many statements from here on differ in nothing but a number that counts."""
    first = CALL.match(lines[place])
    if first is None:
        return 0
    count = 1
    for line in lines[place + 1 :]:
        found = CALL.match(line)
        if found is None or int(found["at"]) != int(first["at"]) + count:
            break
        if any(found[each] != first[each] for each in ("to", "list", "args")):
            break
        count += 1
    return count


def _is_used_after(several: str, lines: list[str]) -> bool:
    return any(f"self.{several}[" in line for line in lines)
