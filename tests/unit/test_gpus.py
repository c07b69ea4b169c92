"""What a device is called, and which needs it meets."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.adapters.classes import class_of, needs_of
from shared.domain.gpus import ANY, GIB, Gpu, Needs, exactly, rank, words
from shared.domain.offers import Offer, Queue, bells_for

NAMES = st.sampled_from(
    [
        "NVIDIA H100 80GB HBM3",
        "NVIDIA H200",
        "NVIDIA GeForce RTX 4070",
        "NVIDIA GeForce RTX 4070 Ti",
        "NVIDIA GeForce RTX 4070 Ti SUPER",
        "Tesla V100-SXM2-16GB",
        "Quadro RTX 6000",
        "NVIDIA RTX 6000 Ada Generation",
    ]
)
CAPABILITIES = st.builds("{}.{}".format, st.integers(1, 99), st.integers(0, 9))
SIZES = st.integers(1, 300 * GIB)
GPUS = st.builds(
    Gpu,
    uuid=st.uuids().map(lambda each: f"GPU-{each}"),
    name=NAMES,
    compute_capability=CAPABILITIES,
    memory=SIZES,
    driver=st.just("580.65.06"),
)
PARTS = NAMES.flatmap(lambda name: st.sampled_from([name, *name.split()]))
NEEDS = st.builds(
    Needs,
    gpu=st.none() | PARTS | PARTS.map(str.lower),
    compute_capability=st.none() | CAPABILITIES,
    at_least=st.none() | CAPABILITIES,
    memory=st.none() | SIZES,
    exact=st.booleans(),
)


def gpu(name: str = "NVIDIA H100 80GB HBM3", **more: object) -> Gpu:
    given = {"uuid": "GPU-1", "compute_capability": "9.0", "memory": 80 * GIB, "driver": "580.1"}
    return Gpu.model_validate({"name": name} | given | more)


class TestNames:
    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("NVIDIA GeForce RTX 4090", ("nvidia", "geforce", "rtx", "4090")),
            ("Tesla V100-SXM2-16GB", ("tesla", "v100", "sxm2", "16gb")),
            (
                "NVIDIA A100-PCIE-40GB MIG 1g.5gb",
                ("nvidia", "a100", "pcie", "40gb", "mig", "1g.5gb"),
            ),
            ("", ()),
        ],
    )
    def test_in_small_words(self, name: str, said: tuple[str, ...]) -> None:
        assert words(name) == said

    @given(GPUS)
    def test_each_run_of_words_once_and_no_other(self, one: Gpu) -> None:
        said = words(one.name)
        runs = {
            " ".join(said[start:end])
            for start in range(len(said))
            for end in range(start + 1, len(said) + 1)
        }
        assert set(one.names) == runs
        assert one.full_name in runs
        assert len(one.names) == len(said) * (len(said) + 1) // 2

    @given(GPUS, GPUS)
    def test_a_kind_is_the_whole_name_and_the_capability(self, one: Gpu, other: Gpu) -> None:
        alike = one.full_name == other.full_name
        assert (one.kind == other.kind) is (
            alike and one.compute_capability == other.compute_capability
        )

    @given(GPUS)
    def test_a_bell_is_a_plain_name_that_tells_sizes_apart(self, one: Gpu) -> None:
        assert set(one.bell) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
        assert one.bell.startswith("gpu.")
        larger = one.model_copy(update={"memory": one.memory + GIB})
        assert larger.bell != one.bell
        twin = one.model_copy(update={"uuid": "GPU-other", "driver": "1"})
        assert twin.bell == one.bell


class TestRank:
    @given(CAPABILITIES, CAPABILITIES)
    def test_it_orders_as_numbers_do(self, one: str, other: str) -> None:
        pairs = [tuple(map(int, each.split("."))) for each in (one, other)]
        assert (rank(one) < rank(other)) is (pairs[0] < pairs[1])

    def test_twelve_comes_after_eight(self) -> None:
        assert rank("12.0") > rank("8.9") > rank("8.6")

    @pytest.mark.parametrize(
        "text", ["", "9", "9.", "9.00", "09.0", "sm_90", "100.0", "9,0", " 9.0"]
    )
    def test_it_is_written_with_a_dot(self, text: str) -> None:
        with pytest.raises(ValidationError, match="written like"):
            Needs(compute_capability=text)


class TestMet:
    @pytest.mark.parametrize(
        ("needs", "met"),
        [
            ({}, True),
            ({"gpu": "h100"}, True),
            ({"gpu": "H100 80GB"}, True),
            ({"gpu": "h100-80gb"}, True),
            ({"gpu": "H10"}, False),
            ({"gpu": "NVIDIA 80GB"}, False),
            ({"gpu": "***"}, False),
            ({"gpu": "H100", "exact": True}, False),
            ({"gpu": "NVIDIA H100 80GB HBM3", "exact": True}, True),
            ({"compute_capability": "9.0"}, True),
            ({"compute_capability": "8.9"}, False),
            ({"at_least": "9.0"}, True),
            ({"at_least": "8.0"}, True),
            ({"at_least": "10.0"}, False),
            ({"memory": 80 * GIB}, True),
            ({"memory": 80 * GIB + 1}, False),
            ({"gpu": "H100", "memory": 81 * GIB}, False),
        ],
    )
    def test_by_an_h100(self, needs: Mapping[str, object], met: bool) -> None:  # noqa: FBT001 - a parameter of the table
        assert Needs.model_validate(needs).met_by(gpu()) is met

    def test_the_longest_name_that_a_driver_tells_is_its_own(self) -> None:
        """NVML's buffer of a name has 96 bytes, the last of which is NUL."""
        long = gpu("NVIDIA " + "x" * 88)
        assert exactly(long).met_by(long)

    @given(GPUS)
    def test_nothing_asked_is_met_by_all(self, one: Gpu) -> None:
        assert ANY.met_by(one)

    @given(NEEDS, GPUS)
    def test_all_that_is_asked_for_is_asked_together(self, needs: Needs, one: Gpu) -> None:
        each = [
            Needs(gpu=needs.gpu, exact=needs.exact),
            Needs(compute_capability=needs.compute_capability),
            Needs(at_least=needs.at_least),
            Needs(memory=needs.memory),
        ]
        assert needs.met_by(one) is all(part.met_by(one) for part in each)

    @given(NEEDS, GPUS)
    def test_a_larger_device_of_the_kind_will_do_as_well(self, needs: Needs, one: Gpu) -> None:
        larger = one.model_copy(update={"memory": one.memory * 2, "uuid": "GPU-2"})
        assert needs.met_by(larger) or not needs.met_by(one)

    @given(GPUS, GPUS)
    def test_exactly_one_kind(self, one: Gpu, other: Gpu) -> None:
        assert exactly(one).met_by(one)
        assert exactly(one).met_by(other) is (one.kind == other.kind)


class TestWords:
    @pytest.mark.parametrize(
        ("needs", "said"),
        [
            (ANY, "any GPU"),
            (Needs(gpu="H200"), "GPU H200"),
            (
                Needs(compute_capability="8.9", memory=24 * GIB),
                "compute capability 8.9, 24 GiB of GPU memory",
            ),
            (Needs(at_least="8.0"), "compute capability 8.0 or later"),
        ],
    )
    def test_of_needs(self, needs: Needs, said: str) -> None:
        assert str(needs) == said


class TestClasses:
    @given(NEEDS, GPUS)
    def test_a_class_is_read_back_and_means_the_same(self, needs: Needs, one: Gpu) -> None:
        read = needs_of(class_of(needs))
        assert read is not None
        assert class_of(read) == class_of(needs)
        assert read.met_by(one) is needs.met_by(one)

    def test_who_asks_for_the_same_is_in_one_class(self) -> None:
        asked = (Needs(gpu=name) for name in ("H100 80GB", "h100-80gb", " H100  80gb"))
        assert len({class_of(needs) for needs in asked}) == 1
        assert class_of(ANY) == "{}"

    @pytest.mark.parametrize("text", ['{"nvlink":true}', "", "[]", '{"memory":"many"}'])
    def test_what_a_later_version_wrote_is_not_guessed_at(self, text: str) -> None:
        assert needs_of(text) is None


class TestBells:
    @given(NEEDS, st.lists(GPUS, max_size=4))
    def test_of_all_that_would_do(self, needs: Needs, gpus: list[Gpu]) -> None:
        rung = bells_for(Queue.GPU, needs, gpus)
        assert rung == {each.bell for each in gpus if needs.met_by(each)}
        assert bells_for(Queue.CPU, needs, gpus) == {"cpu"}

    @given(st.lists(GPUS, max_size=4), st.integers(1, 8))
    def test_an_offer_listens_for_each_device_that_it_has(
        self, gpus: list[Gpu], slots: int
    ) -> None:
        offer = Offer(
            worker="w",
            host="h",
            queues=(Queue.CPU, Queue.GPU),
            slots=slots,
            memory=1,
            converters=(),
            runtimes=(),
            gpus=tuple(gpus),
        )
        assert sum(offer.bells.values()) == slots + len(gpus)
        assert offer.bells["cpu"] == slots
        alone = offer.model_copy(update={"queues": (Queue.GPU,)})
        assert "cpu" not in alone.bells
        assert bells_for(Queue.GPU, ANY, gpus) == set(alone.bells)
