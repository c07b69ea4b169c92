"""Model folders of transformers that are not as they should be, each told what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.converters.hugging_nets import saved, zipped
from workers.huggingface.shards import tensors_in

INDEX = "model.safetensors.index.json"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved("bert", tmp_path_factory.mktemp("whole") / "bert")


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved("bert", tmp_path_factory.mktemp("sharded") / "bert", shard="60KB")


@pytest.fixture
def fault(bench, refused, tmp_path) -> Callable[..., Any]:
    """What an inspection says of a copy of the folder that was spoilt."""

    def told(folder: Path, spoil: Callable[[Path], object], code: str = "invalid_model") -> Any:
        copy = tmp_path / "copy"
        copy.mkdir()
        for each in folder.iterdir():
            (copy / each.name).write_bytes(each.read_bytes())
        spoil(copy)
        return refused(bench.inspect(zipped(copy), "huggingface"), code)

    return told


def config(**changes: Any) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / "config.json"
        told = json.loads(path.read_text()) | changes
        told = {name: each for name, each in told.items() if each is not None}
        path.write_text(json.dumps(told))

    return spoil


def tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / "model.safetensors"
        held = load_file(path)
        change(held)
        save_file(held, path, metadata={"format": "pt"})

    return spoil


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (config(auto_map={"AutoModel": "modeling_x.X"}), "delete auto_map"),
        (config(text_config={"auto_map": {"AutoModel": "m.X"}}), "text_config.auto_map"),
        (config(model_type="brt"), "knows no model_type 'brt'. It knows "),
        (config(model_type=None), "says no model_type"),
        (config(architectures=["BertForNothing"]), "has no 'BertForNothing'"),
        (config(architectures=["BertConfig"]), "no model of transformers"),
        (config(architectures=None), '"architectures": ["BertForMaskedLM"]'),
        (config(hidden_size="wide"), "is refused by BertConfig"),
        (config(hidden_size=33), "transformers cannot make BertForSequenceClassification"),
        (config(quantization_config={"quant_method": "gptq"}), "model.dequantize()"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read as JSON"),
        (lambda folder: (folder / "config.json").write_text("[]"), "is no JSON object"),
    ],
)
def test_configs(fault, whole, spoil, words):
    assert words in fault(whole, spoil).detail


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (config(num_hidden_layers=3), "16 missing (bert.encoder.layer.2."),
        (config(vocab_size=98), "bert.embeddings.word_embeddings.weight (99, 32) for (98, 32)"),
        (
            tensors(lambda held: held.update(strange=held.pop("classifier.weight"))),
            "1 missing (classifier.weight); 1 in the files and not in the model (strange)",
        ),
    ],
)
def test_weights_that_do_not_fit_are_named(fault, whole, spoil, words):
    assert words in fault(whole, spoil).detail


def test_a_cut_file_is_called_so(fault, whole):
    def cut(folder: Path) -> None:
        path = folder / "model.safetensors"
        path.write_bytes(path.read_bytes()[:-100])

    assert "model.safetensors ends after" in fault(whole, cut, "truncated_file").detail


def test_a_file_cut_anywhere_is_never_taken_for_whole(whole, tmp_path):
    data = (whole / "model.safetensors").read_bytes()
    path = tmp_path / "cut.safetensors"
    for length in {*range(0, len(data), len(data) // 40), len(data) - 1}:
        path.write_bytes(data[:length])
        with pytest.raises(Exception, match="ends after"):
            tensors_in(path)


def renamed(folder: Path) -> None:
    index = json.loads((folder / INDEX).read_text())
    index["weight_map"]["classifier.weight"] = "../../etc/x.safetensors"
    (folder / INDEX).write_text(json.dumps(index))


def of_another(folder: Path) -> None:
    index = json.loads((folder / INDEX).read_text())
    index["weight_map"]["ghost"] = next(iter(index["weight_map"].values()))
    (folder / INDEX).write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda folder: min(folder.glob("*.safetensors")).unlink(),
            "1 are not there: model-00001",
        ),
        (lambda folder: (folder / INDEX).write_text("{}"), "has no weight_map"),
        (lambda folder: (folder / INDEX).unlink(), "Send the index, too"),
        (renamed, "no .safetensors file of this folder"),
        (of_another, "holds ghost, and it does not"),
    ],
)
def test_indexes(fault, sharded, spoil, words):
    assert words in fault(sharded, spoil).detail


def test_a_cut_shard_is_named(fault, sharded):
    def cut(folder: Path) -> None:
        path = max(folder.glob("*.safetensors"))
        path.write_bytes(path.read_bytes()[:-1])

    assert fault(sharded, cut, "truncated_file").node.startswith("model-0000")


def test_pickles_and_adapters_are_refused(fault, whole):
    def pickled(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        torch.save({"a": torch.ones(2)}, folder / "pytorch_model.bin")

    assert "save_pretrained" in fault(whole, pickled, "pickled_module").detail


def test_an_adapter_alone_is_told_so(fault, whole):
    def adapter(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")

    assert "merge_and_unload" in fault(whole, adapter).detail
