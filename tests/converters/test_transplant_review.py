"""Files as strangers have them: what cannot be taken as it is, is refused or told."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from shared.domain.errors import InvalidModel
from shared.domain.orders import ProducedNote
from workers.weights.opening import open_weights


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))


def opened(saved: Any, folder: Path, *, legacy: bool = False) -> list[str]:
    path = folder / "s.pt"
    torch.save(saved, path, _use_new_zipfile_serialization=not legacy)
    with open_weights(path, "state-dict") as weights:
        return list(weights.variables)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("beside", ["loss", "epoch", "best_accuracy"])
def test_a_number_of_the_training_is_no_weight(tmp_path: Path, beside: str, legacy: bool) -> None:  # noqa: FBT001 - a parameter of the test
    weights = net().state_dict()
    checkpoint = {"model_state_dict": weights, beside: torch.tensor(0.3)}
    assert opened(checkpoint, tmp_path, legacy=legacy) == list(weights)


def test_the_best_weights_are_still_weights(tmp_path: Path) -> None:
    names = opened({"best_model": net().state_dict(), "epoch": 3}, tmp_path)
    assert names[0] == "best_model.0.weight"


@pytest.mark.parametrize("legacy", [False, True])
def test_two_tensors_of_one_name_are_refused(tmp_path: Path, legacy: bool) -> None:  # noqa: FBT001 - a parameter of the test
    both = {"a.b": torch.zeros(2), "a": {"b": torch.ones(2)}}
    with pytest.raises(InvalidModel, match=r"Two tensors of the file are called 'a\.b'"):
        opened(both, tmp_path, legacy=legacy)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize(
    "odd", [torch.eye(3).to_sparse(), torch.zeros(3, device="meta")], ids=["sparse", "meta"]
)
def test_a_tensor_without_plain_numbers_is_not_left_out(
    tmp_path: Path,
    odd: torch.Tensor,
    legacy: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    with pytest.raises(InvalidModel, match="'odd' does not lie in the file as plain numbers"):
        opened({"odd": odd, "plain": torch.ones(3)}, tmp_path, legacy=legacy)


def test_a_conjugate_that_was_put_off_is_not_read_as_the_other_number(tmp_path: Path) -> None:
    lazy = torch.tensor([1 + 2j]).conj()
    with pytest.raises(InvalidModel, match="conj bit"):
        opened({"w": lazy}, tmp_path)
    assert opened({"w": lazy.resolve_conj()}, tmp_path) == ["w"]
    torch.save({"w": lazy}, tmp_path / "l.pt", _use_new_zipfile_serialization=False)
    with open_weights(tmp_path / "l.pt", "state-dict") as weights:
        assert weights.read("w").tolist() == [1 - 2j]


def test_numpys_numbers_beside_the_weights_do_no_harm(tmp_path: Path) -> None:
    weights = net().state_dict()
    checkpoint = {"model": weights, "accuracy": np.float64(0.9), "curve": np.ones(3)}
    assert opened(checkpoint, tmp_path) == list(weights)


def test_torchs_own_words_are_quoted_as_whole_sentences(tmp_path: Path) -> None:
    torch.save(net().state_dict(), tmp_path / "s.pt")
    whole = (tmp_path / "s.pt").read_bytes()
    (tmp_path / "s.pt").write_bytes(whole[: len(whole) // 2])
    with (
        pytest.raises(InvalidModel, match=r"central directory\. Save it again with torch\.save"),
        open_weights(tmp_path / "s.pt", "state-dict"),
    ):
        pass


def test_a_missing_shard_is_noticed_without_an_index(tmp_path: Path) -> None:
    for number in (1, 3):
        save_file({f"w{number}": torch.ones(2)}, tmp_path / f"m-0000{number}-of-00003.safetensors")
    with (
        pytest.raises(InvalidModel, match=r"shard m-00002-of-00003\.safetensors is missing"),
        open_weights(tmp_path, "safetensors"),
    ):
        pass
    save_file({"w2": torch.ones(2)}, tmp_path / "m-00002-of-00003.safetensors")
    with open_weights(tmp_path, "safetensors") as weights:
        assert set(weights.variables) == {"w1", "w2", "w3"}


@pytest.mark.parametrize("shape", [[1 << 40, 1 << 40, 0], "22", [2.5, 1]])
def test_a_shape_that_no_array_has_is_refused(tmp_path: Path, shape: Any) -> None:
    size = 0 if 0 in (shape if isinstance(shape, list) else []) else 16 if shape == "22" else 8
    entry = {"dtype": "F32", "shape": shape, "data_offsets": [0, size]}
    header = json.dumps({"w": entry}).encode()
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(size))
    with pytest.raises(InvalidModel, match="'w'"), open_weights(path, "safetensors"):
        pass


def test_what_reading_left_out_is_in_the_report(tmp_path: Path, bench: Any) -> None:
    checkpoint = {"state_dict": net().state_dict(), "state_dict_ema": net().state_dict()}
    torch.save(checkpoint, tmp_path / "c.pt")
    note, _ = bench.convert("state-dict-weights-to-safetensors", tmp_path / "c.pt")
    assert isinstance(note, ProducedNote), note
    assert "left out: state_dict_ema" in note.report["mapping"]["notes"][0]
    assert "state_dict_ema" in note.report["mapping_file"]
