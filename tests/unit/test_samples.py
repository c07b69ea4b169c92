"""Making inputs up, and taking those of the user."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import BadSamples, InvalidOptions
from shared.domain.signatures import Signature, Tensor
from workers.runtime import Session
from workers.verification import cases
from workers.verification.dims import batch_names, length_names, lengths, shape_of
from workers.verification.given import given_from
from workers.verification.samples import check_samples, from_samples, generate, mirror


def signature(*tensors):
    return Signature(inputs=tensors, outputs=())


def tensor(name="x", dtype="float32", shape=("batch", 3), upper=None):
    return Tensor(name=name, dtype=dtype, shape=shape, upper=upper)


@pytest.fixture
def saved(tmp_path):
    def save(**arrays):
        np.savez(tmp_path / "s.npz", **arrays)
        return tmp_path / "s.npz"

    return save


@given(st.integers(1, 40), st.integers(2, 60), st.integers(0, 2**32))
def test_integers_stay_below_the_bound_and_hit_both_ends(upper, count, seed):
    case = generate(
        signature(tensor(dtype="int64", shape=(count,), upper=upper)), {}, scale=1, seed=[seed]
    )
    drawn = case.inputs["x"]
    assert drawn.min() == 0
    assert drawn.max() == upper - 1


@pytest.mark.parametrize("scale", [0.1, 1, 4])
def test_floats_have_both_signs_and_the_scale(scale):
    drawn = generate(signature(tensor(shape=(4000,))), {}, scale=scale, seed=[0]).inputs["x"]
    assert drawn.dtype == np.float32
    assert drawn.std() == pytest.approx(scale, rel=0.1)
    assert (drawn < 0).any()
    assert (drawn > 0).any()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "bool", "uint8", "int32"])
def test_every_dtype_is_drawn_as_itself(dtype):
    case = generate(signature(tensor(dtype=dtype)), {"batch": 2}, scale=1, seed=[0])
    assert case.inputs["x"].dtype.name == dtype
    assert case.inputs["x"].shape == (2, 3)


def test_the_seed_decides():
    one, two, other = (
        generate(signature(tensor()), {"batch": 4}, scale=1, seed=[seed]).inputs["x"]
        for seed in (1, 1, 2)
    )
    assert (one == two).all()
    assert (one != other).any()


def test_a_mirror_negates_floats_only():
    both = signature(tensor(), tensor("ids", "int64", upper=9))
    case = generate(both, {"batch": 2}, scale=1, seed=[0])
    seen = mirror(case).inputs
    assert (seen["x"] == -case.inputs["x"]).all()
    assert (seen["ids"] == case.inputs["ids"]).all()


def test_a_string_input_asks_for_samples():
    with pytest.raises(BadSamples, match="send samples"):
        generate(signature(tensor(dtype="string")), {"batch": 1}, scale=1, seed=[0])


def test_one_name_has_one_length():
    both = signature(tensor(shape=("n", "s", 2)), tensor("y", shape=("n", "s")))
    assert (batch_names(both), length_names(both)) == ({"n"}, {"s"})
    assert shape_of(both.inputs[0], {"n": 2, "s": 7}) == (2, 7, 2)
    assert {"s": 16} in list(lengths(both))


def test_first_axes_without_a_name_vary_together_and_others_on_their_own():
    both = signature(tensor(shape=(None, None)), tensor("y", shape=(None, 4)))
    assert len(batch_names(both)) == 1
    assert length_names(both) == {"x axis 1"}


def test_derived_lengths_are_computed():
    derived = tensor(shape=("n", "2*s + 1"))
    assert length_names(signature(derived)) == {"s"}
    assert shape_of(derived, {"n": 1, "s": 4}) == (1, 9)


def test_an_unknown_rank_asks_for_samples():
    with pytest.raises(BadSamples, match="send samples"):
        shape_of(tensor(shape=None), {})


def test_samples_go_in_as_one_batch_where_it_may_vary(saved):
    path = saved(x=np.zeros((5, 3), np.float32))
    assert check_samples(path, signature(tensor())) == 5
    assert [case.shapes for case in from_samples(path, signature(tensor()))] == [{"x": [5, 3]}]


def test_samples_are_cut_into_the_batches_that_the_model_takes(saved):
    path = saved(x=np.zeros((5, 3), np.float32))
    cases = list(from_samples(path, signature(tensor(shape=(2, 3)))))
    assert [case.shapes["x"] for case in cases] == [[2, 3], [2, 3]]


@pytest.mark.parametrize("count", [64, 65, 100])
def test_many_samples_make_one_case_of_the_first(saved, count):
    path = saved(x=np.zeros((count, 3), np.float32))
    assert [case.shapes["x"] for case in from_samples(path, signature(tensor()))] == [[64, 3]]


def test_a_fixed_batch_that_is_larger_than_is_worth_it_is_run_once(saved):
    path = saved(x=np.zeros((300, 3), np.float32))
    cases = from_samples(path, signature(tensor(shape=(100, 3))))
    assert [case.shapes["x"] for case in cases] == [[100, 3]]


def test_inputs_without_a_batch_get_one_sample_at_a_time(saved):
    path = saved(x=np.zeros((3, 7), np.float32))
    cases = list(from_samples(path, signature(tensor(shape=(7,)))))
    assert [case.shapes["x"] for case in cases] == [[7]] * 3


@pytest.mark.parametrize(
    ("arrays", "field", "words"),
    [
        ({"y": np.zeros((1, 3), np.float32)}, "samples.x", "samples hold"),
        ({"x": np.zeros((1, 3))}, "samples.x", "takes float32"),
        ({"x": np.zeros((1, 4), np.float32)}, "samples.x", r"\(batch, 3\)"),
        ({"x": np.zeros((0, 3), np.float32)}, "samples.x", "at least one"),
        ({"x": np.float32(1)}, "samples.x", "at least one"),
    ],
)
def test_what_does_not_fit_is_named(saved, arrays, field, words):
    with pytest.raises(BadSamples, match=words) as caught:
        check_samples(saved(**arrays), signature(tensor()))
    assert caught.value.fault.field == field


def test_arrays_must_count_the_same(saved):
    path = saved(x=np.zeros((2, 3), np.float32), y=np.zeros((3, 3), np.float32))
    with pytest.raises(BadSamples, match="counts samples"):
        check_samples(path, signature(tensor(), tensor("y")))


def test_too_few_samples_for_a_fixed_batch(saved):
    with pytest.raises(BadSamples, match="batches of 4"):
        list(from_samples(saved(x=np.zeros((2, 3), np.float32)), signature(tensor(shape=(4, 3)))))


def test_samples_that_make_up_no_case_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(cases, "from_samples", lambda *_, **__: iter(()))
    nothing = Session(signature(tensor()), dict)
    with pytest.raises(BadSamples, match="no case"):
        cases.reference_runs(nothing, nothing.signature, tmp_path / "s.npz", 0, lambda *_: None)


def test_inputs_are_described_by_the_option_before_the_samples(saved):
    path = saved(x=np.zeros((2, 3), np.float32))
    assert given_from(None, path)["x"].shape == ("batch", 3)
    assert given_from({"x": {"shape": [1, "n"], "dtype": "int64"}}, path)["x"].shape == (1, "n")
    with pytest.raises(InvalidOptions) as caught:
        given_from({"x": {"shap": [1]}}, None)
    assert caught.value.fault.field.startswith("inputs.x")


@given(st.integers(0, 2**32))
def test_an_attention_mask_is_ones_and_then_zeros(seed):
    mask = tensor("attention_mask", "int64", ("batch", 9))
    drawn = generate(signature(mask), {"batch": 4}, scale=1, seed=[seed]).inputs["attention_mask"]
    assert set(np.unique(drawn)) <= {0, 1}
    assert (drawn[:, 0] == 1).all()
    assert (np.diff(drawn, axis=1) <= 0).all()


def test_strings_are_words_and_have_no_sign():
    case = generate(signature(tensor(dtype="object", shape=(50,))), {}, scale=1, seed=[0])
    assert {type(each) for each in case.inputs["x"]} == {str}
    assert (mirror(case).inputs["x"] == case.inputs["x"]).all()


def test_strings_of_the_users_own_are_taken(saved):
    path = saved(x=np.array([["a", "bc", "d"]]))
    assert check_samples(path, signature(tensor(dtype="object"))) == 1
