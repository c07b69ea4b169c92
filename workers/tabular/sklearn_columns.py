"""Columns: what a scikit-learn model takes, and where its own values lie."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from workers.tabular.ranges import Column, place
from workers.tabular.sklearn_trees import thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAIRS: Final = (("mean_", "scale_"), ("center_", "scale_"), ("theta_", "var_"))
ROWS: Final = (
    "quantiles_",
    "support_vectors_",
    "cluster_centers_",
    "_fit_X",
    "means_",
    "X_train_",
    "centroids_",
)
"""Attributes with a row of features each."""

ENDS: Final = ("data_min_", "data_max_")
INNER: Final = (
    "estimators_",
    "estimator_",
    "best_estimator_",
    "calibrated_classifiers_",
    "estimator",
)


def columns(model: Any) -> tuple[Column, ...]:
    """One for each feature, under its own name where the model was fitted on named ones."""
    count = model.n_features_in_
    names = getattr(model, "feature_names_in_", [f"column_{each}" for each in range(count)])
    found = [Column(str(name)) for name in names]
    _look(model, found, list(range(count)))
    holes = takes_holes(model)
    return tuple(replace(each, missing=True) if holes else each for each in found)


def takes_holes(model: Any) -> bool:
    """Whether it is a tree or a forest that knows where NaN goes."""
    from sklearn.ensemble._forest import BaseForest
    from sklearn.tree import BaseDecisionTree

    known = isinstance(model, BaseDecisionTree | BaseForest)
    return known and bool(model.__sklearn_tags__().input_tags.allow_nan)


def _look(part: Any, found: list[Column], places: Sequence[int]) -> bool:
    """Note what `part` says of the features at `places`; whether it says anything."""
    if hasattr(part, "transformers_") and hasattr(part, "_transformer_to_input_indices"):
        indices = part._transformer_to_input_indices  # noqa: SLF001 - sklearn resolves names there
        for name, inner, _ in part.transformers_:
            _look(inner, found, [places[each] for each in indices.get(name, ())])
        return True
    if hasattr(part, "steps"):
        return any(_look(step, found, places) for _, step in part.steps)
    if hasattr(part, "statistics_"):  # an imputer: what comes behind it says more
        for at in places:
            found[at] = replace(found[at], missing=True)
        return False
    if len(getattr(part, "categories_", ())) == len(places) and places:
        _note_choices(part, found, places)
        return True
    values = _values(part, len(places))
    if values is None:
        return any(_look(each, found, places) for each in _inner(part))
    missing = hasattr(part, "_predictors")
    for at, own in zip(places, values, strict=True):
        centre, spread = place(own)
        kept = found[at]
        found[at] = replace(kept, centre=centre, spread=spread, missing=kept.missing or missing)
    return True


def _note_choices(part: Any, found: list[Column], places: Sequence[int]) -> None:
    for at, choices in zip(places, part.categories_, strict=True):
        words = choices.dtype.kind in "OU"
        kept = [each for each in choices.tolist() if each is not None and each == each]  # noqa: PLR0124 - NaN is a category too
        found[at] = replace(found[at], choices=tuple(kept), words=words)


def _inner(part: Any) -> Iterator[Any]:
    """Its fitted parts, those that see all of its features."""
    for name in INNER:
        held = getattr(part, name, None)
        if held is None or isinstance(held, str):
            continue
        several = hasattr(held, "__iter__") and not hasattr(held, "steps")
        yield from held if several else (held,)


def _values(part: Any, count: int) -> "list[NDArray[Any]] | None":
    """For each feature the values that matter to it; None where nothing is said."""
    import numpy as np

    splits = list(thresholds(part)) if not hasattr(part, "transformers_") else []
    if splits and getattr(part, "n_features_in_", count) == count:
        feature = np.concatenate([each for each, _ in splits])
        bound = np.concatenate([each for _, each in splits])
        return [bound[feature == each] for each in range(count)]
    if (edges := getattr(part, "bin_edges_", None)) is not None and len(edges) == count:
        return list(edges)
    table = _table(part)
    if table is None or table.ndim != 2 or table.shape[1] != count:  # noqa: PLR2004 - rows of features
        return None
    return list(table.T)


def _table(part: Any) -> "NDArray[Any] | None":
    import numpy as np

    said = {
        name: value.toarray() if hasattr(value, "toarray") else np.asarray(value)
        for name in (*ROWS, *ENDS, *sum(PAIRS, ()), "max_abs_")
        if (value := getattr(part, name, None)) is not None
    }
    for name in ROWS:
        if name in said:
            return said[name]
    if said.keys() >= set(ENDS):
        return np.stack([said[each] for each in ENDS])
    if "max_abs_" in said:
        return np.stack([-said["max_abs_"], said["max_abs_"]])
    for middle, spread in PAIRS:
        if middle in said and spread in said:
            around = np.atleast_2d(said[middle]), np.atleast_2d(said[spread])
            width = np.sqrt(around[1]) if spread == "var_" else around[1]
            return np.concatenate([around[0] - width, around[0] + width])
    if "mean_" in said and hasattr(part, "components_"):
        width = np.sqrt(part.explained_variance_ @ np.square(part.components_))
        return np.stack([said["mean_"] - width, said["mean_"] + width])
    return None
