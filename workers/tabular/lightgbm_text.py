"""LightGBM's text, read as it is written: a head, a block for each tree, a list of parameters.

Source: GBDT::SaveModelToString and Tree::ToString of LightGBM 4; decision_type's bits are
categorical (1), default left (2) and the kind of missing values (4, 8).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shared.domain.errors import InvalidModel, UnsupportedOperator
from workers.tabular.forests import Branch, Forest, Link, Tree, check, rounded_down

if TYPE_CHECKING:
    from numpy.typing import NDArray

END: Final = "end of trees"
PLAIN: Final = frozenset(
    "regression regression_l1 huber fair quantile mape lambdarank rank_xendcg custom".split()  # noqa: SIM905 - LightGBM's own list
)
LOGARITHMIC: Final = frozenset({"poisson", "gamma", "tweedie"})

_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_MISSING_ZERO, _MISSING_NAN = 1, 2
_ZERO: Final = 1e-35

Block = Mapping[str, str]


def read(path: Path) -> Forest:
    """The forest that a text file writes down.

    Raises:
        InvalidModel: the text is cut short, or broken.
        UnsupportedOperator: it has linear trees or categorical features, treats zero as
            missing, or has an objective that is not known here.
    """
    try:
        return check(_forest(_blocks(path)))
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        raise InvalidModel(
            f"The LightGBM text is broken ({type(error).__name__}: {error}). Write it again with"
            ' booster.save_model("model.txt").'
        ) from error


def _blocks(path: Path) -> list[dict[str, str]]:
    """The head and the trees, each as its lines' names and values."""
    blocks: list[dict[str, str]] = [{}]
    with path.open(encoding="utf-8", errors="strict") as file:
        for line in file:
            name, _, value = line.strip().partition("=")
            if name == END:
                return blocks
            if name == "Tree":
                blocks.append({})
            blocks[-1][name] = value
    raise InvalidModel(
        f"The LightGBM text ends before its line {END!r}: it was cut short. Send it whole."
    )


def _forest(blocks: Sequence[Block]) -> Forest:
    head, *trees = blocks
    per_round = int(head["num_tree_per_iteration"])
    if per_round < 1:
        raise ValueError(f"num_tree_per_iteration is {per_round}")
    averaged = "average_output" in head
    share = per_round / len(trees) if averaged and trees else 1.0
    name, _, details = head.get("objective", "custom").partition(" ")
    link, slope = _link(name, _details(details))
    return Forest(
        trees=tuple(
            _tree(each, number, number % per_round, share) for number, each in enumerate(trees)
        ),
        features=int(head["max_feature_idx"]) + 1,
        targets=per_round,
        base=(0.0,) * per_round,
        branch=Branch.UP_TO,
        link=link,
        slope=slope,
    )


def _details(text: str) -> Mapping[str, str]:
    """`sigmoid:1 num_class:3 sqrt` by name."""
    pairs = (word.partition(":") for word in text.split())
    return {name: value for name, _, value in pairs}


def _link(name: str, details: Mapping[str, str]) -> tuple[Link, float]:
    slope = float(details.get("sigmoid", 1.0))
    if name in PLAIN:
        return Link.SQUARE if "sqrt" in details else Link.IDENTITY, slope
    if name in LOGARITHMIC:
        return Link.EXP, slope
    known = {
        "binary": Link.BINARY,
        "multiclass": Link.SOFTMAX,
        "multiclassova": Link.EACH,
        "cross_entropy": Link.SIGMOID,
    }
    if name not in known:
        raise UnsupportedOperator(
            f"LightGBM's objective {name!r} is not known here.", node="objective", operator=name
        )
    return known[name], slope


def _tree(block: Block, number: int, target: int, share: float) -> Tree:
    """Splits come first, then leaves: LightGBM names leaf n as ~n."""
    import numpy as np

    leaves = int(block["num_leaves"])
    _insist_on_plain(block, number)
    weights = _numbers(block["leaf_value"], float)
    if leaves < 1 or len(weights) != leaves:
        raise ValueError(f"tree {number} has {len(weights)} values for {leaves} leaves")
    splits = leaves - 1
    if not splits:
        none, no = np.full(1, -1, np.int64), np.zeros(1, np.int64)
        return Tree(no, _float32(weights * share), none, none, np.zeros(1, bool), target)
    feature, kind = (_numbers(block[name], int) for name in ("split_feature", "decision_type"))
    threshold = _numbers(block["threshold"], float)
    left, right = (_places(block[name], splits) for name in ("left_child", "right_child"))
    if {len(each) for each in (feature, kind, threshold, left, right)} != {splits}:
        raise ValueError(f"tree {number} has lists of several lengths for {splits} splits")
    _insist_on_numbers(kind, feature, number)
    bound = _past_zero(rounded_down(threshold))
    empty = np.full(leaves, -1, np.int64)
    return Tree(
        feature=np.concatenate([feature, np.zeros(leaves, np.int64)]),
        value=np.concatenate([bound, _float32(weights * share)]),
        left=np.concatenate([left, empty]),
        right=np.concatenate([right, empty]),
        missing_left=np.concatenate(
            [_missing_left(kind, threshold, feature, number), np.zeros(leaves, bool)]
        ),
        target=target,
    )


def _insist_on_plain(block: Block, number: int) -> None:
    if int(block.get("is_linear", "0")):
        raise UnsupportedOperator(
            "Linear trees have a model in each leaf, which ONNX's trees have not. Train with"
            " linear_tree=false.",
            node=f"tree {number}",
            operator="linear_tree",
        )


def _insist_on_numbers(kind: "NDArray[Any]", feature: "NDArray[Any]", number: int) -> None:
    categorical = (kind & _CATEGORICAL) > 0
    if categorical.any():
        raise UnsupportedOperator(
            f"Feature {feature[categorical][0]} is categorical: its splits name sets of"
            " categories, which are not translated. Train on one-hot or ordinal columns with"
            " categorical_feature left out.",
            node=f"tree {number}",
            operator="categorical split",
        )


def _past_zero(bound: "NDArray[Any]") -> "NDArray[Any]":
    """LightGBM takes whatever is as near to 0 as this for 0, before it compares."""
    import numpy as np

    near = np.float32(_ZERO)
    inside = np.abs(bound) <= near
    below = np.nextafter(-near, np.float32(-np.inf))
    return np.where(inside, np.where(bound < 0, below, near), bound)


def _missing_left(
    kind: "NDArray[Any]", threshold: "NDArray[Any]", feature: "NDArray[Any]", number: int
) -> "NDArray[Any]":
    """Where NaN goes. Unless NaN was seen in training, LightGBM takes it for 0."""
    by_default = (kind & _DEFAULT_LEFT) > 0
    missing = (kind >> 2) & 3
    as_zero = threshold >= 0
    strays = (missing == _MISSING_ZERO) & (by_default != as_zero)
    if strays.any():
        raise UnsupportedOperator(
            f"Feature {feature[strays][0]} treats zero as missing (zero_as_missing=true), which"
            " ONNX's trees cannot say. Mark what is missing with NaN, and train again.",
            node=f"tree {number}",
            operator="zero_as_missing",
        )
    import numpy as np

    return np.where(missing == _MISSING_NAN, by_default, as_zero)


def _numbers(text: str, kind: type[int] | type[float]) -> "NDArray[Any]":
    import numpy as np

    return np.array([kind(word) for word in text.split()], dtype=kind)


def _places(text: str, splits: int) -> "NDArray[Any]":
    import numpy as np

    child = _numbers(text, int)
    return np.where(child < 0, splits - child - 1, child)


def _float32(values: "NDArray[Any]") -> "NDArray[Any]":
    import numpy as np

    return np.asarray(values, np.float32)
