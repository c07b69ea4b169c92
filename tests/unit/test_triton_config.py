"""Triton's config: what is written of a signature, what is refused, and Triton's rules."""

import pytest

from shared.domain.errors import InvalidModel, InvalidOptions, StepRefused
from shared.domain.signatures import Signature, Tensor
from workers.triton_bridge.config import Backend, configured
from workers.triton_bridge.flow import check_ensemble
from workers.triton_bridge.names import check_chosen
from workers.triton_bridge.options import TritonOptions
from workers.triton_bridge.protobuf import messages, parsed, written
from workers.triton_bridge.rules import check_config
from workers.triton_bridge.wiring import joined

ONNX = Backend("onnxruntime", "onnxruntime_onnx")
ENGINE = Backend("tensorrt", "tensorrt_plan", most=4, profiles=2, gpu=True)


def signature(*inputs, outputs=(("y", "float32", ("n", 3)),)):
    def tensors(given):
        return tuple(Tensor(name=name, dtype=kind, shape=shape) for name, kind, shape in given)

    return Signature(inputs=tensors(inputs), outputs=tensors(outputs))


X = ("x", "float32", ("n", 4))


def config(given=None, backend=ONNX, **options):
    """Written, parsed by Triton's own protobuf, and held against the rules."""
    made = configured(given or signature(X), backend, TritonOptions(**options))
    again = parsed(written(made), made.name)
    assert again == made
    check_config(again, again.name)
    return again


def test_a_batch_is_left_out_of_the_dims():
    made = config(signature(X, ("m", "int64", ("n", "length"))))
    assert (made.name, made.backend, made.platform) == ("model", "onnxruntime", "onnxruntime_onnx")
    assert made.max_batch_size == 8
    assert [list(each.dims) for each in made.input] == [[4], [-1]]
    assert [each.data_type for each in made.input] == [messages().TYPE_FP32, messages().TYPE_INT64]
    assert list(made.version_policy.specific.versions) == [1]
    assert not made.instance_group
    assert not made.HasField("dynamic_batching")


@pytest.mark.parametrize(
    ("inputs", "outputs", "named"),
    [
        ([("x", "float32", (2, 4))], [("y", "float32", ("n", 3))], "'x' is fixed to 2"),
        ([X], [("y", "float32", (1, 3))], "'y' is fixed to 1"),
        ([X, ("z", "float32", ("m", 1))], [("y", "float32", ("n", 3))], "not the same one"),
        ([X], [("y", "float32", ("n + 1", 3))], r"'y' is n \+ 1, not n"),
    ],
)
def test_what_is_not_one_batch_is_not_batched(inputs, outputs, named):
    given = signature(*inputs, outputs=outputs)
    made = config(given)
    assert made.max_batch_size == 0
    assert len(made.input[0].dims) == 2
    with pytest.raises(InvalidOptions, match=named):
        config(given, max_batch_size=4)


def test_batching_is_turned_off_on_demand():
    made = config(max_batch_size=0)
    assert (made.max_batch_size, list(made.input[0].dims)) == (0, [-1, 4])


def test_a_scalar_of_each_of_a_batch_is_reshaped():
    given = signature(("t", "float32", ("n",)))
    made = config(given)
    assert list(made.input[0].dims) == [1]
    assert made.input[0].HasField("reshape")
    assert not made.input[0].reshape.shape
    assert list(config(given, max_batch_size=0).input[0].dims) == [-1]
    with pytest.raises(StepRefused, match="'t' is a scalar"):
        config(signature(("t", "float32", ())))


@pytest.mark.parametrize(
    ("dtype", "backend", "expected"),
    [
        ("bfloat16", "tensorrt", "TYPE_BF16"),
        ("bfloat16", "python", "TYPE_BF16"),
        ("object", "onnxruntime", "TYPE_STRING"),
        ("bool", "pytorch", "TYPE_BOOL"),
        ("bfloat16", "onnxruntime", None),
        ("object", "pytorch", None),
        ("complex64", "onnxruntime", None),
    ],
)
def test_dtypes_are_those_that_the_backend_takes(dtype, backend, expected):
    given = signature(("x", dtype, ("n", 4)))
    if expected is None:
        with pytest.raises(StepRefused, match=f"'x' is {dtype}") as caught:
            config(given, Backend(backend))
        assert caught.value.fault.node == "x"
        return
    made = config(given, Backend(backend))
    assert messages().DataType.Name(made.input[0].data_type) == expected


@pytest.mark.parametrize(
    ("shape", "fault"),
    [
        (None, "how many dimensions 'x'"),
        (("n", 0), "'x' has an empty dimension"),
        ((), "'x' is a scalar"),
    ],
)
def test_what_triton_cannot_be_told_is_refused_by_name(shape, fault):
    with pytest.raises(StepRefused, match=fault) as caught:
        config(signature(("x", "float32", shape)))
    assert caught.value.fault.node == "x"


def test_groups_and_batcher_are_written_as_asked():
    made = config(
        instance_count=2,
        instance_kind="gpu",
        instance_gpus=(1, 0),
        dynamic_batching=True,
        preferred_batch_sizes=(8, 4),
        max_queue_delay=100,
    )
    (group,) = made.instance_group
    assert (group.count, list(group.gpus)) == (2, [0, 1])
    assert group.kind == messages().ModelInstanceGroup.KIND_GPU
    assert list(made.dynamic_batching.preferred_batch_size) == [4, 8]
    assert made.dynamic_batching.max_queue_delay_microseconds == 100


def test_an_engine_runs_on_a_gpu_with_every_profile():
    made = config(backend=ENGINE)
    (group,) = made.instance_group
    assert group.kind == messages().ModelInstanceGroup.KIND_GPU
    assert list(group.profile) == ["0", "1"]
    assert made.max_batch_size == 4
    with pytest.raises(InvalidOptions, match="batches of 4 at most"):
        config(backend=ENGINE, max_batch_size=5)
    with pytest.raises(InvalidOptions, match="an engine runs on a GPU only"):
        config(backend=ENGINE, instance_kind="cpu")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"instance_gpus": (0,), "instance_kind": "cpu"}, "instance_gpus"),
        ({"instance_gpus": (-1,)}, "instance_gpus"),
        ({"dynamic_batching": True, "max_batch_size": 0}, "dynamic_batching"),
        ({"preferred_batch_sizes": (4,)}, "preferred_batch_sizes"),
        ({"max_queue_delay": 5}, "max_queue_delay"),
        ({"dynamic_batching": True, "preferred_batch_sizes": (9,)}, "preferred_batch_sizes"),
    ],
)
def test_options_that_do_not_fit_are_named(options, named):
    with pytest.raises(InvalidOptions, match=named) as caught:
        config(**options)
    assert caught.value.fault.field == f"options.{named}"


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "-x", "ü", "a b", "x" * 129])
def test_names_that_are_no_folder_and_url_are_refused(name):
    with pytest.raises(InvalidOptions, match="model_name"):
        check_chosen(name, "model_name")


BASE = 'backend: "onnxruntime" input { name: "x" data_type: TYPE_FP32 dims: 4 } '
OUT = 'output { name: "y" data_type: TYPE_FP32 dims: 3 } '


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (BASE, "describes no output"),
        (BASE + OUT + OUT, "two outputs called 'y'"),
        (BASE + OUT + 'name: "other"', "called 'other'"),
        (BASE + OUT + 'platform: "tensorrt_plan"', "do not go together"),
        ('platform: "nothing"' + OUT, "neither a backend nor a platform"),
        (BASE + OUT + "max_batch_size: -1", "max_batch_size of -1"),
        (BASE + 'output { name: "y" dims: 3 }', "no data type of 'y'"),
        (BASE + 'output { name: "y" data_type: TYPE_FP32 }', "no dims of 'y'"),
        (BASE + 'output { name: "y" data_type: TYPE_FP32 dims: 0 }', "neither -1 nor above 0"),
        (BASE + 'output { name: "y" data_type: TYPE_FP32 dims: 1 reshape { } }', "a scalar of"),
        (
            BASE + 'output { name: "y" data_type: TYPE_FP32 dims: 6 reshape { shape: [2, 2] } }',
            "another number of elements",
        ),
        (BASE + OUT + "dynamic_batching { preferred_batch_size: 2 }", "prefers batches of 2"),
        (BASE + OUT + "instance_group { kind: KIND_CPU gpus: 0 }", "names GPUs"),
        (BASE + OUT + 'instance_group { profile: "0" }', "is no engine"),
        (BASE + OUT + 'model_warmup { name: "w" batch_size: 1 }', "without its input 'x'"),
        (
            BASE + OUT + 'model_warmup { inputs { key: "x" value'
            " { data_type: TYPE_FP32 dims: 5 zero_data: true } } }",
            r"with the dims \[5\]",
        ),
        (BASE + OUT + "version_policy { specific { versions: 0 } }", "a version below 1"),
        ('platform: "ensemble" ' + OUT, "ensemble without a step"),
    ],
)
def test_triton_rules_are_held(text, fault):
    with pytest.raises(InvalidModel, match=fault):
        check_config(parsed(text, "m"), "m")


def test_dims_may_be_reshaped_between_lengths_that_vary():
    text = 'output { name: "y" data_type: TYPE_FP32 dims: [2, 4, -1, 6] reshape { shape:'
    check_config(parsed(BASE + text + " [8, -1, 1, 6] } }", "m"), "m")
    with pytest.raises(InvalidModel, match="another number of elements"):
        check_config(parsed(BASE + text + " [8, -1, 3] } }", "m"), "m")


def test_text_that_is_no_config_is_refused():
    with pytest.raises(InvalidModel, match="cannot be parsed"):
        parsed("nonsense: 3", "m")


def models(**signatures):
    return {
        name: config(given, model_name=name, **options)
        for name, (given, options) in signatures.items()
    }


def tensor(name, *shape, dtype="float32"):
    return (name, dtype, ("n", *shape))


PRE = signature(tensor("raw", 8), outputs=[tensor("clean", 4)])
NET = signature(tensor("x", 4), outputs=[tensor("scores", 3)])
POST = signature(tensor("scores", 3), outputs=[tensor("label", 1, dtype="int64")])


def test_an_ensemble_is_wired_by_name_and_by_kind():
    known = models(pre=(PRE, {}), net=(NET, {"max_batch_size": 4}), post=(POST, {}))
    made = parsed(written(joined(["pre", "net", "post"], "all", known)), "all")
    check_config(made, "all")
    check_ensemble(made, known)
    assert made.max_batch_size == 4
    assert [each.name for each in made.input] == ["raw"]
    assert [each.name for each in made.output] == ["label"]
    maps = [
        (dict(each.input_map), dict(each.output_map)) for each in made.ensemble_scheduling.step
    ]
    assert maps == [
        ({"raw": "raw"}, {"clean": "clean"}),
        ({"x": "clean"}, {"scores": "scores"}),
        ({"scores": "scores"}, {"label": "label"}),
    ]


def test_an_output_with_the_name_of_an_input_gets_the_models_in_front():
    same = signature(tensor("x", 4), outputs=[tensor("x", 4)])
    known = models(one=(same, {}), two=(NET, {}))
    made = joined(["one", "two"], "all", known)
    first, second = made.ensemble_scheduling.step
    assert first.output_map["x"] == "one_x"
    assert second.input_map["x"] == "one_x"
    check_ensemble(made, known)


def test_a_model_that_does_not_batch_makes_the_batch_a_dimension():
    known = models(pre=(PRE, {"max_batch_size": 0}), net=(NET, {}))
    made = joined(["pre", "net"], "all", known)
    assert made.max_batch_size == 0
    assert list(made.input[0].dims) == [-1, 8]
    check_ensemble(made, known)


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        (signature(tensor("x", 5)), r"'x' of 'two' \(TYPE_FP32, \[-1, 5\]\) fits none"),
        (signature(tensor("x", 4, dtype="float16")), "fits none of the tensors before it"),
    ],
)
def test_a_gap_in_an_ensemble_names_the_tensor(second, fault):
    known = models(one=(PRE, {}), two=(second, {}))
    with pytest.raises(InvalidOptions, match=fault):
        joined(["one", "two"], "all", known)


def test_what_fits_several_must_be_named():
    pair = signature(tensor("raw", 8), outputs=[tensor("a", 4), tensor("b", 4)])
    with pytest.raises(InvalidOptions, match="could be any of a, b"):
        joined(["one", "two"], "all", models(one=(pair, {}), two=(NET, {})))


def test_an_ensemble_of_models_that_are_not_there_is_refused():
    known = models(one=(PRE, {}))
    with pytest.raises(InvalidOptions, match="names 'two', and the repository has the models one"):
        joined(["one", "two"], "all", known)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            lambda c: c.ensemble_scheduling.step[1].input_map.pop("x"),
            "'x' of 'net' gets no tensor",
        ),
        (lambda c: setattr(c, "max_batch_size", 64), "takes batches of 64, and 'pre' only 8"),
        (
            lambda c: c.ensemble_scheduling.step[1].input_map.update({"x": "raw"}),
            "do not agree",
        ),
        (
            lambda c: c.ensemble_scheduling.step[1].input_map.update({"x": "nowhere"}),
            "waits for 'nowhere', which never comes",
        ),
        (
            lambda c: c.ensemble_scheduling.step[1].output_map.update({"scores": "clean"}),
            "'clean' is written twice",
        ),
        (
            lambda c: setattr(c.ensemble_scheduling.step[1], "model_name", "gone"),
            "no model 'gone'",
        ),
        (lambda c: c.output.pop(), "'scores' is used by nothing"),
        (
            lambda c: c.output.add(name="more", data_type=messages().TYPE_FP32, dims=[1]),
            "its output 'more' is not written",
        ),
    ],
)
def test_rules_of_ensembles_are_held(change, fault):
    known = models(pre=(PRE, {}), net=(NET, {}))
    made = joined(["pre", "net"], "all", known)
    check_ensemble(made, known)
    change(made)
    with pytest.raises(InvalidModel, match=fault):
        check_ensemble(made, known)
