"""PyTorch programs in LiteRT say what PyTorch says, and tell when their lengths are fixed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.domain.orders import AgreedNote, ProducedNote
from workers.runtimes.tflite import TfliteRuntime
from workers.tflite_bridge.options import Quantization
from workers.tflite_bridge.quantizing import quantize

torch: Any = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
nn: Any = torch.nn


def randomised(model: Any) -> Any:
    torch.manual_seed(3)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model.eval()


def convolutions() -> Any:
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1, groups=4),
        nn.GELU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 256),
        nn.Tanh(),
        nn.Linear(256, 5),
    )


class Tagger(nn.Module):  # type: ignore[misc, name-defined]
    """Integers in, two outputs by name, one of integers; its LSTM has the batch baked in."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(20, 8)
        self.rows = nn.LSTM(8, 5, batch_first=True)
        self.tags = nn.Linear(5, 4)

    def forward(self, words: Any, scale: Any) -> Any:
        every, _ = self.rows(self.table(words) * scale)
        tags = self.tags(every)
        return {"tags": tags, "best": tags.argmax(-1)}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("programs")
    batch = torch.export.Dim("batch", min=1, max=64)
    example = (torch.randn(2, 3, 16, 16),)
    words = (torch.randint(0, 20, (2, 7)), torch.rand(2, 1, 1))
    made = {
        "cnn": torch.export.export(
            randomised(convolutions()), example, dynamic_shapes=({0: batch},)
        ),
        "fixed": torch.export.export(randomised(convolutions()), example),
        "tagger": torch.export.export(
            randomised(Tagger()), words, dynamic_shapes={"words": {0: batch}, "scale": {0: batch}}
        ),
    }
    for name, program in made.items():
        torch.export.save(program, folder / f"{name}.pt2")
    return {name: folder / f"{name}.pt2" for name in made}


def test_the_batch_is_kept_where_it_works(bench: Any, programs: dict[str, Path]) -> None:
    carried = bench.carry("pt2-to-tflite", programs["cnn"])
    found = TfliteRuntime().inspect(carried.output, {}).signature
    assert [each.shape for each in found.inputs] == [("batch", 3, 16, 16)]
    batches = {next(iter(case["shapes"].values()))[0] for case in carried.report["cases"]}
    assert len(batches) > 2


def test_a_fixed_program_is_compiled_as_it_is(bench: Any, programs: dict[str, Path]) -> None:
    carried = bench.carry("pt2-to-tflite", programs["fixed"])
    assert TfliteRuntime().sizes(carried.output) == ({"input": (2, 3, 16, 16)},)


def test_lengths_that_were_fixed_are_told(bench: Any, programs: dict[str, Path]) -> None:
    note, output = bench.convert("pt2-to-tflite", programs["tagger"])
    assert isinstance(note, ProducedNote)
    assert note.report["fixed"] == {"words": [2, 7], "scale": [2, 1, 1]}
    found = TfliteRuntime().inspect(output, {}).signature
    assert {each.name for each in found.outputs} == {"tags", "best"}
    agreed = bench.verify((programs["tagger"], "pt2"), (output, "tflite"))
    assert isinstance(agreed, AgreedNote), agreed
    assert {tuple(each["shapes"]["words"]) for each in agreed.report["cases"]} == {(2, 7)}


def test_lengths_that_were_insisted_on(
    bench: Any, refused: Any, programs: dict[str, Path]
) -> None:
    note, _ = bench.convert("pt2-to-tflite", programs["tagger"], dynamic=True)
    assert refused(note, "conversion_failed").field == "options.dynamic"


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    pictures = np.random.default_rng(1).standard_normal((30, 3, 16, 16)).astype(np.float32)
    np.savez(tmp_path / "samples.npz", input=pictures)
    return tmp_path / "samples.npz"


def test_int8(bench: Any, programs: dict[str, Path], samples: Path) -> None:
    carried = bench.carry("pt2-to-tflite", programs["cnn"], samples, quantization="int8")
    found = TfliteRuntime().inspect(carried.output, {})
    assert found.operators["QUANTIZE"] == found.operators["DEQUANTIZE"] == 1
    assert [each.dtype for each in found.signature.inputs] == ["float32"]


def test_quantizations_are_smaller_and_close(
    bench: Any, programs: dict[str, Path], samples: Path, tmp_path: Path
) -> None:
    _, plain = bench.convert("pt2-to-tflite", programs["cnn"], dynamic=False)
    array = np.load(samples)["input"][:2]
    with TfliteRuntime().open(plain, {}) as session:
        wanted = session({"input": array})["output"]
    for quantization, size, off in (("fp16", 0.6, 2e-3), ("dynamic", 0.4, 5e-2)):
        result = tmp_path / quantization
        quantize(plain, Quantization(quantization), None, result)
        assert result.stat().st_size < size * plain.stat().st_size
        with TfliteRuntime().open(result, {}) as session:
            said = session({"input": array})["output"]
        assert 0 < np.abs(said - wanted).max() <= off * np.abs(wanted).max()
