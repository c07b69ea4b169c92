"""Programs that return classes of transformers: known to torch once their module was imported."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bert(tmp_path) -> Path:
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        vocab_size=32,
    )
    module = BertModel(config).eval()
    for each in module.parameters():
        each.data.normal_(0, 0.2)
    inputs = {"input_ids": torch.randint(0, 32, (2, 5))}
    shapes = {"input_ids": {0: torch.export.Dim.DYNAMIC}}
    program = torch.export.export(module, (), inputs, dynamic_shapes=shapes)
    path = tmp_path / "bert.pt2"
    torch.export.save(program, path)
    return path


def test_it_loads_in_a_process_that_knew_nothing_of_them(bert):
    script = (
        "import sys; from pathlib import Path; from workers.runtimes.pt2_load import load_program;"
        "assert 'transformers' not in sys.modules; load_program(Path(sys.argv[1]))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script, bert], check=True, cwd=ROOT, env=environment)


def test_it_is_converted_and_verified(bench, bert):
    done = bench.carry("pt2-to-onnx", bert)
    assert {each["name"] for each in done.report["outputs"]} == {
        "last_hidden_state",
        "pooler_output",
    }


def test_a_class_that_is_not_there_is_named(bench, refused, bert, tmp_path):
    path = tmp_path / "odd.pt2"
    with zipfile.ZipFile(bert) as source, zipfile.ZipFile(path, "w") as target:
        for each in source.namelist():
            content = source.read(each)
            target.writestr(each, content.replace(b"BaseModelOutputWith", b"BaseModelOutputLess"))
    fault = refused(bench.inspect(path, "pt2"), "invalid_model")
    assert "transformers.modeling_outputs.BaseModelOutputLess" in fault.detail
