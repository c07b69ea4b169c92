"""Triton repositories of every source: written, read back, run against the source."""

import json
import sys
import types
import zipfile
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from shared.domain.archives import unpack
from shared.domain.engines import Manifest, Range
from shared.domain.gpus import Gpu
from shared.domain.orders import AgreedNote, ProducedNote
from shared.domain.plans import Convert
from shared.domain.recognition import recognise
from shared.domain.signatures import Tensor
from tests.converters.torch_nets import NETS
from workers.runtimes import RUNTIMES
from workers.triton_bridge.repository import MARK, read


def onnx_model(path, width=4, out=3, *, names=("x", "y"), batch="n", external=False):
    """A matrix product of [batch, width] and [width, out]."""
    rng = np.random.default_rng(width + out)
    x = helper.make_tensor_value_info(names[0], TensorProto.FLOAT, [batch, width])
    y = helper.make_tensor_value_info(names[1], TensorProto.FLOAT, [batch, out])
    weight = numpy_helper.from_array(rng.standard_normal((width, out)).astype(np.float32), "w")
    node = helper.make_node("MatMul", [names[0], "w"], [names[1]])
    graph = helper.make_graph([node], "g", [x], [y], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    if external:
        onnx.save(model, path, save_as_external_data=True, location="w.bin", size_threshold=0)
    else:
        onnx.save(model, path)
    return path


def opened(output, folder):
    unpack(output, folder, 1 << 30)
    return read(folder)


def told(path):
    with path.open("rb") as file:
        return recognise(file, said=None, name="repository.zip").format.name


def produced(bench, name, path, samples=None, **options):
    note, output = bench.convert(name, path, samples, **options)
    assert isinstance(note, ProducedNote), note
    return output


def included(bench, path, *extras, **options):
    """An ONNX model beside those of other repositories."""
    action = Convert(
        converter="onnx-to-triton", version=1, source="onnx", target="triton",
        options=options, toolchain={},
    )  # fmt: skip
    inputs = {"source": (path, "onnx")}
    inputs |= {f"extra-{i}": (extra, "triton") for i, extra in enumerate(extras)}
    return bench._run(action, inputs, None)


def test_onnx(bench, tmp_path):
    source = onnx_model(tmp_path / "m.onnx")
    carried = bench.carry("onnx-to-triton", source, model_name="net", version=3, max_batch_size=16)
    assert told(carried.output) == "triton"
    repository = opened(carried.output, tmp_path / "r")
    config = repository.models["net"]
    assert (config.backend, config.max_batch_size) == ("onnxruntime", 16)
    assert repository.file("net") == tmp_path / "r" / "net" / "3" / "model.onnx"
    assert json.loads((tmp_path / "r" / MARK).read_text()) == {"main": "net"}
    again = produced(
        bench, "onnx-to-triton", source, model_name="net", version=3, max_batch_size=16
    )
    assert again.read_bytes() == carried.output.read_bytes()


def test_onnx_with_its_weights_beside_it_is_a_folder_of_that_name(bench, tmp_path):
    (tmp_path / "m").mkdir()
    onnx_model(tmp_path / "m" / "any.onnx", 200, 100, external=True)
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        for each in sorted((tmp_path / "m").iterdir()):
            archive.write(each, each.name)
    carried = bench.carry("onnx-to-triton", tmp_path / "m.zip")
    opened(carried.output, tmp_path / "r")
    files = sorted(each.name for each in (tmp_path / "r/model/1/model.onnx").iterdir())
    assert files == ["model.onnx", "w.bin"]


def test_a_fixed_batch_is_served_as_it_is(bench, tmp_path):
    carried = bench.carry("onnx-to-triton", onnx_model(tmp_path / "m.onnx", batch=2))
    config = opened(carried.output, tmp_path / "r").models["model"]
    assert (config.max_batch_size, list(config.input[0].dims)) == (0, [2, 4])


def test_savedmodel(bench, tmp_path):
    import tensorflow as tf

    class Two(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32, name="x")])
        def double(self, x):
            return {"y": 2 * x}

        @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32, name="x")])
        def square(self, x):
            return {"z": x * x}

    module = Two()
    signatures = {"serving_default": module.double, "square": module.square}
    tf.saved_model.save(module, str(tmp_path / "saved"), signatures=signatures)
    with zipfile.ZipFile(tmp_path / "saved.zip", "w") as archive:
        for each in sorted((tmp_path / "saved").rglob("*")):
            archive.write(each, each.relative_to(tmp_path / "saved"))
    carried = bench.carry("savedmodel-to-triton", tmp_path / "saved.zip")
    config = opened(carried.output, tmp_path / "r").models["model"]
    assert config.platform == "tensorflow_savedmodel"
    assert [each.name for each in config.output] == ["y"]
    carried = bench.carry("savedmodel-to-triton", tmp_path / "saved.zip", signature="square")
    config = opened(carried.output, tmp_path / "s").models["model"]
    assert [each.name for each in config.output] == ["z"]
    assert config.parameters["TF_SIGNATURE_DEF"].string_value == "square"
    files = {each.name for each in (tmp_path / "s/model/1/model.savedmodel").iterdir()}
    assert ".modelferry-signature" not in files


@pytest.mark.parametrize("name", ["cnn", "many", "words"])
def test_torchscript(name, bench, tmp_path):
    source = NETS[name].traced(tmp_path / "m.pt")
    inputs = {
        each: {
            "shape": ["batch", *example.shape[1:]],
            "dtype": str(example.dtype)[6:],
            "upper": 20,
        }
        for each, example in zip(NETS[name].inputs, NETS[name].example, strict=True)
    }
    carried = bench.carry("torchscript-to-triton", source, inputs=inputs)
    config = opened(carried.output, tmp_path / "r").models["model"]
    assert config.platform == "pytorch_libtorch"
    assert config.input[0].name == "INPUT__0"
    assert [each.name for each in config.output][:1] == ["OUTPUT__0"]


def test_a_dict_of_outputs_is_no_torchscript_for_triton(bench, tmp_path, refused):
    source = NETS["keys"].traced(tmp_path / "m.pt")
    inputs = {"x": {"shape": ["batch", 4]}}
    note, _ = bench.convert("torchscript-to-triton", source, inputs=inputs)
    assert "backend=onnxruntime" in refused(note, "conversion_failed").detail


@pytest.mark.parametrize("name", ["cnn", "encoder", "many"])
def test_pt2(name, bench, tmp_path):
    carried = bench.carry("pt2-to-triton", NETS[name].pt2(tmp_path / "m.pt2"))
    config = opened(carried.output, tmp_path / "r").models["model"]
    assert (config.backend, config.platform) == ("python", "")
    assert [each.name for each in config.input] == list(NETS[name].inputs)


class StandInTensor:
    """As much of Triton's own tensor as a model uses."""

    def __init__(self, name, array):
        self._name, self._value = name, array

    def name(self):
        return self._name

    def as_numpy(self):
        if not isinstance(self._value, np.ndarray):
            raise TypeError("numpy has no bfloat16")
        return self._value

    def to_dlpack(self):
        return torch.utils.dlpack.to_dlpack(torch.as_tensor(self._value))

    @staticmethod
    def from_dlpack(name, capsule):
        return StandInTensor(name, torch.from_dlpack(capsule))


@pytest.fixture
def server(monkeypatch, tmp_path):
    """Loads a model.py as Triton's Python backend does, and sends it requests."""
    utils = types.ModuleType("triton_python_backend_utils")
    utils.Tensor = StandInTensor
    utils.TritonError = RuntimeError
    utils.InferenceResponse = lambda output_tensors, error=None: (output_tensors, error)
    utils.get_input_tensor_by_name = lambda request, name: request.get(name)
    monkeypatch.setitem(sys.modules, utils.__name__, utils)

    def load(output):
        from google.protobuf import json_format

        repository = opened(output, tmp_path / "served")
        path = repository.file("model").with_name("model.py")
        spec = spec_from_file_location("model", path)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        config = repository.models["model"]
        told = json_format.MessageToJson(config, preserving_proto_field_name=True)
        model = module.TritonPythonModel()
        model.initialize(
            {"model_config": told, "model_instance_kind": "CPU", "model_instance_device_id": "0"}
        )

        def ask(*requests):
            tensors = [{k: StandInTensor(k, v) for k, v in each.items()} for each in requests]
            return model.execute(tensors)

        return ask

    return load


@pytest.mark.parametrize("name", ["encoder", "many", "words"])
def test_the_python_backend_says_what_the_source_says(name, bench, server, tmp_path):
    net = NETS[name]
    ask = server(produced(bench, "pt2-to-triton", net.pt2(tmp_path / "m.pt2")))
    given = {key: each.numpy() for key, each in zip(net.inputs, net.example, strict=True)}
    with torch.inference_mode():
        expected = torch.utils._pytree.tree_leaves(net.module()(*net.example))
    for tensors, error in ask(given, given):
        assert error is None
        for tensor, other in zip(tensors, expected, strict=True):
            np.testing.assert_allclose(tensor.as_numpy(), other.numpy(), rtol=1e-4, atol=1e-5)


def test_one_bad_request_spoils_no_other(bench, server, tmp_path):
    net = NETS["many"]
    ask = server(produced(bench, "pt2-to-triton", net.pt2(tmp_path / "m.pt2")))
    good = {key: each.numpy() for key, each in zip(net.inputs, net.example, strict=True)}
    (_, wrong), (tensors, error) = ask({**good, "left": np.zeros((2, 9), np.float32)}, good)
    assert isinstance(wrong, RuntimeError)
    assert (error, len(tensors)) == (None, 3)


def test_bfloat16_goes_through_dlpack(bench, server, tmp_path):
    torch.manual_seed(0)
    module = nn.Linear(4, 3).bfloat16().eval()
    x = torch.randn(2, 4).bfloat16()
    dims = ({0: torch.export.Dim("batch")},)
    torch.export.save(torch.export.export(module, (x,), dynamic_shapes=dims), tmp_path / "m.pt2")
    carried = bench.carry("pt2-to-triton", tmp_path / "m.pt2")
    ((tensors, error),) = server(carried.output)({"input": x})
    assert error is None
    assert torch.equal(tensors[0]._value, module(x))


GPU = Gpu(uuid="GPU-0", name="NVIDIA L4", compute_capability="8.9", memory=1 << 34, driver="570")


def engine(path, *, format="tensorrt", low=1, high=6):
    manifest = Manifest(
        format=format, digest="sha256:" + "0" * 64, size=4, library="11.0.0", gpu=GPU,
        precision="fp32", source="sha256:" + "1" * 64,
        inputs=(Tensor(name="x", dtype="float32", shape=("n", 4)),),
        outputs=(Tensor(name="y", dtype="float32", shape=("n", 3)),),
        profiles=({"x": Range(min=(low, 4), opt=(low, 4), max=(high, 4))},),
    )  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", manifest.model_dump_json())
        archive.writestr("model.engine", b"plan")
    return path


@pytest.mark.parametrize(("low", "expected"), [(1, 6), (2, 0)])
def test_an_engine_is_described_by_its_manifest(low, expected, bench, tmp_path):
    source = engine(tmp_path / "e.zip", low=low)
    assert told(source) == "tensorrt"
    repository = opened(produced(bench, "tensorrt-to-triton", source), tmp_path / "r")
    config = repository.models["model"]
    assert (config.backend, config.platform) == ("tensorrt", "tensorrt_plan")
    assert config.max_batch_size == expected
    assert repository.file("model").read_bytes() == b"plan"
    assert (tmp_path / "r/model/1/manifest.json").is_file()


def test_an_engine_of_tensorrt_rtx_is_never_served(bench, tmp_path, refused):
    source = engine(tmp_path / "e.zip", format="tensorrt-rtx")
    assert told(source) == "tensorrt-rtx"
    note, _ = bench.convert("tensorrt-to-triton", source)
    assert "TensorRT-RTX" in refused(note, "invalid_model").detail


@pytest.mark.parametrize("kind", ["zeros", "random"])
def test_warm_up_with_numbers_of_tritons_own(kind, bench, tmp_path):
    source = NETS["encoder"].pt2(tmp_path / "m.pt2")
    repository = opened(produced(bench, "pt2-to-triton", source, warmup=kind), tmp_path / "r")
    (warmup,) = repository.models["model"].model_warmup
    assert list(warmup.inputs["ids"].dims) == [16]
    assert warmup.inputs["ids"].zero_data  # ids are indices: random bits would be none


def test_warm_up_with_the_users_samples(bench, tmp_path, refused):
    source = onnx_model(tmp_path / "m.onnx")
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.savez(tmp_path / "s.npz", x=x)
    output = produced(bench, "onnx-to-triton", source, tmp_path / "s.npz", warmup="samples")
    (warmup,) = opened(output, tmp_path / "r").models["model"].model_warmup
    given = warmup.inputs["x"]
    assert list(given.dims) == [4]
    assert (tmp_path / "r/model/warmup" / given.input_data_file).read_bytes() == x[0].tobytes()
    note, _ = bench.convert("onnx-to-triton", source, warmup="samples")
    assert refused(note, "samples_required").field == "samples"
    np.savez(tmp_path / "bad.npz", x=np.zeros((3, 5), np.float32))
    note, _ = bench.convert("onnx-to-triton", source, tmp_path / "bad.npz", warmup="samples")
    assert refused(note, "bad_samples").field == "samples.x"


def test_several_models_and_an_ensemble_of_them(bench, tmp_path, refused):
    first = onnx_model(tmp_path / "a.onnx", 8, 4, names=("raw", "clean"))
    second = onnx_model(tmp_path / "b.onnx", 4, 3, names=("x", "y"))
    pre = produced(bench, "onnx-to-triton", first, model_name="pre")
    note, output = included(bench, second, pre, model_name="net", ensemble=["pre", "net"])
    assert isinstance(note, ProducedNote), note
    assert {each["model"] for each in note.report["triton"]} == {"pre", "net", "ensemble"}
    assert isinstance(bench.verify((second, "onnx"), (output, "triton")), AgreedNote)
    repository = opened(output, tmp_path / "r")
    assert repository.main() == "net"
    (tmp_path / "r" / MARK).unlink()
    raw = np.random.default_rng(0).standard_normal((5, 8)).astype(np.float32)
    with RUNTIMES["triton"].open(tmp_path / "r", {}) as session:
        assert [each.name for each in session.signature.inputs] == ["raw"]
        whole = session({"raw": raw})["y"]
        with pytest.raises(Exception, match="takes batches of 1 to 8"):
            session({"raw": np.repeat(raw, 2, 0)})
    with RUNTIMES["onnx"].open(first, {}) as one, RUNTIMES["onnx"].open(second, {}) as two:
        apart = two({"x": one({"raw": raw})["clean"]})["y"]
    np.testing.assert_allclose(whole, apart, rtol=1e-5)
    inspected = RUNTIMES["triton"].inspect(tmp_path / "r", {})
    assert inspected.operators == {"MatMul": 2}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model_name": "pre"}, "would be called 'pre'"),
        ({"ensemble": ["pre", "gone"]}, "names 'gone'"),
        ({"ensemble": ["model", "pre"]}, "fits none"),
        (
            {"ensemble": ["pre", "model"], "ensemble_name": "pre"},
            "is called so",
        ),
        ({"model_name": "a/b"}, "model_name must be"),
    ],
)
def test_repositories_that_cannot_be(options, said, bench, tmp_path, refused):
    pre = produced(
        bench, "onnx-to-triton", onnx_model(tmp_path / "a.onnx", 8, 4), model_name="pre"
    )
    note, _ = included(bench, onnx_model(tmp_path / "b.onnx"), pre, **options)
    assert said in refused(note, "invalid_options").detail


def test_an_uploaded_repository_that_triton_would_refuse(bench, tmp_path, refused):
    output = produced(bench, "onnx-to-triton", onnx_model(tmp_path / "m.onnx"))
    for name, old, new, said in (
        ("kind.zip", b"TYPE_FP32", b"TYPE_FP64", "is float64"),
        ("dims.zip", b"dims: 4", b"dims: 0", "neither -1 nor above 0"),
        ("text.zip", b"dims: 4", b"dims: four", "cannot be parsed"),
    ):
        with zipfile.ZipFile(output) as before, zipfile.ZipFile(tmp_path / name, "w") as after:
            for each in before.namelist():
                data = before.read(each)
                after.writestr(each, data.replace(old, new) if "pbtxt" in each else data)
        note = bench.verify((tmp_path / "m.onnx", "onnx"), (tmp_path / name, "triton"))
        code = "accuracy_mismatch" if name == "kind.zip" else "invalid_model"
        assert said in refused(note, code).detail


def test_a_small_largest_batch_is_verified_up_to_it(bench, tmp_path):
    source = onnx_model(tmp_path / "m.onnx")
    carried = bench.carry("onnx-to-triton", source, max_batch_size=3)
    shapes = {tuple(each["shapes"]["x"]) for each in carried.report["cases"]}
    assert shapes == {(1, 4), (3, 4)}


def test_more_samples_than_the_largest_batch_are_verified_in_batches(bench, tmp_path):
    source = onnx_model(tmp_path / "m.onnx")
    numbers = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32)
    np.savez(tmp_path / "s.npz", x=numbers)
    output = produced(bench, "onnx-to-triton", source, max_batch_size=8)
    note = bench.verify((source, "onnx"), (output, "triton"), tmp_path / "s.npz")
    assert isinstance(note, AgreedNote), note
    assert [each["shapes"] for each in note.report["cases"]] == [{"x": [8, 4]}] * 2
