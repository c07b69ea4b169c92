"""ONNX's operators in TensorFlow, held to ONNX Runtime: what the backend cases do not reach."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from shared.domain.errors import UnsupportedOperator
from workers.onnx_tensorflow.running import run_model

RANDOM = np.random.default_rng(4)
ML = "ai.onnx.ml"


def floats(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def kind_of(array: np.ndarray) -> int:
    return (
        TensorProto.STRING
        if array.dtype == object
        else helper.np_dtype_to_tensor_dtype(array.dtype)
    )


def one_node(
    operator: str,
    inputs: Sequence[np.ndarray | None],
    outputs: Sequence[int],
    *,
    opset: int = 21,
    domain: str = "",
    constant: Sequence[int] = (),
    **attributes: Any,
) -> onnx.ModelProto:
    """A model of one node; the inputs at `constant` are initializers, the rest is fed."""
    names = [f"i{index}" if each is not None else "" for index, each in enumerate(inputs)]
    made = [f"o{index}" for index in range(len(outputs))]
    node = helper.make_node(operator, names, made, domain=domain, **attributes)
    given = [(index, each) for index, each in enumerate(inputs) if each is not None]
    graph = helper.make_graph(
        [node],
        "one",
        [
            helper.make_tensor_value_info(names[index], kind_of(each), each.shape)
            for index, each in given
            if index not in constant
        ],
        [helper.make_tensor_value_info(n, k, None) for n, k in zip(made, outputs, strict=True)],
        [numpy_helper.from_array(each, names[i]) for i, each in given if i in constant],
    )
    opsets = [helper.make_opsetid("", opset)]
    opsets += [helper.make_opsetid(domain, 4 if domain == ML else 1)] if domain else []
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def fed(model: onnx.ModelProto, inputs: Sequence[np.ndarray | None]) -> dict[str, np.ndarray]:
    names = {each.name for each in model.graph.input}
    return {f"i{n}": each for n, each in enumerate(inputs) if f"i{n}" in names}


def check(model: onnx.ModelProto, feeds: dict[str, np.ndarray], folder: Path) -> list[np.ndarray]:
    """Ours must be as ONNX Runtime's is; gives ours."""
    path = folder / "model.onnx"
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    due = session.run(None, feeds)
    got = run_model(path)([feeds[each.name] for each in model.graph.input])
    for one, other in zip(due, got, strict=True):
        same_as(one, other)
    return got


def same_as(due: Any, got: Any) -> None:
    if isinstance(due, list):
        assert len(due) == len(got)
        for one, other in zip(due, got, strict=True):
            same_as(one, other)
        return
    assert due.dtype == got.dtype
    if due.dtype.kind == "f":
        np.testing.assert_allclose(got, due, rtol=1e-4, atol=1e-5)
    else:
        np.testing.assert_array_equal(got, due)


FLOAT, INT64, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING


@pytest.mark.parametrize("post", ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"])
@pytest.mark.parametrize("classes", [1, 2, 3])
def test_linear_classifiers_score_as_onnx_runtime(tmp_path, post, classes):
    if classes == 1 and post == "PROBIT":
        pytest.skip("ONNX Runtime leaves every other score unwritten")
    x = floats(6, 4) * 0.1
    rows = 1 if classes == 1 else classes
    model = one_node(
        "LinearClassifier", [x], [INT64, FLOAT], domain=ML,
        coefficients=(floats(rows, 4) * 0.2).ravel().tolist(), intercepts=[0.4] * rows,
        classlabels_ints=list(range(10, 10 + max(classes, 2))), post_transform=post,
    )  # fmt: skip
    check(model, fed(model, [x]), tmp_path)


@pytest.mark.parametrize("targets", [1, 3])
def test_linear_regressors_score_as_onnx_runtime(tmp_path, targets):
    x = floats(5, 4)
    model = one_node(
        "LinearRegressor", [x], [FLOAT], domain=ML,
        coefficients=floats(targets * 4).tolist(), intercepts=floats(targets).tolist(),
        targets=targets,
    )  # fmt: skip
    check(model, fed(model, [x]), tmp_path)


TREES = {
    "nodes_treeids": [0] * 5 + [1] * 3,
    "nodes_nodeids": [0, 1, 2, 3, 4, 0, 1, 2],
    "nodes_featureids": [0, 1, 0, 0, 0, 2, 0, 0],
    "nodes_values": [0.1, -0.2, 0.0, 0.0, 0.0, 0.3, 0.0, 0.0],
    "nodes_modes": [
        "BRANCH_LEQ",
        "BRANCH_GT",
        "LEAF",
        "LEAF",
        "LEAF",
        "BRANCH_LT",
        "LEAF",
        "LEAF",
    ],
    "nodes_truenodeids": [1, 3, 0, 0, 0, 1, 0, 0],
    "nodes_falsenodeids": [2, 4, 0, 0, 0, 2, 0, 0],
    "nodes_missing_value_tracks_true": [0, 1, 0, 0, 0, 1, 0, 0],
}
LEAVES = {"treeids": [0, 0, 0, 1, 1], "nodeids": [2, 3, 4, 1, 2]}


def holed(*shape: int) -> np.ndarray:
    x = floats(*shape)
    x[0, 0] = x[1, 1] = x[2, 2] = np.nan
    return x


@pytest.mark.parametrize("how", ["SUM", "AVERAGE", "MIN", "MAX"])
def test_regression_trees_say_what_they_do_in_onnx_runtime(tmp_path, how):
    x = holed(20, 3)
    model = one_node(
        "TreeEnsembleRegressor", [x], [FLOAT], domain=ML, **TREES,
        **{f"target_{key}": value * 2 for key, value in LEAVES.items()},
        target_ids=[0] * 5 + [1] * 5,
        target_weights=[0.5, -1.0, 2.0, 0.25, 3.0, -0.5, 4.0, 0.125, 2.0, 1.0],
        n_targets=2, base_values=[0.5, -0.5], aggregate_function=how,
    )  # fmt: skip
    check(model, fed(model, [x]), tmp_path)


@pytest.mark.parametrize("post", ["NONE", "LOGISTIC", "SOFTMAX"])
@pytest.mark.parametrize(
    ("ids", "weights", "base"),
    [
        ([0, 1, 2, 1, 0], [0.5, 1.0, 2.0, 0.25, 3.0], None),
        ([0, 1, 2, 1, 0], [0.5, -1.0, 2.0, 0.25, 3.0], [0.1, 0.2, 0.3]),
        ([0] * 5, [0.5, 0.1, 0.2, 0.25, 0.3], None),
        ([0] * 5, [0.5, -1.0, 2.0, 0.25, -3.0], [0.1]),
        ([1] * 5, [0.5, -1.0, 2.0, 0.25, -3.0], None),
        ([1] * 5, [0.5, 0.1, 0.2, 0.25, 0.3], None),
    ],
)
def test_classification_trees_vote_as_in_onnx_runtime(tmp_path, post, ids, weights, base):
    x = holed(20, 3)
    model = one_node(
        "TreeEnsembleClassifier", [x], [STRING, FLOAT], domain=ML, **TREES,
        **{f"class_{key}": value for key, value in LEAVES.items()},
        class_ids=ids, class_weights=weights, post_transform=post,
        classlabels_strings=["a", "b", "c"] if 2 in ids else ["a", "b"],
        **({"base_values": base} if base else {}),
    )  # fmt: skip
    check(model, fed(model, [x]), tmp_path)


@pytest.mark.parametrize("kernel", ["LINEAR", "POLY", "RBF", "SIGMOID"])
def test_support_vector_regression_is_as_in_onnx_runtime(tmp_path, kernel):
    x = floats(6, 3) * 0.5
    model = one_node(
        "SVMRegressor", [x], [FLOAT], domain=ML, kernel_type=kernel, n_supports=4,
        support_vectors=floats(12).tolist(), coefficients=floats(4).tolist(), rho=[0.3],
        kernel_params=[0.4, 0.5, 3.0],
    )  # fmt: skip
    check(model, fed(model, [x]), tmp_path)


@pytest.mark.parametrize("likely", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_support_vector_classes_are_as_in_onnx_runtime(tmp_path, classes, likely):
    x = floats(12, 3)
    pairs, supports = classes * (classes - 1) // 2, 2 * classes
    platt = {"prob_a": [-1.2] * pairs, "prob_b": [0.1] * pairs} if likely else {}
    model = one_node(
        "SVMClassifier", [x], [INT64, FLOAT], domain=ML, kernel_type="RBF",
        support_vectors=floats(3 * supports).tolist(), vectors_per_class=[2] * classes,
        coefficients=floats((classes - 1) * supports).tolist(), rho=[0.1] * pairs,
        kernel_params=[0.4, 0.0, 3.0], classlabels_ints=list(range(5, 5 + classes)), **platt,
    )  # fmt: skip
    check(model, fed(model, [x]), tmp_path)


@pytest.mark.parametrize("norm", ["MAX", "L1", "L2"])
def test_rows_are_normalised_as_in_onnx_runtime(tmp_path, norm):
    x = floats(4, 3)
    x[1] = 0
    model = one_node("Normalizer", [x], [FLOAT], domain=ML, norm=norm)
    check(model, fed(model, [x]), tmp_path)


def words(*given: str) -> np.ndarray:
    return np.array(given, dtype=object)


@pytest.mark.parametrize(
    ("operator", "inputs", "outputs", "attributes"),
    [
        ("Scaler", [floats(3, 2)], [FLOAT], {"offset": [0.1, 0.2], "scale": [2.0, 3.0]}),
        ("Binarizer", [floats(3, 2)], [FLOAT], {"threshold": 0.2}),
        ("ArrayFeatureExtractor", [floats(3, 4), np.array([2, 0])], [FLOAT], {}),
        ("Imputer", [holed(3, 3)], [FLOAT],
         {"imputed_value_floats": [1.0, 2.0, 3.0], "replaced_value_float": float("nan")}),
        ("Imputer", [np.array([[1, -1], [2, -1]])], [INT64],
         {"imputed_value_int64s": [7], "replaced_value_int64": -1}),
        ("OneHotEncoder", [words("b", "?", "a")], [FLOAT], {"cats_strings": ["a", "b", "c"]}),
        ("OneHotEncoder", [np.array([2, 9, 1])], [FLOAT], {"cats_int64s": [1, 2, 3]}),
        ("FeatureVectorizer", [floats(2, 3), floats(2, 1)], [FLOAT], {"inputdimensions": [3, 1]}),
        ("CategoryMapper", [words("x", "?")], [INT64],
         {"cats_int64s": [4, 5], "cats_strings": ["y", "x"], "default_int64": 9}),
        ("CategoryMapper", [np.array([5, 6])], [STRING],
         {"cats_int64s": [4, 5], "cats_strings": ["y", "x"], "default_string": "?"}),
        ("LabelEncoder", [words("x", "?")], [FLOAT],
         {"keys_strings": ["x"], "values_floats": [0.5], "default_float": -2.0}),
        ("LabelEncoder", [np.array([1.5, np.nan], np.float32)], [STRING],
         {"keys_floats": [float("nan"), 2.0], "values_strings": ["nan", "2"]}),
    ],
)  # fmt: skip
def test_features_are_prepared_as_in_onnx_runtime(tmp_path, operator, inputs, outputs, attributes):
    model = one_node(operator, inputs, outputs, domain=ML, **attributes)
    check(model, fed(model, inputs), tmp_path)


def test_maps_are_refused_with_a_way_out(tmp_path):
    model = one_node("ZipMap", [floats(2, 2)], [FLOAT], domain=ML, classlabels_int64s=[0, 1])
    model.graph.output[0].type.CopyFrom(
        helper.make_sequence_type_proto(
            helper.make_map_type_proto(INT64, helper.make_tensor_type_proto(FLOAT, []))
        )
    )
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    with pytest.raises(UnsupportedOperator, match="zipmap"):
        run_model(path)([floats(2, 2)])


MS = "com.microsoft"


@pytest.mark.parametrize(
    ("operator", "inputs", "outputs", "attributes"),
    [
        ("CropAndResize",
         [floats(2, 3, 6, 5), np.array([[0.1, 0.2, 0.9, 0.8], [0, 0, 1.2, 1]], np.float32),
          np.array([1, 0], np.int32), np.array([3, 4], np.int32)],
         [FLOAT], {"extrapolation_value": 0.5}),
        ("ExpandDims", [floats(2, 3), np.array(-1, np.int32)], [FLOAT], {}),
        ("GatherND", [floats(2, 3), np.array([[0, -1], [1, 0]])], [FLOAT], {}),
        ("Range", [np.array(1.0, np.float32), np.array(3.0, np.float32)], [FLOAT], {}),
        ("Trilu", [floats(3, 4), np.array(1)], [FLOAT], {"upper": 0}),
        ("UnfoldTensor", [floats(2, 7)], [FLOAT], {"dim": 1, "size": 3, "step": 2}),
        ("Unique", [np.array([3, 1, 3, 2], np.float32)], [FLOAT, INT64, INT64], {}),
        ("CDist", [floats(3, 4), floats(2, 4)], [FLOAT], {"metric": "sqeuclidean"}),
        ("Inverse", [floats(2, 3, 3)], [FLOAT], {}),
    ],
)  # fmt: skip
def test_onnx_runtimes_own_operators(tmp_path, operator, inputs, outputs, attributes):
    model = one_node(operator, inputs, outputs, domain=MS, opset=17, **attributes)
    check(model, fed(model, inputs), tmp_path)
