"""What every forest's runtime says and gives, whichever library runs it."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shared.domain.signatures import Inspection, Signature, Tensor
from workers.runtime import Arrays, Session
from workers.tabular.ensemble_graph import INPUT, LABEL, PROBABILITIES, VARIABLE
from workers.tabular.forests import Forest, Link
from workers.tabular.ranges import BATCHES, of_forest, suited_table
from workers.tabular.ties import Decided, gaps_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

Predict = Callable[["NDArray[Any]"], "NDArray[Any]"]
"""Rows float32 [batch, features] to predictions [batch] or [batch, targets]."""


def signature(forest: Forest) -> Signature:
    """One table in; label and probabilities out, or values."""
    rows = Tensor(name=INPUT, dtype="float32", shape=(None, forest.features))
    if not forest.classifies:
        values = Tensor(name=VARIABLE, dtype="float32", shape=(None, forest.targets))
        return Signature(inputs=(rows,), outputs=(values,))
    classes = max(forest.targets, 2)
    label = Tensor(name=LABEL, dtype="int64", shape=(None,))
    chances = Tensor(name=PROBABILITIES, dtype="float32", shape=(None, classes))
    return Signature(inputs=(rows,), outputs=(label, chances))


def inspection(forest: Forest, format: str, producer: str | None) -> Inspection:
    """What there is to say of a forest; its operators are trees, splits and leaves."""
    splits = sum(int((each.left >= 0).sum()) for each in forest.trees)
    counts = Counter({"Tree": len(forest.trees), "Split": splits, "Leaf": forest.nodes - splits})
    return Inspection(
        format=format,
        signature=signature(forest),
        parameters=forest.nodes,
        operators=dict(counts),
        producer=producer,
    )


def session(forest: Forest, predict: Predict, margins: Predict | None = None) -> Session:
    """The library's own predictions under the names that the ONNX model has.

    `margins` gives the sums of the leaves, where the predictions do not tell how near a row is
    to another class.
    """

    def run(inputs: Arrays) -> "dict[str, NDArray[Any]]":
        return _outputs(forest, predict(inputs[INPUT]))

    def distances(inputs: Arrays) -> "NDArray[Any] | None":
        return abs(margins(inputs[INPUT])) if margins else None

    suit = suited_table(INPUT, of_forest(forest))
    decided = Decided(suit, distances if margins else gaps_of(run))
    return Session(signature(forest), run, suit=decided, batches=BATCHES, noted=decided.remark)


def _outputs(forest: Forest, predicted: "NDArray[Any]") -> "dict[str, NDArray[Any]]":
    import numpy as np

    told = np.asarray(predicted, np.float32).reshape(len(predicted), -1)
    if not forest.classifies:
        return {VARIABLE: told}
    if forest.link in {Link.BINARY, Link.HINGE}:
        told = np.concatenate([1 - told, told], axis=1)
        return {LABEL: (told[:, 1] > 0.5).astype(np.int64), PROBABILITIES: told}  # noqa: PLR2004
    return {LABEL: told.argmax(axis=1).astype(np.int64), PROBABILITIES: told}
