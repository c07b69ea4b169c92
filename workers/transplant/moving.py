"""Moving: what each variable of a matched unit is made of, in words as well."""

from collections.abc import Iterator, Mapping, Sequence

from workers.transplant.expressions import Expression, Ones, Read, Zeros, names
from workers.transplant.flattening import Fold
from workers.transplant.settling import Match
from workers.transplant.simplifying import substituted
from workers.transplant.units import Neutral, Role
from workers.weights.variables import Framework

ALIKE = 0.5
SAME = "as it is"


def values(match: Match, folds: Sequence[Fold], source: Framework) -> dict[str, Expression]:
    """What each role of the target's reading is made of."""
    given = match.pair.source.roles
    made: dict[str, Expression] = {}
    for name, role in match.pair.target.roles.items():
        value = given[name].gives if name in given else _neutral(role)
        for fold in folds:
            if fold.shape and fold.axis < len(role.shape) and not isinstance(value, Zeros | Ones):
                value = fold.refolded(value, role.shape, source)
        made[name] = value
    return made


def _neutral(role: Role) -> Expression:
    return Ones(role.shape) if role.neutral is Neutral.ONES else Zeros(role.shape)


def built(match: Match, roles: Mapping[str, Expression]) -> dict[str, Expression]:
    """What each variable of the target's unit is made of."""
    return {name: substituted(of, roles) for name, of in match.pair.target.builds.items()}


def dropped(match: Match) -> Iterator[tuple[str, Neutral]]:
    """The source's variables that the target does without, and what they must all be for that."""
    for name in match.pair.source.roles.keys() - match.pair.target.roles.keys():
        role = match.pair.source.roles[name]
        if role.neutral is not None:
            for variable in names(role.gives):
                yield variable, role.neutral


def words(match: Match, target: str, value: Expression, folds: Sequence[Fold]) -> str:
    """The layout change of one variable: `HWIO → OIHW`."""
    if isinstance(value, Read):
        return SAME
    if isinstance(value, Zeros):
        return "zeros: the source has all of it in the other bias, or none"
    if isinstance(value, Ones):
        return "ones: the source has no scale"
    roles = list(dict.fromkeys(names(match.pair.target.builds[target])))
    told = [each for role in roles if (each := _role_words(match, role))]
    for fold in folds:
        if fold.shape and any(fold.axis < len(match.pair.target.roles[r].shape) for r in roles):
            maps = "x".join(str(each) for each in fold.shape)
            told.append(f"flattened maps {maps} in the other order")
    return "; ".join(dict.fromkeys(told)) or "reshaped"


def _role_words(match: Match, role: str) -> str:
    here, there = match.pair.source.roles.get(role), match.pair.target.roles[role]
    if here is None:
        return ""
    if here.layout == there.layout:
        return ""
    return f"{here.layout or 'plain'} → {there.layout or 'plain'}"


def confidence(match: Match) -> float:
    """From 0 to 1: what the assignment as a whole would lose without this pair.

    A pair that has no rival is sure of its place, and less so of its sense where the names say
    nothing.
    """
    from math import exp, isinf

    if isinf(match.margin):
        return round(0.9 + 0.1 * match.alike, 3)
    return round(min(0.99, 1 - exp(-2 * match.margin)), 3)


def because(match: Match) -> str:
    """What spoke for a pair."""
    from math import isinf

    said = []
    if isinf(match.margin):
        said.append("the only one that fits")
    if match.alike >= ALIKE:
        said.append(f"names agree ({match.source.scope} ~ {match.target.scope})")
    if match.same_rank and not isinf(match.margin):
        said.append("the same place among those of its shape")
    if not said:
        said.append("what its neighbours' names have taught")
    return "; ".join(said)
