"""Assembling: the moves of all matched units, and an account of every variable that has none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from workers.transplant.biases import MOVED, moved
from workers.transplant.expressions import Difference, Expression, Read, names
from workers.transplant.flattening import Fold, Seen, folds
from workers.transplant.fused import Whole
from workers.transplant.moves import Left, Move, Question, Transfer
from workers.transplant.moving import because, built, confidence, dropped, values, words
from workers.transplant.settling import Doubt, Match, Matches
from workers.transplant.simplifying import simplified, substituted
from workers.transplant.telling import unfilled, unread
from workers.transplant.units import Neutral, Unit
from workers.weights.variables import Weights

EITHER = "neither names nor order tell which of them goes where"
NOTHING = "a Normalization that changes nothing"
UNFOLDED = (
    "it reads or makes feature maps laid out in a row, {channels} and the frameworks order them "
    "differently: the height and width are not known; say them in a mapping file"
)


@dataclass(slots=True)
class Assembly:
    """Moves by target variable, as they come together."""

    source: Weights
    target: Weights
    sources: tuple[Unit, ...]
    targets: tuple[Unit, ...]
    found: Matches
    seen: Seen | None = None
    moves: dict[str, Move] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    lefts: dict[str, Left] = field(default_factory=dict)
    rights: dict[str, Left] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    biases: Mapping[int, str] = field(default_factory=dict)

    def move_all(self, given: Sequence[Whole], wanted: Sequence[Whole]) -> None:
        """Make the moves of all matches; the wholes are those that were split on either side."""
        self.parts = {part: each.name for each in (*given, *wanted) for part in each.parts}
        self.questions.extend(self._question(each) for each in self.found.doubts)
        read = {part: of for each in given for part, of in each.split().items()}
        shapes = {name: each.shape for name, each in self.source.variables.items()}
        by_source = self.source.ordered and not self.target.ordered
        layers = {**self.source.layers, **self.target.layers}
        folded = folds(self.found.sure, layers, by_source=by_source, seen=self.seen)
        self.biases = self._moved_biases()
        pieces: dict[str, Move] = {}
        for match in self.found.sure:
            own = folded.get(match.target.place, ())
            if self.source.framework is self.target.framework:
                own = ()
            if self._stands(match, own):
                pieces.update(self._moves(match, own, read))
                self._note(match)
        for move in _joined(pieces, wanted):
            value = simplified(move.value, shapes)
            self.moves[move.target] = replace(move, value=value)

    def _moves(
        self, match: Match, own: Sequence[Fold], read: Mapping[str, Expression]
    ) -> dict[str, Move]:
        roles = values(match, own, self.source.framework)
        bias = self.biases.get(match.target.place)
        if bias is not None:
            roles["mean"] = Difference((roles["mean"], Read(bias)))
        shapes = {name: each.shape for name, each in self.source.variables.items()}
        found = {}
        for target, value in built(match, roles).items():
            made = simplified(substituted(value, read), shapes)
            said = words(match, target, made, own)
            found[target] = Move(target, made, said, confidence(match), because(match))
            if bias is not None and isinstance(made, Difference):
                sure = min(MOVED, confidence(match))
                found[target] = Move(target, made, f"less {bias}", sure, because(match))
        return found

    def _stands(self, match: Match, own: Sequence[Fold]) -> bool:
        """Whether a match can be made: nothing that the target drops says anything, and all
        maps are known."""
        if self.seen is None and any(not each.sized for each in own):
            why = UNFOLDED.format(channels=str(match.pair.source.roles["kernel"].shape) + ",")
            self.questions.append(
                Question(self._whole(match.target), self._whole(match.source), why)
            )
            return False
        for name, neutral in dropped(match):
            if name in self.biases.values():
                continue
            if not self._is(name, neutral):
                why = f"the target's layer has no place for it, and it is not all {neutral}"
                self.lefts[name] = Left(name, why)
                for each in self._whole(match.target):
                    self.rights[each] = Left(each, f"{name} of the source has no place beside it")
                return False
            self.lefts[name] = Left(
                name, f"the target's layer does without it, and it is all {neutral}", meant=True
            )
        return True

    def _moved_biases(self) -> Mapping[int, str]:
        ordered = (self.source.ordered, self.target.ordered)
        found = moved(self.found.sure, (self.sources, self.targets), ordered, self._is)
        return {place: name for place, name in found.items() if name not in self.parts}

    def _is(self, name: str, neutral: Neutral) -> bool:
        return _all(self.source, self.parts.get(name, name), neutral)

    def _note(self, match: Match) -> None:
        """What the layers compute differently, whatever their weights are."""
        here, there = (_epsilon(each) for each in (match.source, match.target))
        if here is not None and there is not None and abs(here - there) > 1e-3 * max(here, there):
            self.notes.append(
                f"{match.target.scope} has epsilon {there:g} and {match.source.scope} of the "
                f"source has {here:g}: the results will differ by that"
            )

    def _question(self, doubt: Doubt) -> Question:
        targets = (name for each in doubt.targets for name in self._whole(each))
        sources = (name for each in doubt.sources for name in self._whole(each))
        return Question(tuple(dict.fromkeys(targets)), tuple(dict.fromkeys(sources)), EITHER)

    def _whole(self, unit: Unit) -> tuple[str, ...]:
        """The names of a unit's variables, those that were split as they are in the file."""
        return tuple(dict.fromkeys(self.parts.get(each, each) for each in unit.variables))

    def transfer(self, left: Iterable[Left], right: Iterable[Left]) -> Transfer:
        """The moves in the target's order, ties and all, and everything that has none."""
        for name, owner in self.target.ties.items():
            if owner in self.moves and name not in self.moves:
                said = f"shares its memory with {owner}"
                self.moves[name] = replace(self.moves[owner], target=name, because=said)
        self.lefts.update({each.name: each for each in left})
        self.rights.update({each.name: each for each in right})
        asked = {name for each in self.questions for name in (*each.targets, *each.sources)}
        read = {name for move in self.moves.values() for name in names(move.value)}
        taken = {each.source.place for each in self.found.sure}
        filled = {each.target.place for each in self.found.sure}
        for unit in self.sources:
            lefts = unread(unit, self.targets, frozenset(filled))
            if unit.place not in taken and _is_nothing(unit, self.source):
                lefts = (Left(each, NOTHING, meant=True) for each in unit.variables)
            self._account(lefts, self.lefts, read | asked)
        for unit in self.targets:
            lefts = unfilled(unit, self.sources, frozenset(taken))
            if unit.place not in filled and _is_nothing(unit, self.target):
                lefts = (Left(each, NOTHING, meant=True) for each in unit.variables)
            self._account(lefts, self.rights, self.moves.keys() | asked)
        for name, owner in self.target.ties.items():
            if name not in self.moves:
                self.rights.setdefault(name, Left(name, f"shares its memory with {owner}"))
        return Transfer(
            tuple(self.moves[each] for each in self.target.variables if each in self.moves),
            tuple(_in_order(self.lefts, self.source)),
            tuple(_in_order(self.rights, self.target)),
            tuple(self.questions),
            tuple(self.notes),
        )

    def _account(self, found: Iterable[Left], into: dict[str, Left], known: Iterable[str]) -> None:
        done = set(known)
        for each in found:
            name = self.parts.get(each.name, each.name)
            if name not in done:
                into.setdefault(name, replace(each, name=name))


def _joined(pieces: dict[str, Move], wholes: Sequence[Whole]) -> Iterator[Move]:
    """The moves, those of split variables put together where all parts have one."""
    found = dict(pieces)
    for whole in wholes:
        parts = [found.pop(each) for each in whole.parts if each in found]
        if len(parts) == len(whole.parts):
            value = whole.joined({each.target: each.value for each in parts})
            said = list(dict.fromkeys(each.words for each in parts))
            yield Move(
                whole.name,
                value,
                f"{len(parts)} joined" + ("" if said == ["as it is"] else f", {'; '.join(said)}"),
                min(each.confidence for each in parts),
                parts[0].because,
            )
    yield from found.values()


def _is_nothing(unit: Unit, weights: Weights) -> bool:
    """Whether a Normalization leaves what it is given as it is."""
    (first, *_) = unit.readings
    roles = first.roles.values()
    return unit.kind == "normalization" and all(
        role.neutral is not None and _all(weights, name, role.neutral)
        for role in roles
        for name in names(role.gives)
    )


def _all(weights: Weights, name: str, neutral: Neutral) -> bool:
    return bool((weights.read(name) == (1 if neutral is Neutral.ONES else 0)).all())


def _epsilon(unit: Unit) -> float | None:
    settings = unit.layer.settings if unit.layer else {}
    value = settings.get("epsilon", settings.get("eps"))
    return float(value) if value is not None else None


def _in_order(found: Mapping[str, Left], weights: Weights) -> Iterator[Left]:
    return (found[each] for each in weights.variables if each in found)
