"""Applying a mapping file: its rules, followed on the variables of a source and a template."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.domain.errors import InvalidMapping, UnmappedWeights
from workers.transplant.building import (
    Built,
    Match,
    Sides,
    built,
    copies,
    first_match,
    made_of,
    unknown,
)
from workers.transplant.choices import Unreadable
from workers.transplant.expressions import Expression, Shape, Unfit, names
from workers.transplant.leaving import reason
from workers.transplant.moves import Left, Move, Question, Transfer
from workers.transplant.patterns import Pattern
from workers.transplant.prefixes import concrete
from workers.transplant.rules import Ask, Carry, Keep, MappingFile, Place, Skip
from workers.transplant.words import words
from workers.weights.variables import Variable, Weights

FEW: Final = 8  # names in a message


@dataclass(frozen=True, slots=True)
class Applied:
    """What the rules settle. `match_rest`: the matcher may look for what they do not name.

    `moves` are in the order of the template's variables, or of the source's without one.
    """

    moves: tuple[Move, ...]
    skipped: tuple[Left, ...]
    kept: tuple[Left, ...]
    questions: tuple[Question, ...]
    notes: tuple[str, ...]
    match_rest: bool

    def transfer(self) -> Transfer:
        """The whole of it, where nothing is left to match."""
        return Transfer(self.moves, self.skipped, self.kept, self.questions, self.notes)


def apply(mapping: MappingFile, source: Weights, target: Weights | None) -> Applied:
    """Follow the rules. Nothing is read but names and shapes.

    Without a template the rules alone name the targets.

    Raises:
        InvalidMapping: a rule names a variable that there is not, or what it makes does not fit
            the template, or two rules make one variable.
        UnmappedWeights: the rules leave variables over, and nothing is to match them.
    """
    if source.framework != mapping.origin:
        raise InvalidMapping(
            f"the mapping leads from {mapping.origin} to {mapping.to}, and the source is of "
            f"{source.framework}: take the mapping of the other direction"
        )
    if target is not None and target.framework != mapping.to:
        raise InvalidMapping(
            f"the mapping leads to {mapping.to}, and the template is of {target.framework}"
        )
    template = _shapes(target.variables) if target is not None else None
    mapping = concrete(mapping, source.variables, template or ())
    following = _Following(mapping, source, target, Sides(_shapes(source.variables), template))
    try:
        return following.followed()
    except InvalidMapping as misfit:
        if mapping.family is None:
            raise
        raise InvalidMapping(  # its rules stand in a file that the user never wrote
            f"these weights do not fit the family {mapping.family!r}: {misfit.fault.detail}",
            field="options.mapping",
        ) from misfit


@dataclass(slots=True)
class _Following:
    mapping: MappingFile
    source: Weights
    target: Weights | None
    sides: Sides
    made: dict[str, tuple[Expression, Place]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    skipped: dict[str, Left] = field(default_factory=dict)
    passed: dict[str, tuple[Carry, str]] = field(default_factory=dict)  # and what is missing
    kept: dict[str, Left] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def followed(self) -> Applied:
        for rule in self.mapping.rules:
            match rule:
                case Carry():
                    self.carry(rule)
                case Skip():
                    self.skip(rule)
                case Keep():
                    self.keep(rule)
                case Ask(question=question, why=why):
                    told = Question(question.targets, question.sources, why)
                    self.questions.append(told)
        return self.applied()

    def carry(self, rule: Carry) -> None:
        found = False
        for match in self._matches(rule):
            found = True
            try:
                parts = built(rule, match, self.mapping, self.sides)
            except (Unreadable, Unfit) as fault:
                raise InvalidMapping(f"{rule.place}: {fault}") from fault
            if isinstance(parts, str):
                self.passed.setdefault(match.name, (rule, parts))
                continue
            for each in parts:
                self._give(rule.place, each)
            for name in copies(rule, match, self.mapping, self.sides):
                if name not in self.made:
                    self._give(rule.place, Built(name, parts[0].value))
        if not found and not rule.optional and self.mapping.family is None:
            self.notes.append(f"{rule.place} matches no variable")

    def skip(self, rule: Skip) -> None:
        for pattern in rule.sources:
            for name in self._named(pattern, rule.place):
                if name not in self.taken:
                    if rule.zeros and self.source.read(name).any():
                        raise InvalidMapping(
                            f"{rule.place}: {name!r} is left out where it is zeros only, and it "
                            "has others: nothing in the target could hold them"
                        )
                    self.taken.add(name)
                    self.skipped[name] = Left(name, rule.why, rule.meant)

    def keep(self, rule: Keep) -> None:
        for pattern in rule.targets if self.sides.targets is not None else ():
            for name in self._named(pattern, rule.place, source=False):
                if name not in self.made and name not in self.kept:
                    self.kept[name] = Left(name, rule.why, rule.meant)

    def applied(self) -> Applied:
        self._settle_passed()
        self._settle_tied_and_useless()
        if self.sides.targets is None or not self.mapping.match_rest:
            self._refuse_what_is_left()
        order = self._by_source() if self.sides.targets is None else self.sides.targets
        return Applied(
            moves=tuple(_move(name, *self.made[name]) for name in order if name in self.made),
            skipped=_ordered(self.skipped, self.sides.sources),
            kept=_ordered(self.kept, self.sides.targets or ()),
            questions=tuple(self.questions),
            notes=(*self.mapping.notes, *self.notes),
            match_rest=self.mapping.match_rest,
        )

    def _by_source(self) -> list[str]:
        places = {name: index for index, name in enumerate(self.sides.sources)}
        first = {
            target: next((places[name] for name in names(value)), len(places))
            for target, (value, _) in self.made.items()
        }
        return sorted(self.made, key=first.__getitem__)

    def _settle_passed(self) -> None:
        """What one rule could not place a later one may have; else it is told."""
        for name, (rule, missing) in self.passed.items():
            if name in self.taken:
                continue
            if not rule.optional:
                raise InvalidMapping(f"{rule.place}: {missing}")
            why = f"the template has nothing that {rule.place} would make of it"
            self.skipped[name] = Left(name, why, meant=True)

    def _settle_tied_and_useless(self) -> None:
        """Copies that share the memory of what is settled, and what is no weight at all."""
        settled = self.taken | self.skipped.keys()
        for name, left in _useless(self.source, settled):
            self.skipped[name] = left
        if self.target is not None:
            for name, left in _useless(self.target, self.made.keys() | self.kept.keys()):
                self.kept[name] = left

    def _matches(self, rule: Carry) -> Iterator[Match]:
        """What the groups of its first name catch, for each variable that it matches."""
        first = next(rule.value.patterns(), None)
        if first is None:
            yield from self._zeroed(rule)
        elif first.literal:
            name = first.filled((), {})
            if name in self.sides.sources:
                if not self._passes_over(name):
                    yield Match(name, (), "")
            elif not rule.optional and self.mapping.family is None:
                told = unknown(name, self.sides.sources, "source")
                raise InvalidMapping(f"{rule.place}: {told}")
        else:
            for name in self.sides.sources:
                found = first_match(first, name, self.mapping.source_prefixes)
                if found is not None and name not in self.taken and not self._passes_over(name):
                    yield found

    def _passes_over(self, name: str) -> bool:
        """A family says each thing once, where a mapping of one's own may say what it likes."""
        known = self.mapping.family is not None
        return known and (name in self.taken or name in self.source.ties)

    def _zeroed(self, rule: Carry) -> Iterator[Match]:
        first = rule.targets[0]
        if first.literal:
            yield Match("", (), "")
        elif self.sides.targets is None:
            raise InvalidMapping(
                f"{rule.place}: {first.text!r} is matched with a template's names, and there is "
                "no template: write the name out, and the shape of the zeros"
            )
        else:
            for name in self.sides.targets:
                found = first_match(first, name, self.mapping.target_prefixes)
                if found is not None and name not in self.made:
                    yield found

    def _named(self, pattern: Pattern, place: Place, *, source: bool = True) -> list[str]:
        known = self.sides.sources if source else self.sides.targets or {}
        if pattern.literal:
            name = pattern.filled((), {})
            if name not in known and self.mapping.family is not None:
                return []
            if name not in known:
                told = unknown(name, known, "source" if source else "template")
                raise InvalidMapping(f"{place}: {told}")
            return [name]
        prefixes = self.mapping.source_prefixes if source else self.mapping.target_prefixes
        return [name for name in known if first_match(pattern, name, prefixes) is not None]

    def _give(self, place: Place, built: Built) -> None:
        if built.target in self.made:
            value, earlier = self.made[built.target]
            raise InvalidMapping(
                f"{place}: {built.target!r} gets a value a second time: from "
                f"{made_of(built.value, self.sides.sources)}, and by {earlier} from "
                f"{made_of(value, self.sides.sources)}. One variable has one value: skip one of "
                "the two, or join them"
            )
        self.taken.update(names(built.value))
        self.made[built.target] = (built.value, place)

    def _refuse_what_is_left(self) -> None:
        open_sources = {name for each in self.questions for name in each.sources}
        open_targets = {name for each in self.questions for name in each.targets}
        settled_sources = self.taken | self.skipped.keys() | open_sources
        settled_targets = self.made.keys() | self.kept.keys() | open_targets
        over = [name for name in self.sides.sources if name not in settled_sources]
        unmade = [name for name in self.sides.targets or () if name not in settled_targets]
        told = [f"no rule takes {_few(over)} of the source"] if over else []
        told += [f"no rule makes {_few(unmade)} of the template"] if unmade else []
        matching = "" if self.sides.targets is None else ", or 'rest: match' to look for them"
        if told:
            raise UnmappedWeights(
                f"{'; '.join(told)}. Add rules for them, or 'skip' and 'keep'{matching}"
            )


def _move(target: str, value: Expression, place: Place) -> Move:
    return Move(target, value, words(value), 1.0, str(place))


def _useless(weights: Weights, settled: Collection[str]) -> Iterator[tuple[str, Left]]:
    for name, variable in weights.variables.items():
        if name in settled:
            continue
        owner = weights.ties.get(name)
        why = f"shares the memory of {owner}" if owner in settled else reason(variable)
        if why is not None:
            yield name, Left(name, why, meant=True)


def _shapes(variables: Mapping[str, Variable]) -> dict[str, Shape]:
    return {name: each.shape for name, each in variables.items()}


def _few(all_names: list[str]) -> str:
    shown = ", ".join(repr(each) for each in all_names[:FEW])
    more = f" and {len(all_names) - FEW} more" if len(all_names) > FEW else ""
    return shown + more


def _ordered(found: Mapping[str, Left], order: Iterable[str]) -> tuple[Left, ...]:
    return tuple(found[name] for name in order if name in found)
