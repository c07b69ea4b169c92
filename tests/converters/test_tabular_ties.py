"""Rows on which two classes are as good as equal: kept out of the proof, and only then told."""

import numpy as np
import pytest

from shared.domain.orders import AgreedNote
from workers.tabular.ties import TIE, Decided, gaps_of

RNG = np.random.default_rng(5)
ROWS = RNG.normal(size=(200, 2)).astype(np.float32)
EVEN = np.array([0, 1] * 100)


def undecided(library, path):
    """A model that gives most rows the same chance for both classes, and its format."""
    far = (np.abs(ROWS[:, 0]) > 0.5).astype(int) * np.sign(ROWS[:, 0])
    target = np.where(far == 0, EVEN, (far > 0).astype(int))
    if library == "lightgbm":
        import lightgbm

        data = lightgbm.Dataset(ROWS, target)
        settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 3}
        text = lightgbm.train(settings, data, 1).model_to_string()
        lines = text.splitlines()
        at = next(number for number, line in enumerate(lines) if line.startswith("leaf_value="))
        first, second, *_ = lines[at].removeprefix("leaf_value=").split()
        lines[at] = f"leaf_value={first} {second} 1e-9"
        path.write_text("\n".join(lines))
    else:
        import json

        import xgboost

        objective = {"objective": "binary:hinge" if library == "hinge" else "binary:logistic"}
        settings = {**objective, "base_score": 0.5, "max_depth": 2, "nthread": 1}
        xgboost.train(settings, xgboost.DMatrix(ROWS, target), 1).save_model(path)
        learner = json.loads(path.read_text())
        tree = learner["learner"]["gradient_booster"]["model"]["trees"][0]
        leaves = [at for at, child in enumerate(tree["left_children"]) if child < 0]
        tree["split_conditions"][leaves[0]] = 1e-7
        learner["learner"]["learner_model_param"]["base_score"] = (
            "[0E0]" if library == "hinge" else "[5E-1]"
        )
        path.write_text(json.dumps(learner))
    return path


@pytest.mark.parametrize(
    ("library", "format"),
    [("xgboost", "xgboost"), ("hinge", "xgboost"), ("lightgbm", "lightgbm")],
)
def test_ties_of_boosters_give_way_and_are_told(bench, tmp_path, library, format):
    path = undecided(library, tmp_path / ("m.txt" if format == "lightgbm" else "m.json"))
    note = bench.carry(f"{format}-to-onnx", path)
    (remark,) = note.report["remarks"]
    assert "gave way to others" in remark


def test_nothing_is_told_where_no_row_gave_way(bench, tmp_path):
    import skops.io
    from sklearn.linear_model import LogisticRegression

    skops.io.dump(LogisticRegression().fit(ROWS, ROWS[:, 0] > 0), tmp_path / "m.skops")
    _, output = bench.convert("skops-to-onnx", tmp_path / "m.skops")
    note = bench.verify((tmp_path / "m.skops", "skops"), (output, "onnx"))
    assert isinstance(note, AgreedNote)
    assert note.report["remarks"] == []


def test_a_row_in_place_of_a_tied_one_is_one_of_the_decided():
    def run(rows):
        second = rows["input"][:, 0]
        return {"probabilities": np.stack([1 - second, second], 1)}

    decided = Decided(dict, gaps_of(run))
    assert decided.remark() is None
    rows = decided({"input": np.array([[0.5], [0.2], [0.5 + TIE / 4], [0.9]], np.float32)})
    assert rows["input"][:, 0].tolist() == pytest.approx([0.2, 0.2, 0.2, 0.9])
    assert "2 rows" in decided.remark()
