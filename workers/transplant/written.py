"""What is written in a mapping file: values, changes and rules, as pydantic reads them."""

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Axis = Annotated[int, Field(ge=0, le=15)]
Length = Annotated[int, Field(ge=-1, le=2**48)] | Annotated[str, Field(pattern=r"^axis \d{1,2}$")]
Filled = tuple[Annotated[int, Field(ge=0, le=2**48)], ...] | Literal["template"] | None
Prefix = Annotated[str, Field(max_length=200)]
Some = Annotated[tuple[Text, ...], Field(min_length=1, max_length=1000)]

CHANGES: Final = ("transpose", "reshape", "squeeze", "expand", "part", "gates", "split")
ORIGINS: Final = ("source", "join", "sum", "difference", "zeros", "ones")


class Strict(BaseModel):
    """Nothing that is not declared, and no value of another type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _lists_as_tuples(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {key: tuple(v) if isinstance(v, list) else v for key, v in data.items()}


class WrittenLike(Strict):
    """Of the shape of a variable of the source."""

    like: Text


class WrittenPart(Strict):
    """Part `index`, counted from 0, of `count` equal ones."""

    axis: Axis
    index: Annotated[int, Field(ge=0, le=1023)]
    count: Annotated[int, Field(ge=1, le=1024)]


class WrittenGates(Strict):
    """As many equal parts as `order` has numbers: the first is part `order[0]` of the source."""

    axis: Axis
    order: Annotated[tuple[Annotated[int, Field(ge=0, le=1023)], ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if sorted(self.order) != list(range(len(self.order))):
            raise ValueError(
                f"the order {list(self.order)} has to name each of the parts 0 to "
                f"{len(self.order) - 1} once"
            )
        return self


class WrittenSplit(Strict):
    """As many equal parts as there are targets."""

    axis: Axis
    into: Some


class WrittenJoin(Strict):
    """One after the other."""

    axis: Axis
    of: Annotated[tuple["Text | Written", ...], Field(min_length=1, max_length=1024)]


class Written(Strict):
    """A value: what it is made of, and the changes, done in the order in which they stand."""

    source: "Text | Written | None" = None
    join: WrittenJoin | None = None
    sum: Annotated[tuple["Text | Written", ...] | None, Field(min_length=1, max_length=1024)] = (
        None
    )
    difference: Annotated[
        tuple["Text | Written", ...] | None, Field(min_length=2, max_length=1024)
    ] = None
    zeros: Filled | WrittenLike = None
    ones: Filled = None
    transpose: tuple[Axis, ...] | None = None
    reshape: Annotated[tuple[Length, ...] | None, Field(max_length=16)] = None
    squeeze: Axis | None = None
    expand: Axis | None = None
    part: WrittenPart | None = None
    gates: WrittenGates | None = None
    order: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _in_order(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if "order" in data:
            raise ValueError("there is no key 'order' here; it stands in 'gates'")
        return {**data, "order": tuple(key for key in data if key in CHANGES)}

    @property
    def origins(self) -> tuple[str, ...]:
        """Which of them are given: a value has one."""
        return tuple(key for key in ORIGINS if getattr(self, key) is not None)

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if type(self) is Written and len(self.origins) != 1:
            raise ValueError(
                "a value has one of 'source', 'join', 'sum', 'difference', 'zeros' and 'ones'"
            )
        return self


class WrittenQuestion(Strict):
    """Targets and the sources that they may have, to be decided by who reads the file."""

    targets: Some
    sources: Some


class WrittenRule(Written):
    """One rule: a value and its target; or `skip`, `keep` or `ask`.

    Of several targets the first that the template has; what is `also` there gets the value too.
    """

    target: Text | Some | None = None
    also: Text | Some | None = None
    split: WrittenSplit | None = None
    skip: Text | Some | None = None
    only: Literal["zeros"] | None = None
    keep: Text | Some | None = None
    ask: WrittenQuestion | None = None
    why: Annotated[str | None, Field(max_length=2000)] = None
    optional: bool = False
    meant: bool = True

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        alone = [key for key in ("skip", "keep", "ask") if getattr(self, key) is not None]
        if len(alone) + len(self.origins) != 1:
            raise ValueError(
                "a rule has one of 'source', 'join', 'sum', 'difference', 'zeros', 'ones', "
                "'skip', 'keep' and 'ask'"
            )
        if self.only is not None and self.skip is None:
            raise ValueError("'only' goes with 'skip' only")
        if self.also is not None and self.target is None:
            raise ValueError("'also' goes with 'target' only")
        if not self.meant and self.skip is None and self.keep is None:
            raise ValueError("'meant' goes with 'skip' and 'keep' only")
        if alone and (self.order or self.target is not None or self.optional):
            raise ValueError(f"beside '{alone[0]}' stand 'why' and 'meant' only")
        if not alone and (self.target is None) == (self.split is None):
            raise ValueError("a rule has either 'target' or 'split'")
        return self


class WrittenPrefixes(Strict):
    """What `@` may stand for, on both sides; the first one where nothing tells.

    `*` stands for one scope, whatever it is called.
    """

    source: Annotated[tuple[Prefix, ...], Field(max_length=20)] = ()
    target: Annotated[tuple[Prefix, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _one_without_stars(self) -> Self:
        for side in (self.source, self.target):
            if any(re.search(r"\*(?![./])", each) for each in side):
                raise ValueError("in a prefix '*' stands for one scope: '/' or '.' follows it")
            if side and all("*" in each for each in side):
                raise ValueError("one of the prefixes has no '*': it is used where nothing tells")
        return self


Side = Literal["tensorflow", "pytorch"]
Note = Annotated[str, Field(max_length=2000)]
Row = Annotated[str, Field(max_length=200)]


class WrittenMapping(Strict):
    """The whole file."""

    mapping: Literal[1]
    origin: Side = Field(alias="from")
    to: Side
    family: Annotated[str | None, Field(max_length=100)] = None
    about: Annotated[str, Field(max_length=2000)] = ""
    prefixes: WrittenPrefixes = WrittenPrefixes()
    tables: Annotated[dict[Row, dict[Row, Row]], Field(max_length=100)] = {}
    notes: Annotated[tuple[Note, ...], Field(max_length=1000)] = ()
    rest: Literal["match", "refuse"] = "refuse"
    rules: Annotated[tuple[WrittenRule, ...], Field(max_length=20_000)] = ()
