"""XGBoost's JSON, read as it is written: the booster's trees as lists, the objective, the bias.

Source: doc/model.schema of XGBoost; a split goes left where the feature is below its condition.
"""

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from shared.domain.errors import InvalidModel, UnsupportedOperator
from workers.tabular.forests import Branch, Forest, Link, Tree, check

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINKS: Final = {
    "binary:logistic": Link.BINARY,
    "binary:hinge": Link.HINGE,
    "binary:logitraw": Link.IDENTITY,
    "reg:logistic": Link.SIGMOID,
    "multi:softprob": Link.SOFTMAX,
    "multi:softmax": Link.SOFTMAX,
    "count:poisson": Link.EXP,
    "reg:gamma": Link.EXP,
    "reg:tweedie": Link.EXP,
    "survival:cox": Link.EXP,
    "survival:aft": Link.EXP,
    "reg:squarederror": Link.IDENTITY,
    "reg:linear": Link.IDENTITY,
    "reg:squaredlogerror": Link.IDENTITY,
    "reg:pseudohubererror": Link.IDENTITY,
    "reg:absoluteerror": Link.IDENTITY,
    "reg:quantileerror": Link.IDENTITY,
    "reg:expectileerror": Link.IDENTITY,
    "rank:pairwise": Link.IDENTITY,
    "rank:ndcg": Link.IDENTITY,
    "rank:map": Link.IDENTITY,
}
LOGISTIC: Final = frozenset({"binary:logistic", "reg:logistic"})

Node = Mapping[str, Any]


def read(text: bytes) -> Forest:
    """The forest in a model's JSON.

    Raises:
        InvalidModel: it is no model, or broken.
        UnsupportedOperator: it is linear, has categorical splits or several values a leaf, or an
            objective that is not known here.
    """
    try:
        return check(_forest(json.loads(text)["learner"]))
    except (ValueError, KeyError, IndexError, TypeError, OverflowError) as error:
        raise InvalidModel(
            f"The XGBoost JSON is no model ({type(error).__name__}: {error}). Write it with"
            ' booster.save_model("model.json").'
        ) from error


def rounds(learner: Node) -> int | None:
    """How many rounds of boosting count: those up to the best, where training stopped early."""
    best = learner.get("attributes", {}).get("best_iteration")
    return None if best is None else int(best) + 1


def _forest(learner: Node) -> Forest:
    booster = learner["gradient_booster"]
    name = booster["name"]
    weights: list[float] | None = None
    if name == "dart":
        weights = [float(each) for each in booster["weight_drop"]]
        booster = booster["gbtree"]
    elif name != "gbtree":
        raise UnsupportedOperator(
            f"The booster is {name!r}; only trees are translated (gbtree, dart).",
            node="gradient_booster",
            operator=str(name),
        )
    model = booster["model"]
    objective = learner["objective"]["name"]
    parameters = learner["learner_model_param"]
    targets = max(int(parameters["num_class"]), int(parameters.get("num_target", 1)), 1)
    link = _link(objective, targets)
    trees, info = model["trees"], model["tree_info"]
    if len(info) != len(trees) or (weights is not None and len(weights) != len(trees)):
        raise ValueError(f"{len(trees)} trees, {len(info)} entries in tree_info")
    kept = _kept(model, rounds(learner), len(trees))
    return Forest(
        trees=tuple(
            _tree(trees[each], each, int(info[each]), weights[each] if weights else 1.0)
            for each in range(kept)
        ),
        features=int(parameters["num_feature"]),
        targets=targets,
        base=_base(parameters["base_score"], objective, link, targets),
        branch=Branch.BELOW,
        link=link,
    )


def _link(objective: str, targets: int) -> Link:
    """Of several labels a row, each has a chance of its own, and there is no class to choose."""
    link = LINKS.get(objective)
    several = targets > 1
    if link is None or (several and link is Link.HINGE):
        labels = " with several labels a row" if several else ""
        raise UnsupportedOperator(
            f"XGBoost's objective {objective!r}{labels} is not known here.",
            node="objective",
            operator=str(objective),
        )
    return Link.SIGMOID if several and link is Link.BINARY else link


def _kept(model: Node, most: int | None, count: int) -> int:
    """Trees of the rounds that count. `iteration_indptr` says where each round begins."""
    starts = model.get("iteration_indptr")
    if most is None or not starts or most >= len(starts) - 1:
        return count
    return int(starts[most])


def _base(text: Any, objective: str, link: Link, targets: int) -> tuple[float, ...]:
    """The bias as a margin. The file has it as a prediction; before 3.0 one for all targets."""
    said = json.loads(text) if isinstance(text, str) else text
    scores = [float(each) for each in (said if isinstance(said, list) else [said])]
    if len(scores) == 1:
        scores *= targets
    if len(scores) != targets:
        raise ValueError(f"{len(scores)} base scores for {targets} outputs")
    if objective in LOGISTIC:
        return tuple(math.log(each / (1 - each)) for each in scores)
    if link is Link.EXP:
        return tuple(math.log(each) for each in scores)
    return tuple(scores)


def _tree(tree: Node, number: int, target: int, weight: float) -> Tree:
    import numpy as np

    _insist_on_plain(tree, number)
    left, right = _integers(tree["left_children"]), _integers(tree["right_children"])
    value = np.asarray(tree["split_conditions"], np.float32)
    leaf = left < 0
    return Tree(
        feature=np.where(leaf, 0, _integers(tree["split_indices"])),
        value=np.where(leaf, value * np.float32(weight), value),
        left=np.where(leaf, -1, left),
        right=np.where(right < 0, -1, right),
        missing_left=np.asarray(tree["default_left"], bool),
        target=target,
    )


def _integers(values: Any) -> "NDArray[Any]":
    import numpy as np

    return np.asarray(values, np.int64)


def _insist_on_plain(tree: Node, number: int) -> None:
    if int(tree["tree_param"].get("size_leaf_vector", 1)) > 1:
        raise UnsupportedOperator(
            "Its leaves hold a vector each (multi_strategy='multi_output_tree'), which is not"
            " translated. Train with multi_strategy='one_output_per_tree'.",
            node=f"tree {number}",
            operator="multi_output_tree",
        )
    if any(tree.get("split_type", ())):
        raise UnsupportedOperator(
            "It splits on categories (enable_categorical=True), which is not translated. Train on"
            " one-hot or ordinal columns.",
            node=f"tree {number}",
            operator="categorical split",
        )
