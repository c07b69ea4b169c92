"""Models of tables that cannot be taken: each is refused with what is wrong and what to do."""

import json
import zipfile

import numpy as np
import pytest

RNG = np.random.default_rng(3)
ROWS = RNG.normal(size=(120, 3)).astype(np.float32)
TWO = (ROWS[:, 0] > 0).astype(int)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    import lightgbm
    import skops.io
    import xgboost
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer
    from sklearn.tree import DecisionTreeClassifier

    folder = tmp_path_factory.mktemp("models")
    skops.io.dump(DecisionTreeClassifier().fit(ROWS, TWO), folder / "tree.skops")
    skops.io.dump(LinearRegression(), folder / "unfitted.skops")
    skops.io.dump({"a": [1, 2]}, folder / "dict.skops")
    logarithm = make_pipeline(FunctionTransformer(np.log1p), LinearRegression())
    skops.io.dump(logarithm.fit(np.abs(ROWS), TWO), folder / "function.skops")
    skops.io.dump(xgboost.XGBClassifier(n_estimators=2).fit(ROWS, TWO), folder / "inner.skops")
    matrix = xgboost.DMatrix(ROWS, TWO)
    xgboost.train({}, matrix, 3).save_model(folder / "trees.json")
    xgboost.train({"booster": "gblinear"}, matrix, 3).save_model(folder / "linear.json")
    settings = {"verbose": -1, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(ROWS, TWO), 3)
    booster.save_model(folder / "trees.txt")
    whole = np.abs(np.round(ROWS * 3))
    kinds = lightgbm.Dataset(whole, TWO, categorical_feature=[0])
    few = {**settings, "min_data_per_group": 1, "cat_smooth": 1, "max_cat_to_onehot": 1}
    lightgbm.train(few, kinds, 3).save_model(folder / "kinds.txt")
    lightgbm.train(settings | {"linear_tree": True}, lightgbm.Dataset(ROWS, TWO), 3).save_model(
        folder / "leaves.txt"
    )
    return folder


def changed(path, to, change):
    """The same skops file with another schema."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(to, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, change(name, data))
    return to


def test_a_foreign_type_is_named_and_never_made(bench, tmp_path, folder, refused):
    def foreign(name, data):
        if name != "schema.json":
            return data
        return data.replace(b'"DecisionTreeClassifier"', b'"Popen"').replace(
            b'"sklearn.tree._classes"', b'"subprocess"'
        )

    path = changed(folder / "tree.skops", tmp_path / "m.skops", foreign)
    fault = refused(bench.inspect(path, "skops"), "invalid_model")
    assert "subprocess.Popen" in fault.detail


def test_a_tree_that_leads_nowhere_is_refused_before_it_runs(bench, tmp_path, folder, refused):
    import io

    def broken(name, data):
        if not name.endswith(".npy"):
            return data
        array = np.load(io.BytesIO(data))
        if array.dtype.names is None or "left_child" not in array.dtype.names:
            return data
        array["left_child"][0] = 1 << 40
        buffer = io.BytesIO()
        np.save(buffer, array)
        return buffer.getvalue()

    path = changed(folder / "tree.skops", tmp_path / "m.skops", broken)
    fault = refused(bench.inspect(path, "skops"), "invalid_model")
    assert "child" in fault.detail


@pytest.mark.parametrize(
    ("name", "says"),
    [("unfitted", "not fitted"), ("dict", "dict"), ("inner", "model.json")],
)
def test_what_is_no_fitted_estimator_of_scikit_learn_is_refused(
    bench, folder, refused, name, says
):
    fault = refused(bench.inspect(folder / f"{name}.skops", "skops"), "invalid_model")
    assert says in fault.detail


def test_a_step_that_is_not_covered_is_named(bench, folder, refused):
    note, _ = bench.convert("skops-to-onnx", folder / "function.skops")
    fault = refused(note, "unsupported_operator")
    assert (fault.operator, fault.node) == ("FunctionTransformer", "functiontransformer")


@pytest.mark.parametrize("part", [0.3, 0.7, 0.95])
@pytest.mark.parametrize(
    ("file", "format"),
    [("tree.skops", "skops"), ("trees.json", "xgboost"), ("trees.txt", "lightgbm")],
)
def test_a_file_cut_short_is_refused(bench, tmp_path, folder, refused, *, file, format, part):
    data = (folder / file).read_bytes()
    end = data.index(b"end of trees") if format == "lightgbm" else len(data)
    path = tmp_path / "cut"
    path.write_bytes(data[: int(end * part)])
    fault = refused(bench.inspect(path, format), "invalid_model")
    assert "again" in fault.detail or "whole" in fault.detail or "save_model" in fault.detail


def with_learner(folder, change):
    said = json.loads((folder / "trees.json").read_text())
    change(said["learner"])
    return json.dumps(said)


def first_tree(learner):
    return learner["gradient_booster"]["model"]["trees"][0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda learner: learner.pop("gradient_booster"), "no model"),
        (lambda learner: first_tree(learner)["left_children"].__setitem__(0, 9999), "broken"),
        (lambda learner: first_tree(learner)["left_children"].__setitem__(0, 0), "broken"),
        (lambda learner: first_tree(learner)["split_indices"].__setitem__(0, 77), "broken"),
        (lambda learner: learner["learner_model_param"].update(num_feature="0"), "no features"),
        (lambda learner: first_tree(learner)["split_conditions"].pop(), "no model"),
        (lambda learner: first_tree(learner)["split_indices"].__setitem__(0, 10**30), "no model"),
    ],
)
def test_a_booster_that_is_none_is_refused(bench, tmp_path, folder, refused, *, change, says):
    path = tmp_path / "m.json"
    path.write_text(with_learner(folder, change))
    fault = refused(bench.inspect(path, "xgboost"), "invalid_model")
    assert says in fault.detail


@pytest.mark.parametrize(
    ("file", "format", "operator"),
    [
        ("linear.json", "xgboost", "gblinear"),
        ("kinds.txt", "lightgbm", "categorical split"),
        ("leaves.txt", "lightgbm", "linear_tree"),
    ],
)
def test_what_onnx_trees_cannot_say_is_named(bench, folder, refused, *, file, format, operator):
    fault = refused(bench.inspect(folder / file, format), "unsupported_operator")
    assert fault.operator == operator


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("left_child=", "left_child=99999 "),
        ("num_leaves=", "num_leaves=99999999999999999999"),
        ("split_feature=", "split_feature=44 "),
        ("max_feature_idx=", "max_feature_idx=-1"),
    ],
)
def test_a_text_that_leads_nowhere_is_refused(bench, tmp_path, folder, refused, *, line, other):
    text = (folder / "trees.txt").read_text().splitlines()
    place = next(number for number, each in enumerate(text) if each.startswith(line))
    rest = text[place].partition(" ")[2] if other.endswith(" ") else ""
    text[place] = other + rest
    path = tmp_path / "m.txt"
    path.write_text("\n".join(text))
    refused(bench.inspect(path, "lightgbm"), "invalid_model")
