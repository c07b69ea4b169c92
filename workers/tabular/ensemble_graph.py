"""A forest as an ONNX graph: one TreeEnsembleRegressor, and the link behind it.

Source: ai.onnx.ml 3, TreeEnsembleRegressor. Node ids are places in the tree's arrays.
"""

from typing import Any, Final

from workers.tabular.forests import Forest, Link

ML: Final = "ai.onnx.ml"
ML_VERSION: Final = 3
INPUT: Final = "input"
LABEL: Final = "label"
PROBABILITIES: Final = "probabilities"
VARIABLE: Final = "variable"


def graph(forest: Forest, *, opset: int, producer: str) -> Any:
    """The model: `input` float32 [batch, features].

    A classifier gives `label` int64 [batch] and `probabilities` float32 [batch, classes]; any
    other model gives `variable` float32 [batch, targets].
    """
    from onnx import TensorProto, helper

    nodes, constants = _body(forest)
    model = helper.make_model(
        helper.make_graph(
            [_ensemble(forest), *nodes],
            "forest",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", forest.features])],
            _outputs(forest),
            constants,
        ),
        opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid(ML, ML_VERSION)],
        producer_name=producer,
    )
    model.ir_version = helper.find_min_ir_version_for(list(model.opset_import))
    return model


def _outputs(forest: Forest) -> list[Any]:
    from onnx import TensorProto, helper

    if not forest.classifies:
        shape = ["batch", forest.targets]
        return [helper.make_tensor_value_info(VARIABLE, TensorProto.FLOAT, shape)]
    classes = max(forest.targets, 2)
    return [
        helper.make_tensor_value_info(LABEL, TensorProto.INT64, ["batch"]),
        helper.make_tensor_value_info(PROBABILITIES, TensorProto.FLOAT, ["batch", classes]),
    ]


def _ensemble(forest: Forest) -> Any:
    import numpy as np
    from onnx import helper

    trees = forest.trees
    counts = [len(each.value) for each in trees]
    left = np.concatenate([each.left for each in trees])
    right = np.concatenate([each.right for each in trees])
    value = np.concatenate([each.value for each in trees]).astype(np.float32)
    ids = np.concatenate([np.arange(count) for count in counts])
    tree_ids = np.repeat(np.arange(len(trees)), counts)
    targets = np.repeat([each.target for each in trees], counts)
    split = left >= 0
    leaf = ~split
    return helper.make_node(
        "TreeEnsembleRegressor",
        [INPUT],
        ["sums"],
        name="trees",
        domain=ML,
        n_targets=forest.targets,
        base_values=[float(each) for each in forest.base],
        nodes_treeids=tree_ids.tolist(),
        nodes_nodeids=ids.tolist(),
        nodes_featureids=np.concatenate([each.feature for each in trees]).tolist(),
        nodes_modes=[forest.branch.value if each else "LEAF" for each in split],
        nodes_values=np.where(split, value, 0).tolist(),
        nodes_truenodeids=np.where(split, left, 0).tolist(),
        nodes_falsenodeids=np.where(split, right, 0).tolist(),
        nodes_missing_value_tracks_true=np.concatenate([each.missing_left for each in trees])
        .astype(int)
        .tolist(),
        target_treeids=tree_ids[leaf].tolist(),
        target_nodeids=ids[leaf].tolist(),
        target_ids=targets[leaf].tolist(),
        target_weights=value[leaf].tolist(),
    )


def _body(forest: Forest) -> tuple[list[Any], list[Any]]:
    """Nodes from `sums` to the outputs, and the constants that they need."""
    best = _node("ArgMax", PROBABILITIES, out=LABEL, axis=1, keepdims=0)
    scaled = _node("Mul", "sums", "slope", out="scaled")
    slope = _number("slope", forest.slope)
    both, for_both = _two_classes()
    told: list[Any]
    constants: list[Any] = []
    match forest.link:
        case Link.IDENTITY:
            told = [_node("Identity", "sums", out=VARIABLE)]
        case Link.EXP:
            told = [_node("Exp", "sums", out=VARIABLE)]
        case Link.SQUARE:
            told = [_node("Abs", "sums", out="size"), _node("Mul", "sums", "size", out=VARIABLE)]
        case Link.SIGMOID:
            told, constants = [scaled, _node("Sigmoid", "scaled", out=VARIABLE)], [slope]
        case Link.SOFTMAX:
            told = [_node("Softmax", "sums", out=PROBABILITIES, axis=1), best]
        case Link.EACH:
            told = [scaled, _node("Sigmoid", "scaled", out=PROBABILITIES), best]
            constants = [slope]
        case Link.BINARY:
            told = [scaled, _node("Sigmoid", "scaled", out="chance"), *both]
            constants = [slope, *for_both]
        case Link.HINGE:
            above = _node("Greater", "sums", "zero", out="above")
            told = [above, _node("Cast", "above", out="chance", to=_float()), *both]
            constants = [_number("zero", 0.0), *for_both]
    return told, constants


def _two_classes() -> tuple[list[Any], list[Any]]:
    """From the `chance` [batch, 1] of the second of two classes to both outputs."""
    from onnx import TensorProto, helper

    nodes = [
        _node("Sub", "one", "chance", out="rest"),
        _node("Concat", "rest", "chance", out=PROBABILITIES, axis=1),
        _node("Greater", "chance", "half", out="likely"),
        _node("Cast", "likely", out="column", to=TensorProto.INT64),
        _node("Reshape", "column", "row", out=LABEL),
    ]
    row = helper.make_tensor("row", TensorProto.INT64, [1], [-1])
    return nodes, [_number("one", 1.0), _number("half", 0.5), row]


def _node(kind: str, *inputs: str, out: str, **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(kind, list(inputs), [out], name=out, **attributes)


def _number(name: str, value: float) -> Any:
    from onnx import helper

    return helper.make_tensor(name, _float(), [], [value])


def _float() -> int:
    from onnx import TensorProto

    return int(TensorProto.FLOAT)
