"""Deciding: the whole of a transfer, by a mapping file where there is one, else by the matcher."""

from dataclasses import replace

from shared.domain.errors import AmbiguousMapping, UnmappedWeights
from workers.transplant.applying import apply
from workers.transplant.expressions import Read
from workers.transplant.families import named, recognised
from workers.transplant.mapping_file import loaded
from workers.transplant.matching import match
from workers.transplant.moves import Left, Move, Transfer
from workers.transplant.rules import MappingFile
from workers.weights.store import Store
from workers.weights.variables import Framework, Weights

FEW = 5
ADVICE = (
    "The step's report has the whole of it as a mapping file: edit that, and send it as the option"
    " `mapping`."
)


def into_template(source: Weights, template: Weights, mapping: str | None) -> Transfer:
    """What each variable of a template is made of.

    Args:
        mapping: a known family's name, the text of a mapping file, or None: then the matcher
            works it out.

    Raises:
        InvalidMapping: the mapping is none, or does not go with these two.
        UnmappedWeights: it leaves variables over, and nothing is to match them.
    """
    if mapping is None:
        return match(source, template)
    applied = apply(_file(mapping, source.framework, template.framework), source, template)
    if not applied.match_rest:
        return applied.transfer()
    left_out = [each.name for each in (*applied.skipped, *applied.kept)]
    found = match(source, template, settled=applied.moves, skipped=left_out)
    return Transfer(
        found.moves,
        (*applied.skipped, *_others(found.unread, left_out)),
        (*applied.kept, *_others(found.unfilled, left_out)),
        (*applied.questions, *found.questions),
        (*applied.notes, *found.notes),
    )


def alone(source: Weights, to: Framework, mapping: str | None) -> Transfer:
    """The source's variables under the names and in the layouts of a framework.

    Without a mapping those of its own framework stay as they are; for the other one the source
    must be of a known family.

    Raises:
        InvalidMapping, UnmappedWeights: as with `into_template`; or the family is not known.
    """
    if mapping is not None:
        return apply(_file(mapping, source.framework, to), source, None).transfer()
    if source.framework is to:
        moves = (Move(name, Read(name), "as it is", 1.0, "its name") for name in source.variables)
        return Transfer(tuple(moves))
    family = recognised(source, to)
    if family is None:
        raise UnmappedWeights(
            f"The weights are named as {source.framework} names them, and they are of no known"
            f" family, so nothing says what {to} would call them. Send a template of the model, or"
            " a mapping file as the option `mapping`.",
            field="options.mapping",
        )
    return apply(family, source, None).transfer()


def noted(transfer: Transfer, source: Weights) -> Transfer:
    """The transfer with what the source's reader left out of its file."""
    left_out = source.notes if isinstance(source, Store) else ()
    return replace(transfer, notes=tuple(dict.fromkeys((*left_out, *transfer.notes))))


def insist(transfer: Transfer, *, least: float, apart: float | None = None) -> None:
    """Refuse what is not complete.

    Args:
        least: a move less sure than this is asked about: 0 where both models will be run, so
            that a wrong one is found.
        apart: how far the outputs of both models were apart with it, where they were run and
            did not agree.

    Raises:
        AmbiguousMapping: some variables could as well be others, or too little speaks for a
            move that nothing will prove.
        UnmappedWeights: some have no counterpart.
    """
    if transfer.questions:
        first = transfer.questions[0]
        others = len(transfer.questions) - 1
        more = f" There are {others} more such questions." if others else ""
        raise AmbiguousMapping(
            f"{_few(first.targets)} could each be {_few(first.sources)}: {first.why}.{more}"
            f" {ADVICE}",
            field="options.mapping",
        )
    doubtful = [each for each in transfer.moves if each.confidence < least]
    if doubtful:
        lowest = min(each.confidence for each in doubtful)
        why = (
            "as nothing can be run that would show it wrong, you are asked"
            if apart is None
            else f"with it the two models' outputs differ by {apart:.1e}, relative to the largest"
            " number, on inputs drawn at random, as with all that was tried instead"
        )
        raise AmbiguousMapping(
            f"{_few(tuple(each.target for each in doubtful))} got a value by little more than"
            f" their order (confidence {lowest:.2f}), and {why}. {ADVICE} Sent as it is it says"
            " that all of it is right.",
            field="options.mapping",
        )
    unread = [each for each in transfer.unread if not each.meant]
    unfilled = [each for each in transfer.unfilled if not each.meant]
    if unread or unfilled:
        sides = (("the source", unread), ("the template", unfilled))
        told = "; ".join(_left(whose, found) for whose, found in sides if found)
        raise UnmappedWeights(
            f"Not every variable has a counterpart: {told}. {ADVICE}", field="options.mapping"
        )


def _file(mapping: str, origin: Framework, to: Framework) -> MappingFile:
    if "\n" in mapping.strip():
        return loaded(mapping)
    return named(mapping.strip(), origin, to)


def _others(left: tuple[Left, ...], named_already: list[str]) -> tuple[Left, ...]:
    return tuple(each for each in left if each.name not in named_already)


def _left(whose: str, found: list[Left]) -> str:
    first = "; ".join(f"{each.name}: {each.why}" for each in found[:FEW])
    more = f" and {len(found) - FEW} more" if len(found) > FEW else ""
    return f"of {whose} {first}{more}"


def _few(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more
