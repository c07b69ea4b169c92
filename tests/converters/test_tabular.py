"""Models of tables to ONNX: scikit-learn, XGBoost, LightGBM, each run against itself."""

import json

import numpy as np
import pytest

from shared.domain.orders import AgreedNote, DisagreedNote

RNG = np.random.default_rng(7)
ROWS = (RNG.normal(size=(240, 4)) * [1, 10, 100, 0.1] + [0, 5, 50, 1]).astype(np.float32)
SUM = ROWS[:, 0] + ROWS[:, 1] / 10 + ROWS[:, 2] / 100
TWO = (SUM > 1).astype(int)
THREE = np.digitize(SUM, [0.5, 1.5])
HOLES = np.where(RNG.random(ROWS.shape) < 0.1, np.nan, ROWS).astype(np.float32)


def estimators():
    from sklearn.cluster import KMeans
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import PCA
    from sklearn.ensemble import (
        GradientBoostingClassifier,
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        RandomForestClassifier,
        VotingClassifier,
    )
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from sklearn.svm import SVC, LinearSVC
    from sklearn.tree import DecisionTreeClassifier

    mixed = np.empty((240, 3), object)
    mixed[:, 0], mixed[:, 1] = ROWS[:, 0], RNG.choice(["red", "green"], 240)
    mixed[:, 2] = RNG.choice(["u", "v", "w"], 240)
    columns = ColumnTransformer(
        [("n", StandardScaler(), [0]), ("c", OneHotEncoder(handle_unknown="ignore"), [1, 2])]
    )
    words = np.array(["a", "bb", "c"])[THREE]
    scaled = StandardScaler
    both = np.stack([SUM, -SUM], 1)
    votes = [("tree", DecisionTreeClassifier(max_depth=3)), ("line", LogisticRegression())]
    return {
        "tree of holes": DecisionTreeClassifier(max_depth=6).fit(HOLES, THREE),
        "forest of holes": RandomForestClassifier(5, random_state=1).fit(HOLES, TWO),
        "histograms of counts": HistGradientBoostingRegressor(max_iter=5, loss="poisson").fit(
            HOLES, np.exp(ROWS[:, 0])
        ),
        "near neighbours": make_pipeline(
            scaled(), KNeighborsClassifier(4, weights="distance")
        ).fit(ROWS, THREE),
        "neighbours of two": make_pipeline(scaled(), KNeighborsRegressor(3)).fit(ROWS, both),
        "votes": VotingClassifier(votes, voting="soft").fit(ROWS, THREE),
        "linear": LinearRegression().fit(ROWS, SUM),
        "logistic": LogisticRegression(max_iter=500).fit(ROWS, THREE),
        "svc": make_pipeline(scaled(), SVC()).fit(ROWS, TWO),
        "linear svc": make_pipeline(scaled(), LinearSVC()).fit(ROWS, TWO),
        "forest": RandomForestClassifier(20, random_state=1).fit(ROWS, TWO),
        "forest of words": RandomForestClassifier(4, random_state=1).fit(ROWS, words),
        "boosting": GradientBoostingClassifier(n_estimators=5).fit(ROWS, THREE),
        "histograms": HistGradientBoostingClassifier(max_iter=5).fit(HOLES, THREE),
        "neighbours": KNeighborsClassifier().fit(ROWS, THREE),
        "pipeline": make_pipeline(scaled(), PCA(2), LogisticRegression()).fit(ROWS, TWO),
        "columns": make_pipeline(columns, LogisticRegression()).fit(mixed, TWO),
        "k-means": KMeans(3, n_init=1).fit(ROWS),
        "perceptron": make_pipeline(scaled(), MLPClassifier([4], max_iter=40)).fit(ROWS, TWO),
    }


@pytest.fixture(scope="module")
def fitted():
    return estimators()


def saved(model, path):
    import skops.io

    skops.io.dump(model, path)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "linear",
        "logistic",
        "svc",
        "linear svc",
        "forest",
        "forest of words",
        "boosting",
        "histograms",
        "neighbours",
        "pipeline",
        "columns",
        "k-means",
        "perceptron",
        "tree of holes",
        "forest of holes",
        "histograms of counts",
        "near neighbours",
        "neighbours of two",
        "votes",
    ],
)
def test_an_estimator_says_the_same_in_onnx(bench, tmp_path, fitted, name):
    carried = bench.carry("skops-to-onnx", saved(fitted[name], tmp_path / "model.skops"))
    rows = sum(each["elements"] for each in carried.report["outputs"][:1])
    assert rows > 300
    labels = [each for each in carried.report["outputs"] if each["name"] == "label"]
    assert all(each["max_abs"] in {None, 0.0} for each in labels)


def test_columns_of_words_are_inputs_of_their_own(bench, tmp_path, fitted):
    inspected = bench.inspect(saved(fitted["columns"], tmp_path / "m.skops"), "skops").report
    inputs = inspected["signature"]["inputs"]
    assert [(each["name"], each["dtype"]) for each in inputs] == [
        ("column_0", "float32"),
        ("column_1", "object"),
        ("column_2", "object"),
    ]


def test_columns_that_were_named_keep_their_names(bench, tmp_path):
    """A pipeline fitted on a data frame, by what that leaves behind in it."""
    import onnx
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    mixed = np.empty((240, 3), object)
    mixed[:, 0], mixed[:, 1] = ROWS[:, 0], RNG.choice(["red", "green"], 240)
    mixed[:, 2] = ROWS[:, 1]
    parts = [("c", OneHotEncoder(), [1]), ("n", StandardScaler(), [2, 0])]
    model = make_pipeline(ColumnTransformer(parts), LogisticRegression()).fit(mixed, TWO)
    names = ["the age", "colour", "in-come"]
    columns = model.steps[0][1]
    columns.feature_names_in_ = np.array(names, object)
    columns.transformers_ = [
        (name, inner, [names[each] for each in places])
        for name, inner, places in columns.transformers_
    ]
    carried = bench.carry("skops-to-onnx", saved(model, tmp_path / "m.skops"))
    assert carried.report["verified"]
    assert [each.name for each in onnx.load(carried.output).graph.input] == names


def test_rows_lie_where_the_thresholds_are(bench, tmp_path, fitted):
    """Standard normal rows would leave the third feature's branches alone."""
    from workers.runtimes import RUNTIMES

    path = saved(fitted["forest"], tmp_path / "m.skops")
    with RUNTIMES["skops"].open(path, {}) as session:
        drawn = {"input": RNG.standard_normal((200, 4)).astype(np.float32)}
        rows = session.suit(drawn)["input"]
        assert reached(fitted["forest"], rows) > 1.3 * reached(fitted["forest"], drawn["input"])
    assert np.nanstd(rows[:, 2]) > 20


def reached(forest, rows) -> int:
    """How many leaves of all trees the rows end in."""
    return sum(np.unique(leaves).size for leaves in forest.apply(rows).T)


def boosters():
    import xgboost

    def booster(rows, target, **parameters):
        return xgboost.train({"nthread": 1, **parameters}, xgboost.DMatrix(rows, target), 5)

    positive = np.exp(ROWS[:, 0])
    ranker = xgboost.XGBRanker(n_estimators=5).fit(ROWS, THREE, qid=np.repeat(range(12), 20))
    return {
        "binary": booster(HOLES, TWO, objective="binary:logistic"),
        "multiclass": booster(HOLES, THREE, objective="multi:softprob", num_class=3),
        "labels": booster(ROWS, THREE, objective="multi:softmax", num_class=3),
        "regressor": booster(HOLES, SUM),
        "margin": booster(ROWS, TWO, objective="binary:logitraw"),
        "hinge": booster(ROWS, TWO, objective="binary:hinge"),
        "poisson": booster(ROWS, positive, objective="count:poisson"),
        "dart": booster(ROWS, SUM, booster="dart", rate_drop=0.5),
        "two labels": booster(ROWS, np.stack([TWO, 1 - TWO], 1), objective="binary:logistic"),
        "two targets": booster(ROWS, np.stack([SUM, positive], 1)),
        "ranker": ranker.get_booster(),
    }


def test_boosters_of_xgboost_say_the_same_in_onnx(bench, tmp_path):
    for name, booster in boosters().items():
        suffix = "ubj" if name == "multiclass" else "json"
        path = tmp_path / f"{name}.{suffix}"
        booster.save_model(path)
        report = bench.carry("xgboost-to-onnx", path).report
        assert report["verified"], name


def test_training_that_stopped_early_ends_at_its_best(bench, tmp_path):
    import xgboost

    model = xgboost.XGBClassifier(n_estimators=40, early_stopping_rounds=2, learning_rate=1)
    model.fit(ROWS[:120], THREE[:120], eval_set=[(ROWS[120:], THREE[119:239])], verbose=False)
    model.save_model(tmp_path / "m.json")
    carried = bench.carry("xgboost-to-onnx", tmp_path / "m.json")
    assert carried.inspection["operators"]["Tree"] == 3 * (model.best_iteration + 1)
    import onnxruntime

    session = onnxruntime.InferenceSession(carried.output)
    label, chances = session.run(None, {"input": ROWS})
    np.testing.assert_array_equal(label, model.predict(ROWS))
    np.testing.assert_allclose(chances, model.predict_proba(ROWS), atol=1e-6)


def lights():
    import lightgbm

    def light(rows, target, **parameters):
        settings = {"verbose": -1, "num_threads": 1, **parameters}
        return lightgbm.train(settings, lightgbm.Dataset(rows, target), 5)

    positive = np.exp(ROWS[:, 0])
    bagged = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}
    ranker = lightgbm.LGBMRanker(n_estimators=5, verbose=-1, n_jobs=1)
    return {
        "binary": light(ROWS, TWO, objective="binary"),
        "holes": light(HOLES, TWO, objective="binary"),
        "multiclass": light(HOLES, THREE, objective="multiclass", num_class=3),
        "one against all": light(ROWS, THREE, objective="multiclassova", num_class=3),
        "regressor": light(HOLES, SUM, objective="regression"),
        "root": light(ROWS, SUM, objective="regression", reg_sqrt=True),
        "gamma": light(ROWS, positive, objective="gamma"),
        "bagged": light(ROWS, TWO, objective="binary", **bagged),
        "ranker": ranker.fit(ROWS, THREE, group=[20] * 12).booster_,
    }


def test_models_of_lightgbm_say_the_same_in_onnx(bench, tmp_path):
    for name, booster in lights().items():
        path = tmp_path / f"{name}.txt"
        booster.save_model(path)
        report = bench.carry("lightgbm-to-onnx", path).report
        assert report["verified"], name


def test_a_row_on_a_threshold_goes_where_it_went(tmp_path):
    """Thresholds of float64 between two float32 are rounded down, never up."""
    from workers.tabular.forests import rounded_down

    threshold = RNG.normal(size=1000)
    bound = rounded_down(threshold)
    rows = np.concatenate([bound, np.nextafter(bound, np.float32(np.inf))])
    both = np.concatenate([threshold, threshold])
    np.testing.assert_array_equal(rows <= np.concatenate([bound, bound]), rows <= both)


def test_what_lightgbm_takes_for_zero_goes_where_zero_goes(tmp_path):
    import lightgbm
    import onnxruntime

    from workers.tabular.ensemble_graph import graph
    from workers.tabular.lightgbm_text import read

    sides = np.repeat(np.array([-1, 0, 1], np.float32), 100).reshape(-1, 1)
    target = np.repeat([1.0, 5.0, 9.0], 100)
    settings = {"verbose": -1, "num_threads": 1, "learning_rate": 1.0}
    booster = lightgbm.train(settings, lightgbm.Dataset(sides, target), 2)
    booster.save_model(tmp_path / "m.txt")
    near = np.float32(1e-35)
    rows = np.array([0, near, -near, 2 * near, -2 * near, -1, 1, 1e-40, np.nan], np.float32)
    model = graph(read(tmp_path / "m.txt"), opset=18, producer="LightGBM")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (told,) = session.run(None, {"input": rows.reshape(-1, 1)})
    expected = booster.predict(rows.reshape(-1, 1))
    assert np.unique(expected.round(3)).size == 3
    np.testing.assert_allclose(told[:, 0], expected, atol=1e-5)


def test_a_changed_leaf_is_a_disagreement(bench, tmp_path):
    source = tmp_path / "m.json"
    boosters()["regressor"].save_model(source)
    learner = json.loads(source.read_text())
    trees = learner["learner"]["gradient_booster"]["model"]["trees"]
    conditions = trees[0]["split_conditions"]
    leaf = trees[0]["left_children"].index(-1)
    conditions[leaf] += 1.0
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(learner))
    _, output = bench.convert("xgboost-to-onnx", changed)
    assert isinstance(bench.verify((changed, "xgboost"), (output, "onnx")), AgreedNote)
    assert isinstance(bench.verify((source, "xgboost"), (output, "onnx")), DisagreedNote)
