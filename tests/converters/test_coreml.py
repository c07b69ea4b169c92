"""To Core ML: what was written is read again, since nobody here can run it."""

import json
import zipfile

import pytest
import torch
from coremltools.proto import FeatureTypes_pb2, Model_pb2
from torch.nn.functional import group_norm, scaled_dot_product_attention

from shared.domain.errors import UnknownFormat
from shared.domain.orders import ProducedNote
from shared.domain.recognition import recognise
from workers.coreml_bridge.programs import known
from workers.coreml_bridge.words import identifiers

BATCH = torch.export.Dim.DYNAMIC


class Pooling(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.head = torch.nn.Linear(4, 2)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        pooled = torch.relu(self.conv(image)).mean((2, 3))
        return {"logits": self.head(pooled), "pooled": pooled}


class Recurrent(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = torch.nn.LSTM(3, 4, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.cell(x)[0]


class Told(torch.nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def zeros_of_int64(x):
    table = torch.zeros(3, 4, dtype=torch.int64)
    return x[:, :3, :4, 0] + table.select_scatter(torch.arange(4), 0, 1)


GROUPS = torch.arange(1.0, 5.0), torch.arange(4.0)
UNKNOWN = {
    "new_ones and &": lambda x: torch.where(x.new_ones((), dtype=torch.bool) & (x > 0), x, -x),
    "zeros of int64": zeros_of_int64,
    "alias": lambda x: torch.ops.aten.alias(x) * 2,
    "where with a number": lambda x: torch.where(x > 0, x, 2),
    "channel_shuffle": lambda x: torch.nn.functional.channel_shuffle(x, 2),
    "prod": lambda x: x.prod(1)[:, None] + x.prod(1, keepdim=True),
    "diff": lambda x: x.diff(n=2, dim=1, prepend=x[:, :1], append=x[:, :2]),
    "diff of bool": lambda x: (x > 0).diff().float(),
    "hardtanh": lambda x: torch.nn.functional.hardtanh(x, 0, 6),
    "group_norm": lambda x: group_norm(group_norm(x, 2), 2, *GROUPS, eps=1e-3),
    "a length left open": lambda x: scaled_dot_product_attention(
        *(x.view(x.shape[0] * 2, 2, 6, -1),) * 3
    ),
}


def exported(module, folder, *shape, dtype=torch.float32):
    path = folder / "model.pt2"
    example = torch.zeros(shape, dtype=dtype)
    program = torch.export.export(module.eval(), (example,), dynamic_shapes=({0: BATCH},))
    torch.export.save(program, path)
    return path


def spec_of(output):
    spec = Model_pb2.Model()
    with zipfile.ZipFile(output) as archive:
        manifest = json.loads(archive.read("Manifest.json"))
        (root,) = [
            each
            for name, each in manifest["itemInfoEntries"].items()
            if name == manifest["rootModelIdentifier"]
        ]
        spec.ParseFromString(archive.read(f"Data/{root['path']}"))
    return spec


def test_a_program_keeps_its_names_and_its_batch(bench, tmp_path):
    path = exported(Pooling(), tmp_path, 2, 3, 8, 8)
    note, output = bench.convert("pt2-to-coreml", path)
    assert isinstance(note, ProducedNote), note
    told = spec_of(output).description
    assert [each.name for each in told.input] == ["image"]
    assert [each.name for each in told.output] == ["logits", "pooled"]
    ranges = told.input[0].type.multiArrayType.shapeRange.sizeRanges
    assert (ranges[0].lowerBound, ranges[0].upperBound) == (1, -1)
    assert [(each.lowerBound, each.upperBound) for each in ranges[1:]] == [(3, 3), (8, 8), (8, 8)]
    kind = told.input[0].type.multiArrayType.dataType
    assert kind == FeatureTypes_pb2.ArrayFeatureType.FLOAT32
    with output.open("rb") as reader, pytest.raises(UnknownFormat, match="cannot be a source"):
        recognise(reader, said=None, name="model.zip")


def test_the_same_program_gives_the_same_bytes(bench, tmp_path):
    path = exported(Pooling(), tmp_path, 2, 3, 8, 8)
    outputs = [bench.convert("pt2-to-coreml", path)[1] for _ in range(2)]
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


@pytest.mark.parametrize("function", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_coremltools_does_not_know_is_said_otherwise(bench, tmp_path, function):
    path = exported(Told(function), tmp_path, 2, 4, 6, 5)
    x = torch.randn(3, 4, 6, 5, generator=torch.Generator().manual_seed(0)) * 3
    torch.testing.assert_close(known(torch.export.load(path)).module()(x), function(x))
    note, output = bench.convert("pt2-to-coreml", path)
    assert isinstance(note, ProducedNote), note
    ranges = spec_of(output).description.input[0].type.multiArrayType.shapeRange.sizeRanges
    assert [each.upperBound for each in ranges] == [-1, 4, 6, 5]


def test_what_is_not_taken_as_a_program_is_taken_as_a_trace(bench, refused, tmp_path):
    path = exported(Recurrent(), tmp_path, 2, 5, 3)
    note, _ = bench.convert("pt2-to-coreml", path)
    assert "lstm" in refused(note, "conversion_failed").detail
    note, output = bench.convert("pt2-to-coreml-traced", path, longest=7)
    assert isinstance(note, ProducedNote), note
    told = spec_of(output).description
    (ranges,) = [each.type.multiArrayType.shapeRange.sizeRanges for each in told.input]
    assert [(each.lowerBound, each.upperBound) for each in ranges] == [(1, 7), (5, 5), (3, 3)]


def test_torchscript_goes_there_too(bench, tmp_path):
    path = tmp_path / "model.pt"
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh()).eval()
    torch.jit.trace(module, torch.zeros(2, 3)).save(path)
    note, output = bench.convert("torchscript-to-coreml", path, compute="float16")
    assert isinstance(note, ProducedNote), note
    assert len(spec_of(output).description.input) == 1


def test_a_type_that_core_ml_lacks_is_named(bench, refused, tmp_path):
    path = exported(torch.nn.Identity().double(), tmp_path, 2, 3, dtype=torch.float64)
    note, _ = bench.convert("pt2-to-coreml", path)
    fault = refused(note, "conversion_failed")
    assert "float64" in fault.detail
    assert fault.node


def test_names_become_identifiers():
    assert identifiers(["a.b", "a_b", "3d", "fine"]) == ["a_b", "a_b_", "_3d", "fine"]
