"""ONNX in PyTorch: versions and attributes that ONNX's own cases do not reach.

Windows, moves of data, recurrences, control flow, spectra and ai.onnx.ml; ONNX Runtime, which
shares no code with this, says what is right.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from workers.onnx_torch.running import run_model

FLOAT, INT64, BOOL, STRING = (
    TensorProto.FLOAT,
    TensorProto.INT64,
    TensorProto.BOOL,
    TensorProto.STRING,
)

Check = Callable[..., None]


def random(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def ints(*values: int) -> Any:
    return np.array(values, np.int64)


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Both engines on one node: inputs are arrays (None: left out); constants as initializers."""

    def run(
        operator: str,
        inputs: Sequence[Any],
        *,
        opset: int = 18,
        domain: str = "",
        constants: Sequence[int] = (),
        outputs: Sequence[int | None] = (FLOAT,),
        within: float = 1e-5,
        **attributes: Any,
    ) -> None:
        names = [f"x{index}" if each is not None else "" for index, each in enumerate(inputs)]
        made = [f"y{index}" if each is not None else "" for index, each in enumerate(outputs)]
        node = helper.make_node(operator, names, made, domain=domain, **attributes)
        fed = {
            name: each
            for index, (name, each) in enumerate(zip(names, inputs, strict=True))
            if name and index not in constants
        }
        graph = helper.make_graph(
            [node],
            "one",
            [
                helper.make_tensor_value_info(
                    name, helper.np_dtype_to_tensor_dtype(each.dtype), each.shape
                )
                for name, each in fed.items()
            ],
            [
                helper.make_tensor_value_info(name, each, None)
                for name, each in zip(made, outputs, strict=True)
                if each is not None
            ],
            [numpy_helper.from_array(inputs[index], f"x{index}") for index in constants],
        )
        domains = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
        if domain == "com.microsoft":
            domains.append(helper.make_opsetid(domain, 1))
        agree(helper.make_model(graph, opset_imports=domains, ir_version=8), fed, within)

    def agree(model: Any, fed: dict[str, Any], within: float) -> None:
        path = tmp_path / "model.onnx"
        save(model, path)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        wanted = session.run(None, fed)
        found = run_model(path)(list(fed.values()))
        assert len(found) == len(wanted)
        for ours, theirs in zip(found, wanted, strict=True):
            if isinstance(theirs, list):
                assert ours == pytest.approx(theirs, rel=1e-4)
            elif theirs.dtype == object:
                assert ours.tolist() == theirs.tolist()
            else:
                assert ours.dtype == theirs.dtype
                np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=within)

    run.agree = agree  # type: ignore[attr-defined]
    return run


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_convolutions_pad_themselves(check, auto_pad, rank):
    x, w = random(2, 4, *(9, 8, 7)[:rank]), random(6, 2, *(3, 4, 2)[:rank], seed=1)
    check("Conv", [x, w], group=2, auto_pad=auto_pad, strides=[2] * rank, constants=[1])


def test_a_convolution_with_uneven_pads_and_dilations(check):
    x, w, b = random(1, 2, 10, 11), random(3, 2, 3, 3, seed=1), random(3, seed=2)
    check("Conv", [x, w, b], pads=[2, 0, 1, 3], dilations=[2, 1], strides=[1, 3])


@pytest.mark.parametrize(
    "attributes",
    [
        {"strides": [3, 2], "pads": [1, 0, 1, 1]},
        {"strides": [3, 2], "output_padding": [2, 1], "pads": [1, 1, 1, 1]},
        {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
        {"strides": [3, 3], "output_shape": [14, 16]},
        {"strides": [2, 2], "dilations": [2, 1], "group": 2},
        {"strides": [2, 2], "output_shape": [9, 10], "auto_pad": "SAME_UPPER"},
    ],
)
def test_transposed_convolutions(check, attributes):
    group = attributes.get("group", 1)
    x, w, b = random(2, 4, 5, 5), random(4, 3, 3, 3, seed=1), random(3 * group, seed=2)
    check("ConvTranspose", [x, w, b], **attributes)


@pytest.mark.parametrize("operator", ["AveragePool", "MaxPool", "LpPool"])
@pytest.mark.parametrize(
    "attributes",
    [
        {"pads": [2, 0, 0, 1], "strides": [2, 1]},
        {"auto_pad": "SAME_LOWER", "strides": [2, 2]},
        {"ceil_mode": 1, "strides": [2, 2], "pads": [1, 1, 1, 1]},
        {"dilations": [2, 2], "strides": [1, 2]},
        {"auto_pad": "VALID", "strides": [3, 2]},
    ],
)
def test_pools(check, operator, attributes):
    opset = 22 if operator == "LpPool" else 19
    check(operator, [random(2, 3, 11, 9)], kernel_shape=[3, 2], opset=opset, **attributes)


def test_an_average_that_counts_uneven_padding(check):
    attributes = {"pads": [1, 0, 0, 2], "count_include_pad": 1, "strides": [2, 1]}
    check("AveragePool", [random(2, 3, 11, 9)], kernel_shape=[3, 3], **attributes)


@pytest.mark.parametrize("order", [0, 1])
def test_where_the_greatest_were(check, order):
    check(
        "MaxPool",
        [random(2, 3, 8, 7)],
        kernel_shape=[3, 2],
        pads=[1, 0, 1, 1],
        strides=[2, 2],
        storage_order=order,
        outputs=[FLOAT, INT64],
    )


def test_regions_of_the_greatest(check):
    rois = np.array([[0, 0, 0, 9, 9], [1, 2, 3, 8, 5], [1, 5, 5, 4, 4]], np.float32)
    check("MaxRoiPool", [random(2, 3, 6, 7), rois], pooled_shape=[3, 2], spatial_scale=0.7)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("opset", [10, 16])
def test_regions_between_pixels(check, mode, opset):
    rois = np.array([[0, 0, 9, 9], [2, 3, 8, 5.5], [-3, -2, 30, 20]], np.float32)
    check(
        "RoiAlign",
        [random(2, 3, 8, 7), rois, ints(0, 1, 1)],
        mode=mode,
        opset=opset,
        output_height=3,
        output_width=2,
        spatial_scale=0.8,
        sampling_ratio=2 if mode == "max" else 0,
    )


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize(
    "where", ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"]
)
@pytest.mark.parametrize("sizes", [ints(1, 2, 9, 4), ints(1, 2, 3, 1)])
def test_sizes(check, mode, where, sizes):
    check(
        "Resize",
        [random(1, 2, 5, 6), None, None, sizes],
        mode=mode,
        coordinate_transformation_mode=where,
        constants=[3],
        nearest_mode="floor" if where == "asymmetric" else "round_prefer_floor",
    )


@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("outside", [0, 1])
def test_shrinking_without_aliases(check, mode, outside):
    scales = np.array([1, 1, 0.4, 0.7], np.float32)
    check(
        "Resize",
        [random(1, 2, 10, 10), None, scales],
        mode=mode,
        antialias=1,
        exclude_outside=outside,
        constants=[2],
    )


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_what_resize_was_before(check, mode):
    x, scales = random(1, 2, 3, 4), np.array([1, 1, 2, 1.5], np.float32)
    check("Resize", [x, scales], mode=mode, opset=10, constants=[1])
    check("Upsample", [x, scales], mode=mode, opset=9, constants=[1])
    check("Upsample", [x], mode=mode, opset=7, scales=[1.0, 1.0, 2.0, 1.5])


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "wrap"])
@pytest.mark.parametrize("pads", [(0, 0, 2, 1, 0, 0, 1, 2), (0, 1, 1, 0, 0, 0, 2, 0)])
def test_pads(check, mode, pads):
    check("Pad", [random(2, 3, 4, 5), ints(*pads)], mode=mode, opset=19, constants=[1])


def test_pads_that_take_off(check):
    check("Pad", [random(4, 6), ints(1, -2, -1, 1), np.array(7, np.float32)], constants=[1, 2])
    check("Pad", [random(4, 6)], pads=[1, -2, -1, 1], value=3.0, opset=2)


@pytest.mark.parametrize(
    ("starts", "ends", "axes", "steps"),
    [
        ((1,), (2**31 - 1,), (1,), (2,)),
        ((-1,), (-(2**63),), (0,), (-1,)),
        ((-2, 4), (0, -7), (1, 2), (-1, -2)),
        ((10, 1), (-10, 3), (0, -1), (-3, 1)),
    ],
)
def test_slices(check, starts, ends, axes, steps):
    parts = [ints(*each) for each in (starts, ends, axes, steps)]
    check("Slice", [random(4, 5, 6), *parts], constants=[1, 2, 3, 4])
    check("Slice", [random(4, 5, 6), *parts])


def test_attributes_that_became_inputs(check):
    x = random(3, 4, 5)
    check("Slice", [x], opset=9, starts=[0, -3], ends=[2, 100], axes=[0, 2])
    check("Squeeze", [random(1, 3, 1)], opset=11, axes=[0])
    check("Unsqueeze", [x], opset=11, axes=[0, 4])
    check("TopK", [x], opset=9, k=2, axis=1, outputs=[FLOAT, INT64])
    check("Split", [x], opset=11, split=[1, 4], axis=2, outputs=[FLOAT, FLOAT])
    check("Split", [x], opset=18, num_outputs=3, axis=2, outputs=[FLOAT] * 3)
    check("Scatter", [x, ints(0, 2).reshape(1, 2, 1), random(1, 2, 1)], opset=9, axis=1)


def test_strings_are_moved_as_numbers_are(check):
    words = np.array([["a", "bc", ""], ["é", "a", "z"]], dtype=object)
    strings = {"outputs": [STRING]}
    check("Gather", [words, ints(-1, 0)], axis=1, **strings)
    check("Concat", [words, words], axis=0, **strings)
    check("Transpose", [words], **strings)
    check("Slice", [words, ints(2), ints(-9), ints(1), ints(-1)], **strings)
    check("Unique", [words], outputs=[STRING, INT64, INT64, INT64])


def test_the_smallest_and_ties(check):
    x = np.array([[3, 1, 1, 2], [5, 5, 4, 5]], np.float32)
    for largest in (0, 1):
        check("TopK", [x, ints(3)], largest=largest, outputs=[FLOAT, INT64])


@pytest.mark.parametrize("reduction", ["add", "mul", "max", "min"])
def test_updates_that_meet_what_is_there(check, reduction):
    x, places = random(4, 3), np.array([[0], [2], [0], [-1]], np.int64)
    check("ScatterND", [x, places, random(4, 3, seed=1)], reduction=reduction)
    check("ScatterElements", [x, places, random(4, 1, seed=1)], axis=1, reduction=reduction)


def test_boxes_that_overlap(check):
    corner = np.random.default_rng(3).random((2, 12, 2)).astype(np.float32)
    boxes = np.concatenate([corner, corner + 0.4], -1)
    scores = np.random.default_rng(4).random((2, 3, 12)).astype(np.float32)
    limits = [ints(4), np.array([0.3], np.float32), np.array([0.2], np.float32)]
    check("NonMaxSuppression", [boxes, scores, *limits], outputs=[INT64])
    check("NonMaxSuppression", [boxes, scores, ints(9)], center_point_box=1, outputs=[INT64])


DIRECTIONS = ["forward", "reverse", "bidirectional"]


def recurrent(gates: int, direction: str, *, states: int = 1) -> list[Any]:
    """x, W, R, B, and first states; five steps, three sequences, four features, two hidden."""
    ways = 2 if direction == "bidirectional" else 1
    rows = gates * 2
    x, w, r = random(5, 3, 4), random(ways, rows, 4, seed=1), random(ways, rows, 2, seed=2)
    first = [random(ways, 3, 2, seed=4 + index) for index in range(states)]
    return [x, w, r, random(ways, rows * 2, seed=3), None, *first]


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("lengths", [None, (5, 2, 3)])
@pytest.mark.parametrize(("operator", "gates"), [("RNN", 1), ("GRU", 3), ("LSTM", 4)])
def test_recurrences(check, direction, lengths, operator, gates):
    states = 2 if operator == "LSTM" else 1
    given = recurrent(gates, direction, states=states)
    given[4] = None if lengths is None else np.array(lengths, np.int32)
    attributes = {"direction": direction, "hidden_size": 2, "outputs": [FLOAT] * (1 + states)}
    check(operator, given, constants=[1, 2, 3], **attributes)
    if operator == "GRU":
        check(operator, given, linear_before_reset=1, **attributes)
    if operator == "RNN":
        ways = 2 if direction == "bidirectional" else 1
        check(operator, given, activations=["Relu"] * ways, **attributes)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_cells_with_activations_of_their_own(check, direction):
    ways = 2 if direction == "bidirectional" else 1
    common = {"direction": direction, "hidden_size": 2, "clip": 0.6}
    check(
        "LSTM",
        [*recurrent(4, direction, states=2), random(ways, 6, seed=9)],
        activations=["HardSigmoid", "ScaledTanh", "Softsign"] * ways,
        activation_alpha=[0.3, 1.2] * ways,
        activation_beta=[0.4, 0.8] * ways,
        outputs=[FLOAT] * 3,
        **common,
    )
    check(
        "GRU",
        recurrent(3, direction),
        activations=["Sigmoid", "LeakyRelu"] * ways,
        activation_alpha=[0.2] * ways,
        outputs=[FLOAT] * 2,
        **common,
    )


@pytest.mark.parametrize("onesided", [0, 1])
def test_spectra(check, onesided):
    attributes = {"onesided": onesided, "opset": 17}
    check("DFT", [random(2, 10, 1), ints(16).reshape(())], axis=1, **attributes, within=1e-4)
    window = np.hanning(8).astype(np.float32)
    given = [random(2, 40, 1), ints(4).reshape(()), window]
    check("STFT", given, **attributes, within=1e-4)


def ml(check: Check, operator: str, x: Any, outputs: Sequence[int], **attributes: Any) -> None:
    check(operator, [x], domain="ai.onnx.ml", outputs=outputs, within=1e-4, **attributes)


@pytest.mark.parametrize("post", ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"])
def test_linear_models(check, post):
    x, several, one = random(6, 3), random(12).tolist(), random(3).tolist()
    outputs = [INT64, FLOAT]
    common = {"post_transform": post}
    labels = {"classlabels_ints": [4, 5, 6, 9], "intercepts": [0.1, 0.2, 0.3, 0.4]}
    ml(check, "LinearClassifier", x, outputs, coefficients=several, **labels, **common)
    labels = {"classlabels_strings": ["no", "yes"], "intercepts": [0.1]}
    ml(check, "LinearClassifier", x, [STRING, FLOAT], coefficients=one, **labels, **common)
    targets = {"targets": 4, "intercepts": [1.0, 2.0, 3.0, 4.0]}
    ml(check, "LinearRegressor", x, [FLOAT], coefficients=several, **targets)


KERNELS = {
    "LINEAR": [],
    "POLY": [0.3, 1.0, 3.0],
    "RBF": [0.5, 0.0, 0.0],
    "SIGMOID": [0.2, 0.1, 0.0],
}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("probable", [False, True])
def test_support_vectors(check, kernel, probable):
    x, vectors = random(7, 3), random(9, 3, seed=1).reshape(-1).tolist()
    common = {
        "kernel_type": kernel,
        "kernel_params": KERNELS[kernel] or [0.0, 0.0, 0.0],
        "support_vectors": vectors,
    }
    chances = {"prob_a": [-1.1, -0.7, -0.9], "prob_b": [0.1, 0.2, 0.0]} if probable else {}
    ml(
        check,
        "SVMClassifier",
        x,
        [INT64, FLOAT],
        coefficients=random(18, seed=2).tolist(),
        rho=[0.1, -0.2, 0.3],
        vectors_per_class=[4, 2, 3],
        classlabels_ints=[1, 3, 8],
        **common,
        **chances,
    )
    regression = {"coefficients": random(9, seed=3).tolist(), "rho": [0.2], "n_supports": 9}
    ml(check, "SVMRegressor", x, [FLOAT], **regression, **common)
    ml(check, "SVMRegressor", x, [FLOAT], one_class=1, **regression, **common)


def forest(modes: Sequence[str]) -> dict[str, Any]:
    """Two trees of two questions each over three features."""
    return {
        "nodes_treeids": [0] * 5 + [3] * 5,
        "nodes_nodeids": [0, 1, 2, 3, 4] * 2,
        "nodes_featureids": [0, 0, 2, 0, 0, 1, 0, 0, 0, 0],
        "nodes_values": [0.1, 0.0, -0.3, 0.0, 0.0, -0.2, 0.0, 0.4, 0.0, 0.0],
        "nodes_modes": [modes[0], "LEAF", modes[1], "LEAF", "LEAF"] * 2,
        "nodes_truenodeids": [1, 0, 3, 0, 0] * 2,
        "nodes_falsenodeids": [2, 0, 4, 0, 0] * 2,
        "nodes_missing_value_tracks_true": [1, 0, 0, 0, 0] * 2,
    }


LEAVES = {"treeids": [0, 0, 0, 3, 3, 3], "nodeids": [1, 3, 4] * 2}


@pytest.mark.parametrize("modes", [("BRANCH_LEQ", "BRANCH_LEQ"), ("BRANCH_GT", "BRANCH_LT")])
@pytest.mark.parametrize("aggregate", ["SUM", "AVERAGE", "MIN", "MAX"])
def test_trees_that_give_numbers(check, modes, aggregate):
    x = random(12, 3)
    x[0, 0] = np.nan
    leaves = {f"target_{name}": each for name, each in LEAVES.items()}
    ml(
        check,
        "TreeEnsembleRegressor",
        x,
        [FLOAT],
        n_targets=1,
        target_ids=[0] * 6,
        target_weights=[1.0, -2.0, 3.0, 0.5, 0.25, -0.125],
        aggregate_function=aggregate,
        base_values=[0.5],
        **forest(modes),
        **leaves,
    )


@pytest.mark.parametrize("post", ["NONE", "LOGISTIC", "SOFTMAX"])
def test_trees_that_vote(check, post):
    leaves = {f"class_{name}": each for name, each in LEAVES.items()}
    common = {**forest(("BRANCH_LEQ", "BRANCH_LEQ")), **leaves, "post_transform": post}
    x, outputs = random(12, 3), [INT64, FLOAT]
    several = {"class_ids": [0, 1, 2, 1, 0, 2], "classlabels_int64s": [5, 6, 7]}
    weights = [0.1, 0.5, 0.3, 0.2, 0.4, 0.6]
    ml(check, "TreeEnsembleClassifier", x, outputs, class_weights=weights, **several, **common)
    for each in (weights, [-0.1, 0.5, -0.3, 0.2, 0.4, -0.6]):
        two = {"class_ids": [0] * 6, "classlabels_int64s": [5, 6], "class_weights": each}
        ml(check, "TreeEnsembleClassifier", x, outputs, **two, **common)


def test_features_made_ready(check):
    x = random(4, 3)
    ml(check, "Scaler", x, [FLOAT], offset=[0.5, 0.0, -1.0], scale=[1.0, 2.0, 3.0])
    for norm in ("MAX", "L1", "L2"):
        ml(check, "Normalizer", x, [FLOAT], norm=norm)
    lost = np.where(x > 1, np.nan, x).astype(np.float32)
    filled = {"imputed_value_floats": [1.0, 2.0, 3.0]}
    ml(check, "Imputer", lost, [FLOAT], replaced_value_float=float("nan"), **filled)
    counted = np.array([[1, 7], [7, 3]], np.int64)
    ml(check, "Imputer", counted, [INT64], replaced_value_int64=7, imputed_value_int64s=[5])
    ml(check, "OneHotEncoder", counted, [FLOAT], cats_int64s=[7, 1, 4], zeros=1)
    check(
        "FeatureVectorizer",
        [x, random(4, 2, seed=1)],
        domain="ai.onnx.ml",
        inputdimensions=[3, 2],
    )


def test_labels_and_words(check):
    words = np.array(["b", "a", "q"], dtype=object)
    numbers = {"keys_strings": ["a", "b"], "values_int64s": [3, 4], "default_int64": 9}
    ml(check, "LabelEncoder", words, [INT64], **numbers)
    back = {"keys_int64s": [5, 2], "values_strings": ["five", "two"], "default_string": "?"}
    ml(check, "LabelEncoder", ints(2, 5, 7), [STRING], **back)
    floats = {"keys_floats": [2.5, 1.0], "values_floats": [1.0, 2.0], "default_float": 0.5}
    x = np.array([2.5, np.nan, 1], np.float32)
    ml(check, "LabelEncoder", x, [FLOAT], **floats)
    cats = {"cats_int64s": [1, 2], "cats_strings": ["b", "a"], "default_int64": 8}
    ml(check, "CategoryMapper", words, [INT64], **cats)
    ml(check, "OneHotEncoder", words, [FLOAT], cats_strings=["a", "b"], zeros=1)


def test_what_onnx_runtime_adds(check):
    x = random(2, 3, 5, 4)
    runtime = {"domain": "com.microsoft"}
    check("ExpandDims", [x, np.array(-1, np.int32)], constants=[1], **runtime)
    check("Trilu", [x, ints(1).reshape(())], upper=0, **runtime)
    check("Pad", [x, ints(0, 0, 1, 2, 0, 0, -1, 0)], mode="constant", constants=[1], **runtime)
    check("CDist", [random(3, 4), random(5, 4, seed=1)], metric="sqeuclidean", **runtime)
    check("CDist", [random(3, 4), random(5, 4, seed=1)], metric="euclidean", **runtime)
    check("GatherND", [x, ints(0, -1, 1, 0).reshape(2, 2)], **runtime)
    check("GridSample", [x, random(2, 6, 7, 2, seed=1)], padding_mode="border", **runtime)
    given = [np.array([1, 5, 1, 3], np.float32)]
    check("Unique", given, outputs=[FLOAT, INT64, INT64], **runtime)
    check("Range", [ints(2).reshape(()), ints(9).reshape(())], outputs=[INT64], **runtime)
    regions = np.array([[0, 0, 1, 1], [0.2, 0.1, 1.3, 0.7]], np.float32)
    places = [np.array([1, 0], np.int32), np.array([3, 4], np.int32)]
    check(
        "CropAndResize", [x, regions, *places], extrapolation_value=2.0, constants=[3], **runtime
    )
    given = [random(1, 2, 4, 4), random(2, 3, 3, 3, seed=1), ints(1, 1, 0, 1)]
    check("ConvTransposeWithDynamicPads", given, strides=[2, 2], constants=[2], **runtime)
    codes = np.random.default_rng(0).integers(0, 255, (1, 6, 5, 3)).astype(np.uint8)
    attributes = {"kernel_shape": [2, 2], "outputs": [TensorProto.UINT8]}
    check("NhwcMaxPool", [codes], **attributes, **runtime)
