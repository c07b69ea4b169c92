"""Exported programs that carry code: none of it may run."""

import json
import pickle
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.converters.torch_nets import NETS


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.write_text, (self.mark, "ran")


@pytest.fixture
def honest(tmp_path):
    return NETS["many"].pt2(tmp_path / "honest.pt2")


def rewritten(path, target, change):
    """A copy of the archive whose members went through `change(name, bytes)`."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return target


def changed_json(path, target, ending, change):
    def each(name, data):
        if not name.endswith(ending):
            return data
        content = json.loads(data)
        change(content)
        return json.dumps(content).encode()

    return rewritten(path, target, each)


def test_an_honest_file_survives_being_rewritten(bench, tmp_path, honest):
    path = rewritten(honest, tmp_path / "m.pt2", lambda _, data: data)
    assert bench.inspect(path, "pt2").kind == "produced"


def test_pickled_sample_inputs_do_not_run(bench, tmp_path, honest):
    mark = tmp_path / "ran"

    def swap(name, data):
        return pickle.dumps(Bomb(mark)) if "sample_inputs" in name else data

    path = rewritten(honest, tmp_path / "m.pt2", swap)
    assert bench.inspect(path, "pt2").kind == "refused"
    assert not mark.exists()


@pytest.mark.parametrize("where", ["model_weights_config.json", "model_constants_config.json"])
def test_pickled_weights_and_constants_are_refused(bench, refused, tmp_path, honest, where):
    def pickled(config):
        config["config"]["evil"] = {"path_name": "weight_0", "use_pickle": True}

    name = "weights" if "weights" in where else "constants"
    path = changed_json(honest, tmp_path / "m.pt2", f"_{name}_config.json", pickled)
    assert "pickle" in refused(bench.inspect(path, "pt2"), "invalid_model").detail


@pytest.mark.parametrize(
    "code",
    [
        "__import__('os').system('true')",
        "().__class__.__base__",
        "exec(chr(112))",
        "Symbol('s0').func(1)",
        "[x for x in (1,)]",
    ],
)
def test_shapes_that_are_code_are_refused(bench, refused, tmp_path, honest, code):
    def evil(program):
        program["evil"] = {"as_expr": {"expr_str": code, "hint": None}}

    path = changed_json(honest, tmp_path / "m.pt2", "models/model.json", evil)
    assert "not arithmetic" in refused(bench.inspect(path, "pt2"), "invalid_model").detail


def test_compiled_code_is_refused(bench, refused, tmp_path, honest):
    path = tmp_path / "m.pt2"
    shutil.copyfile(honest, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("honest/data/aotinductor/model/lib.so", b"\x7fELF")
    assert "compiled code" in refused(bench.inspect(path, "pt2"), "invalid_model").detail


@pytest.mark.parametrize("keep", [0.2, 0.7, 0.98])
def test_a_cut_file_is_refused(bench, refused, tmp_path, honest, keep):
    path = tmp_path / "m.pt2"
    data = honest.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    assert "Export the model again" in refused(bench.inspect(path, "pt2"), "invalid_model").detail
