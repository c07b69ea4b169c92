"""skops files: a scikit-learn model written down without pickles.

Only types that skops trusts by itself are loaded, and those listed here, which it leaves to the
one who loads them. Some of them hold indices that scikit-learn follows unchecked (trees): these
are checked before anything runs. See "Unsafe types" in skops' documentation.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel
from workers.tabular.objects import objects
from workers.tabular.sklearn_trees import check_trees

TRUSTED: Final = frozenset(
    {
        "numpy.dtype",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.compose._column_transformer._RemainderColsList",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.metrics._scorer._PassthroughScorer",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)
"""Types of scikit-learn's own that hold numbers and run nothing of the file's."""

TRUSTED_ROOMS: Final = (
    "sklearn.feature_selection._mutual_info.",
    "sklearn.feature_selection._univariate_selection.",
    "sklearn.gaussian_process.kernels.",
    "sklearn.metrics._dist_metrics.",
    "sklearn.model_selection._split.",
)
"""The same of whole modules; of their functions none is called when a fitted model runs."""

LEARNERS: Final = {"xgboost": "model.json", "lightgbm": "model.txt"}
"""Libraries whose models lie in files of their own."""

_NAMED: Final = 5


def load(path: Path) -> Any:
    """The fitted estimator.

    Raises:
        InvalidModel: it is cut short or broken, needs a foreign type, or is no fitted estimator.
    """
    import skops.io

    try:
        foreign = skops.io.get_untrusted_types(file=path)
    except Exception as error:
        raise _broken(error) from error
    if strange := [each for each in foreign if not _is_trusted(each)]:
        raise InvalidModel(_refusal(strange))
    try:
        model = skops.io.load(path, trusted=foreign)
    except Exception as error:
        raise _broken(error) from error
    _insist_on_an_estimator(model)
    check_trees(model)
    _search_by_brute_force(model)
    _name_by_place(model)
    return model


def _is_trusted(name: str) -> bool:
    return name in TRUSTED or name.startswith(TRUSTED_ROOMS)


def _broken(error: Exception) -> InvalidModel:
    lines = str(error).strip().splitlines() or ["no reason given"]
    return InvalidModel(
        f"The skops file cannot be read ({type(error).__name__}: {lines[0][:300]}). Write it again"
        ' with skops.io.dump(model, "model.skops").'
    )


def _refusal(strange: Iterable[str]) -> str:
    names = sorted(strange)
    for library, file in LEARNERS.items():
        if any(each.startswith(f"{library}.") for each in names):
            return (
                f"The model holds one of {library} ({names[0]}), which skops does not read."
                f' Save its booster on its own, model.save_model("{file}"), and send that.'
            )
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"The file needs types that are not loaded here: {', '.join(names[:_NAMED])}{more}. Only"
        " scikit-learn's and numpy's are. Replace your own classes and functions with"
        " scikit-learn's, or leave those steps out and apply them before the model."
    )


def _insist_on_an_estimator(model: Any) -> None:
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if not isinstance(model, BaseEstimator):
        raise InvalidModel(
            f"The file holds a {type(model).__name__}, not a scikit-learn estimator. Save the"
            ' fitted model itself: skops.io.dump(model, "model.skops").'
        )
    try:
        check_is_fitted(model)
    except (NotFittedError, TypeError) as error:
        raise InvalidModel(
            f"The {type(model).__name__} is not fitted: call fit, and save it again."
        ) from error
    count = getattr(model, "n_features_in_", None)
    if not isinstance(count, int) or count < 1:
        raise InvalidModel(
            f"The {type(model).__name__} does not say how many features it takes"
            " (n_features_in_). Fit it on a table, and save it again."
        )


def _search_by_brute_force(model: Any) -> None:
    """The nearest are the same, and an index that came with a file is never followed."""
    from sklearn.neighbors._base import NeighborsBase

    for each in objects(model):
        if isinstance(each, NeighborsBase) and getattr(each, "_tree", None) is not None:
            each._tree = None  # noqa: SLF001 - scikit-learn has no other way to say it
            each._fit_method = "brute"  # noqa: SLF001


def _name_by_place(model: Any) -> None:
    """Columns that were named when it was fitted, by their places.

    Rows come as arrays here, and scikit-learn looks names up in data frames alone.
    """
    for each in objects(model):
        if hasattr(each, "_transformer_to_input_indices") and hasattr(each, "transformers_"):
            places = each._transformer_to_input_indices  # noqa: SLF001 - resolved there, nowhere else
            each.transformers_ = [
                (name, inner, list(places.get(name, ()))) for name, inner, _ in each.transformers_
            ]
