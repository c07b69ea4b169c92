"""Model folders of transformers to programs and on to ONNX, held to the library's own answers."""

import json
import socket
import tarfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
import transformers

from shared.domain.orders import AgreedNote, ProducedNote
from tests.converters.hugging_nets import saved, zipped

TOLD = {
    "bert": (["input_ids", "attention_mask", "token_type_ids"], ["logits"]),
    "gpt2": (["input_ids", "attention_mask"], ["logits"]),
    "vit": (["pixel_values"], ["logits"]),
    "t5": (
        ["input_ids", "attention_mask", "decoder_input_ids"],
        ["logits", "encoder_last_hidden_state"],
    ),
    "whisper": (
        ["input_features", "decoder_input_ids"],
        ["logits", "encoder_last_hidden_state"],
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_folder_becomes_a_program(bench, tmp_path, name):
    path = zipped(saved(name, tmp_path / name))
    carried = bench.carry("huggingface-to-pt2", path)
    signature = carried.inspection["signature"]
    inputs, outputs = TOLD[name]
    assert sorted(each["name"] for each in signature["inputs"]) == sorted(inputs)
    assert [each["name"] for each in signature["outputs"]] == outputs
    assert all(each["shape"][0] == "batch" for each in signature["inputs"])
    batches = {next(iter(case["shapes"].values()))[0] for case in carried.report["cases"]}
    assert batches == {1, 2, 5}
    lengths = {case["shapes"].get("input_ids", [0, 0])[1] for case in carried.report["cases"]}
    assert len(lengths) == (2 if "input_ids" in inputs else 1)
    assert carried.report["matched_by"] == "inputs by name, outputs by name"
    assert max(each["max_rel"] for each in carried.report["outputs"]) < 1e-4


def test_ids_are_held_to_the_vocabulary(bench, tmp_path):
    report = bench.inspect(zipped(saved("bert", tmp_path / "bert")), "huggingface").report
    upper = {each["name"]: each["upper"] for each in report["signature"]["inputs"]}
    assert upper == {"input_ids": 99, "attention_mask": None, "token_type_ids": 2}
    assert report["producer"] == "transformers (BertForSequenceClassification)"
    assert report["operators"]["Linear"] == 14


@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_onnx_says_what_transformers_says(bench, tmp_path, name):
    """Shards, and a sequence that neither the exporter nor the verification has seen."""
    folder = saved(name, tmp_path / name, shard="60KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    path = zipped(folder)
    note, program = bench.convert("huggingface-to-pt2", path)
    assert isinstance(note, ProducedNote), note
    assert note.report["fixed"] == {}
    assert note.report["unread_weights"] == []
    note, made = bench.convert("pt2-to-onnx", program)
    assert isinstance(note, ProducedNote), note
    agreed = bench.verify((path, "huggingface"), (made, "onnx"))
    assert isinstance(agreed, AgreedNote), agreed
    rng = np.random.default_rng(5)
    feeds = {
        "input_ids": rng.integers(2, 99, (3, 23)),
        "attention_mask": np.ones((3, 23), np.int64),
        "token_type_ids": rng.integers(0, 2, (3, 23)),
    }
    session = onnxruntime.InferenceSession(made, providers=["CPUExecutionProvider"])
    feeds = {each.name: feeds[each.name] for each in session.get_inputs()}
    (logits,) = session.run(["logits"], feeds)
    kind = {"bert": "BertForSequenceClassification", "gpt2": "GPT2LMHeadModel"}[name]
    net = getattr(transformers, kind).from_pretrained(folder, local_files_only=True).eval()
    with torch.no_grad():
        wanted = net(**{key: torch.from_numpy(each) for key, each in feeds.items()}).logits
    assert np.abs(logits - wanted.numpy()).max() < 1e-4


@pytest.mark.parametrize("road", [["pt2-to-tflite"], ["pt2-to-onnx", "onnx-to-openvino"]])
def test_a_folder_in_shards_reaches_what_is_run_elsewhere(bench, tmp_path, road):
    path = zipped(saved("vit", tmp_path / "vit", shard="60KB"))
    output = path
    for each in ["huggingface-to-pt2", *road]:
        note, output = bench.convert(each, output)
        assert isinstance(note, ProducedNote), note
    target = road[-1].rpartition("-to-")[2]
    agreed = bench.verify((path, "huggingface"), (output, target))
    assert isinstance(agreed, AgreedNote), agreed
    assert [each["name"] for each in agreed.report["outputs"]] == TOLD["vit"][1]
    assert 0 < max(each["max_rel"] for each in agreed.report["outputs"]) < 1e-5


def test_a_tar_with_its_own_folder_and_another_name_of_the_weights(bench, tmp_path):
    folder = saved("vit", tmp_path / "vit")
    (folder / "model.safetensors").rename(folder / "model.fp16.safetensors")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "modeling_vit.py").write_text("raise SystemExit('this is not run')")
    path = tmp_path / "vit.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, "vit")
    report = bench.inspect(path, "huggingface").report
    assert report["signature"]["inputs"][0]["shape"] == ["batch", 3, 32, 32]


def test_halves_are_widened_and_heads_may_be_left_over(bench, tmp_path):
    folder = saved("bert", tmp_path / "bert")
    net = transformers.BertForSequenceClassification.from_pretrained(folder).half()
    net.save_pretrained(folder)
    _edit(folder, architectures=["BertModel"])
    note, _ = bench.convert("huggingface-to-pt2", zipped(folder))
    assert note.report["architecture"] == "BertModel"
    assert note.report["unread_weights"] == ["classifier.bias", "classifier.weight"]
    inspected = bench.inspect(zipped(folder), "huggingface").report["signature"]["outputs"]
    assert {each["dtype"] for each in inspected} == {"float32"}


def test_nothing_is_fetched(bench, tmp_path, monkeypatch):
    """Not even for a config that names a model of the hub, where other files could be had."""
    folder = saved("bert", tmp_path / "bert")
    _edit(folder, _name_or_path="google-bert/bert-base-uncased", tokenizer_class="BertTokenizer")
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given, **_: asked.append(given))
    monkeypatch.setattr(socket.socket, "connect", lambda _, where: asked.append(where))
    assert isinstance(bench.inspect(zipped(folder), "huggingface"), ProducedNote)
    assert asked == []


def test_inputs_may_be_said(bench, refused, tmp_path):
    path = zipped(saved("bert", tmp_path / "bert"))
    inputs = {
        "input_ids": {"shape": ["batch", 12]},
        "attention_mask": {"shape": ["batch", 12]},
        "token_type_ids": {"shape": ["batch", 12]},
        "position_ids": {"shape": ["batch", 12], "dtype": "int64", "upper": 64},
    }
    carried = bench.carry("huggingface-to-pt2", path, inputs=inputs)
    shapes = {each["name"]: each["shape"] for each in carried.inspection["signature"]["inputs"]}
    assert shapes == {name: ["batch", 12] for name in inputs}
    other = {"pixel_values": {"shape": ["batch", 3, 8, 8]}}
    fault = refused(bench.convert("huggingface-to-pt2", path, inputs=other)[0], "invalid_options")
    assert fault.field == "inputs.pixel_values"


def test_samples_of_the_user_s(bench, refused, tmp_path):
    path = zipped(saved("gpt2", tmp_path / "gpt2"))
    rng = np.random.default_rng(4)
    ids = rng.integers(0, 99, (6, 14))
    np.savez(tmp_path / "s.npz", input_ids=ids, attention_mask=np.ones_like(ids))
    carried = bench.carry("huggingface-to-pt2", path, tmp_path / "s.npz")
    assert carried.report["inputs"] == "samples"
    np.savez(tmp_path / "t.npz", input_ids=ids.astype("float32"), attention_mask=ids)
    fault = refused(bench.inspect(path, "huggingface", tmp_path / "t.npz"), "bad_samples")
    assert "takes int64" in fault.detail


def test_an_input_that_nothing_is_known_about_can_be_said(bench, refused, tmp_path):
    path = zipped(saved("perceiver", tmp_path / "perceiver"))
    fault = refused(bench.inspect(path, "huggingface"), "invalid_model")
    assert "takes 'inputs'" in fault.detail
    told = {"inputs": {"shape": ["batch", 12], "dtype": "int64", "upper": 99}}
    report = bench.inspect(path, "huggingface", inputs=told).report
    assert report["signature"]["outputs"][0]["shape"] == ["batch", 12, 99]


def test_a_length_that_the_exporter_fixes_is_told(bench, refused, tmp_path):
    path = zipped(saved("mamba", tmp_path / "mamba"))
    fault = refused(bench.convert("huggingface-to-pt2", path)[0], "conversion_failed")
    assert "length of input_ids is fixed at 8" in fault.detail
    carried = bench.carry("huggingface-to-pt2", path, dynamic=False)
    shapes = [case["shapes"]["input_ids"] for case in carried.report["cases"]]
    assert {length for _, length in shapes} == {8}
    assert {batch for batch, _ in shapes} == {1, 2, 5}


def _edit(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    said = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({name: each for name, each in said.items() if each is not None}))
