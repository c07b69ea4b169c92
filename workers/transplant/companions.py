"""Companions: the layer that a normalisation belongs to, by its name or as the one before it."""

from collections.abc import Mapping, Sequence

from workers.transplant.units import Unit

NORMS = frozenset({"batch_norm", "norm"})
KINDS = frozenset({"conv", "norm", "dense"})


def companions(units: Sequence[Unit], *, ordered: bool) -> Mapping[int, int]:
    """The place of each normalisation's layer, by its own place.

    A layer with the same name but for the word of its kind, `3_conv` and `3_bn`, unless it comes
    later: then the norm is that of what it reads. Else the layer before it in the side's order.
    """
    others = [each for each in units if each.kind not in NORMS]
    by_name: dict[tuple[str, ...], list[int]] = {}
    for each in others:
        by_name.setdefault(_bare(each), []).append(each.place)
    found: dict[int, int] = {}
    last: int | None = None
    for each in units:
        if each.kind not in NORMS:
            last = each.place
            continue
        named = by_name.get(_bare(each), []) if _bare(each) else []
        if len(named) == 1 and (named[0] < each.place or not ordered):
            found[each.place] = named[0]
        elif last is not None:
            found[each.place] = last
    return found


def _bare(unit: Unit) -> tuple[str, ...]:
    return tuple(each for each in unit.tokens if each not in KINDS)
