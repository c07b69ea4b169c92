"""How a scikit-learn model is fed and what it gives, under the names that skl2onnx writes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from shared.domain.errors import InvalidModel, UnsupportedOperator
from shared.domain.signatures import Inspection, Signature, Tensor
from workers.runtime import Arrays, Session
from workers.tabular.ensemble_graph import INPUT, LABEL, PROBABILITIES, VARIABLE
from workers.tabular.objects import objects
from workers.tabular.ranges import BATCHES, Column, suited_columns, suited_table
from workers.tabular.sklearn_columns import columns
from workers.tabular.ties import Decided, gaps_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCORES: Final = "scores"
FLOAT, WORDS = "float32", "object"
ONE_SCORE: Final = frozenset({"LinearSVC", "RidgeClassifier", "RidgeClassifierCV"})
SCORE_FIRST: Final = frozenset({"SVC", "NuSVC"})


def inputs(table: Sequence[Column]) -> tuple[Tensor, ...]:
    """One table where all columns are of one kind, else each column [batch, 1] by its name."""
    kinds = {each.words for each in table}
    if len(kinds) == 1:
        dtype = WORDS if kinds == {True} else FLOAT
        return (Tensor(name=INPUT, dtype=dtype, shape=(None, len(table))),)
    return tuple(
        Tensor(name=each.name, dtype=WORDS if each.words else FLOAT, shape=(None, 1))
        for each in table
    )


def inspection(model: Any, format: str) -> Inspection:
    """What there is to say of an estimator; its operators are the estimators it is made of."""
    import sklearn
    from sklearn.base import BaseEstimator

    parts = [each for each in objects(model) if isinstance(each, BaseEstimator)]
    return Inspection(
        format=format,
        signature=session(model).signature,
        parameters=_parameters(model),
        operators=dict(Counter(type(each).__name__ for each in parts).most_common()),
        producer=f"scikit-learn, read by {sklearn.__version__}",
    )


def session(model: Any) -> Session:
    """scikit-learn's own answers to rows of float32 (and words).

    Raises:
        UnsupportedOperator: it is neither classifier, regressor, transformer nor clusterer, or
            has several labels a row.
        InvalidModel: it cannot answer.
    """
    table = columns(model)
    takes = inputs(table)
    one = takes[0].name == INPUT and len(takes) == 1

    def run(given: Arrays) -> "dict[str, NDArray[Any]]":
        return outputs(model, given[INPUT] if one else _joined(table, given))

    suit = suited_table(INPUT, table) if one else suited_columns(table)
    signature = Signature(inputs=takes, outputs=_asked(run, suit(_row(takes))))

    decided = Decided(suit, gaps_of(run))
    return Session(signature, run, suit=decided, batches=BATCHES, noted=decided.remark)


def outputs(model: Any, rows: "NDArray[Any]") -> "dict[str, NDArray[Any]]":
    """Labels int64 or words [batch], of outliers [batch, 1]; all else float32 [batch, ...]."""
    from sklearn.base import is_classifier, is_clusterer, is_outlier_detector

    if is_classifier(model) or hasattr(model, "predict_proba"):  # a mixture is no classifier
        if isinstance(getattr(model, "classes_", None), list):
            raise UnsupportedOperator(
                "It has several labels a row, which is not translated. Send a model for each.",
                operator=type(model).__name__,
            )
        told = labels(model.predict(rows))
        told = told if is_classifier(model) else told.reshape(-1, 1)
        return {LABEL: told, PROBABILITIES: _chances(model, rows)}
    if is_outlier_detector(model):
        told = labels(model.predict(rows)).reshape(-1, 1)
        return {LABEL: told, SCORES: _wide(model.decision_function(rows))}
    if is_clusterer(model):
        return {LABEL: labels(model.predict(rows)), SCORES: _wide(model.transform(rows))}
    for verb in ("predict", "transform"):
        if hasattr(model, verb):
            return {VARIABLE: _wide(getattr(model, verb)(rows))}
    raise UnsupportedOperator(
        f"{type(model).__name__} neither predicts nor transforms, so there is nothing to convert.",
        operator=type(model).__name__,
    )


def nested(model: Any) -> Iterator[Any]:
    """The model, then what a pipeline ends with or a search has found, down to the last."""
    while model is not None:
        yield model
        steps = getattr(model, "steps", None)
        model = steps[-1][1] if steps else getattr(model, "best_estimator_", None)


def last_step(model: Any) -> Any:
    """The estimator that says the answer."""
    return list(nested(model))[-1]


def _chances(model: Any, rows: "NDArray[Any]") -> "NDArray[Any]":
    """Probabilities; scores where it has none, for two classes as sklearn-onnx lays them out."""
    import numpy as np

    if hasattr(model, "predict_proba"):
        return _wide(model.predict_proba(rows))
    scores = _wide(model.decision_function(rows))
    kind = type(last_step(model)).__name__
    if scores.shape[1] > 1 or kind in ONE_SCORE:
        return scores
    pair = [scores, -scores] if kind in SCORE_FIRST else [-scores, scores]
    return np.concatenate(pair, axis=1)


def labels(told: "NDArray[Any]") -> "NDArray[Any]":
    """Classes as ONNX has them: words, or int64."""
    import numpy as np

    return told.astype(object) if told.dtype.kind in "OU" else np.asarray(told, np.int64)


def _wide(told: Any) -> "NDArray[Any]":
    import numpy as np

    dense = told.toarray() if hasattr(told, "toarray") else np.asarray(told)
    return np.asarray(dense, np.float32).reshape(len(dense), -1)


def _joined(table: Sequence[Column], given: Arrays) -> "NDArray[Any]":
    import numpy as np

    return np.concatenate([given[each.name].astype(object) for each in table], axis=1)


def _row(takes: Sequence[Tensor]) -> "dict[str, NDArray[Any]]":
    import numpy as np

    return {
        each.name: np.full(_two(each), "a" if each.dtype == WORDS else 0).astype(each.dtype)
        for each in takes
    }


def _two(tensor: Tensor) -> tuple[int, ...]:
    return tuple(each if isinstance(each, int) else 2 for each in tensor.shape or ())


def _asked(run: Any, rows: Arrays) -> tuple[Tensor, ...]:
    """What it gives, found by asking it."""
    try:
        told = run(rows)
    except UnsupportedOperator:
        raise
    except Exception as error:
        raise InvalidModel(
            f"The model does not answer to a row of its features ({type(error).__name__}:"
            f" {str(error)[:300]}). It may be of another version of scikit-learn: save it with"
            " this one."
        ) from error
    return tuple(
        Tensor(name=name, dtype=array.dtype.name, shape=(None, *array.shape[1:]))
        for name, array in told.items()
    )


def _parameters(model: Any) -> int:
    """Elements of the arrays of floats that it holds."""
    import numpy as np

    arrays = (
        each
        for owner in objects(model)
        for each in getattr(owner, "__dict__", {}).values()
        if isinstance(each, np.ndarray) and each.dtype.kind == "f"
    )
    return sum(each.size for each in arrays)
