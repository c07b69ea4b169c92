"""Families: mapping files for architectures whose variables have names that everybody knows.

Each is one file beside this one, from TensorFlow to PyTorch; the way back is the same file turned
round.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from shared.domain.errors import InvalidMapping
from workers.transplant.building import first_match
from workers.transplant.choices import Unreadable
from workers.transplant.inverting import inverted
from workers.transplant.leaving import reason
from workers.transplant.mapping_file import loaded
from workers.transplant.patterns import Group, Insert, Pattern
from workers.transplant.prefixes import concrete
from workers.transplant.rules import Carry, MappingFile, Rule, Skip
from workers.weights.variables import Framework, Weights

FOLDER: Final = Path(__file__).parent
COVERED: Final = 0.9  # of a model's variables, to be of a family
SECOND: Final = frozenset({"vit-timm", "resnet-transformers"})
"""Whose names another family has too, to other names: where as many fit that one, it is meant,
and these are chosen by their own name."""
FEWEST: Final = 10  # variables that its rules take


def families() -> tuple[str, ...]:
    """The names of all."""
    return tuple(sorted(each.stem for each in FOLDER.glob("*.yaml")))


def text(name: str) -> str:
    """The mapping file of a family, to be read or edited.

    Raises:
        InvalidMapping: there is no such family.
    """
    if name not in families():
        raise InvalidMapping(
            f"There is no family {name[:80]!r}. There are {', '.join(families())}; or send the "
            "text of a mapping file.",
            field="options.mapping",
        )
    return (FOLDER / f"{name}.yaml").read_text()


def named(
    name: str, origin: Framework = Framework.TENSORFLOW, to: Framework | None = None
) -> MappingFile:
    """A family's mapping from one framework to the other.

    Raises:
        InvalidMapping: there is no such family, or both frameworks are the same.
    """
    found = _loaded(name, origin)
    if to is not None and to is not found.to:
        raise InvalidMapping(
            f"The family {name} leads from one framework to the other, and both sides are of "
            f"{origin}: leave the mapping out, since the names are the same.",
            field="options.mapping",
        )
    return found


def recognised(weights: Weights, to: Framework | None = None) -> MappingFile | None:
    """The family whose rules take most of the variables by their names: nine in ten at least."""
    if to is weights.framework:
        return None
    names = [each.name for each in weights.variables.values() if reason(each) is None]
    mappings = [_loaded(each, weights.framework) for each in families()]
    found = [_taken(each, concrete(each, names, ()), names) for each in mappings]
    best = max(found, key=lambda each: each.worth)
    known = best.taken >= max(FEWEST, COVERED * len(names))
    return best.mapping if known else None


@dataclass(frozen=True, slots=True)
class _Taken:
    """How many names a mapping's rules take, and the share of its rules that take any: a family
    that knows more than the model has is the wrong one, where another takes as many names."""

    mapping: MappingFile
    taken: int
    rules_used: float

    @property
    def worth(self) -> tuple[int, bool, float]:
        return self.taken, self.mapping.family not in SECOND, self.rules_used


@cache
def _loaded(name: str, origin: Framework) -> MappingFile:
    mapping = loaded(text(name))
    return mapping if mapping.origin is origin else inverted(mapping)


def _taken(mapping: MappingFile, here: MappingFile, names: list[str]) -> _Taken:
    by: Counter[int] = Counter()
    for name in names:
        takes = (index for index, rule in enumerate(here.rules) if _takes(rule, here, name))
        first = next(takes, None)
        if first is not None:
            by[first] += 1
    return _Taken(mapping, by.total(), len(by) / max(1, len(mapping.rules)))


def _takes(rule: Rule, mapping: MappingFile, name: str) -> bool:
    match rule:
        case Carry():
            return _fills(rule, mapping, name)
        case Skip(sources=sources):
            prefixes = mapping.source_prefixes
            return any(first_match(each, name, prefixes) is not None for each in sources)
        case _:
            return False


def _fills(rule: Carry, mapping: MappingFile, name: str) -> bool:
    """Whether the rule reads the variable, and its tables know what it has caught."""
    patterns = list(rule.value.patterns())
    if not patterns:
        return False
    first, *others = patterns
    prefixes = mapping.source_prefixes
    if any(first_match(_by_itself(each, first), name, prefixes) for each in others):
        return True
    found = first_match(first, name, prefixes)
    if found is None:
        return False
    try:
        for target in rule.targets:
            target.filled(found.captures, mapping.tables)
    except Unreadable:
        return False
    return True


def _by_itself(other: Pattern, first: Pattern) -> Pattern:
    """A pattern that takes from the groups of another, with groups of its own in their place."""
    groups = [each for each in first.pieces if isinstance(each, Group)]
    pieces = (
        groups[each.group - 1] if isinstance(each, Insert) else each for each in other.pieces
    )
    return Pattern(other.text, other.prefixed, tuple(pieces))
