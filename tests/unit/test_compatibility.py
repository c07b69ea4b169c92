"""Whether an engine runs elsewhere: the rules that NVIDIA documents, and no guesses."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.domain.capabilities import PUBLISHED, capability_of
from shared.domain.compatibility import Compatibility, Described, Location, compatibility
from shared.domain.engines import Manifest
from shared.domain.gpus import GIB, Gpu, rank

H100 = Gpu(
    uuid="GPU-1",
    name="NVIDIA H100 80GB HBM3",
    compute_capability="9.0",
    memory=80 * GIB,
    driver="580.95.05",
)
T4 = Gpu(
    uuid="GPU-2", name="Tesla T4", compute_capability="7.5", memory=15 * GIB, driver="535.183.01"
)


def manifest(**more: Any) -> Manifest:
    told = {
        "format": "tensorrt",
        "digest": "sha256:" + "0" * 64,
        "size": 1 << 20,
        "library": "11.4.0.106",
        "cuda": "13.0",
        "driver": H100.driver,
        "gpu": H100,
        "precision": "fp32",
        "inputs": (),
        "outputs": (),
        "source": "sha256:" + "1" * 64,
    }
    return Manifest.model_validate(told | more)


def rtx(**more: Any) -> Manifest:
    unbuilt = {"format": "tensorrt-rtx", "library": "1.7.1", "gpu": None, "driver": None}
    return manifest(**(unbuilt | more))


def place(gpu: Gpu = H100, library: str | None = "11.4.0.106", **more: Any) -> Location:
    told = gpu.model_dump(exclude={"uuid"})
    beside = {"cuda": more.pop("cuda", None), "library": library}
    return Location(gpu=Described.model_validate(told | more), **beside)


def why_not(found: Compatibility) -> set[str]:
    assert found.runs is False
    return {each.code for each in found.reasons}


def not_known(found: Compatibility) -> set[str]:
    assert found.runs is None
    assert found.reasons == ()
    return {each.code for each in found.unknown}


ADA = {"name": "NVIDIA GeForce RTX 4090", "compute_capability": "8.9", "memory": 24 * GIB}


def test_an_engine_is_tied_to_the_kind_of_gpu_that_built_it() -> None:
    assert compatibility(manifest(), place()).runs is True
    assert why_not(compatibility(manifest(), place(**ADA))) == {"other_gpu"}
    pcie = place(name="NVIDIA H100 PCIe")
    assert why_not(compatibility(manifest(), pcie)) == {"other_gpu"}


@pytest.mark.parametrize("name", ["H100 80GB HBM3", "nvidia h100 80gb hbm3"])
def test_the_makers_name_may_be_left_out(name: str) -> None:
    assert compatibility(manifest(), place(name=name)).runs is True


def test_a_part_of_the_name_may_be_another_gpu() -> None:
    found = compatibility(manifest(), place(name="H100"))
    assert not_known(found) == {"name"}
    assert "NVIDIA H100 80GB HBM3" in found.unknown[0].sentence


@pytest.mark.parametrize(
    ("built", "there", "runs"),
    [
        ("same-compute-capability", "9.0", True),
        ("same-compute-capability", "8.9", False),
        ("same-compute-capability", "10.0", False),
        ("ampere+", "8.0", True),
        ("ampere+", "8.6", True),
        ("ampere+", "12.0", True),
        ("ampere+", "7.5", False),
    ],
)
def test_hardware_compatibility_widens_what_it_runs_on(
    *, built: str, there: str, runs: bool
) -> None:
    found = compatibility(
        manifest(hardware=built), place(name="Another", compute_capability=there)
    )
    assert found.runs is runs
    assert {each.code for each in found.reasons} == (set() if runs else {"compute_capability"})


@pytest.mark.parametrize(
    ("there", "runs"),
    [
        ("7.5", False),
        ("8.0", True),
        ("8.6", True),
        ("8.9", True),
        ("12.0", True),
        ("12.1", True),
        ("9.0", None),
        ("8.7", None),
        ("10.0", None),
    ],
)
def test_an_rtx_engine_runs_where_nvidia_says_so(*, there: str, runs: bool | None) -> None:
    found = compatibility(rtx(), place(library="1.7.1", name="Any", compute_capability=there))
    assert found.runs is runs


def test_a_precision_that_the_gpu_lacks_is_a_reason_of_its_own() -> None:
    turing = place(T4, library="1.7.1", driver="580.0")
    found = why_not(compatibility(rtx(precision="bf16"), turing))
    assert found == {"compute_capability", "precision"}


@pytest.mark.parametrize(
    ("built", "there", "compatible", "runs"),
    [
        ("11.4.0.106", "11.4.0.106", False, True),
        ("11.4.0", "11.4.0.106", False, True),
        ("11.4.0.106", "11.4.1.1", False, False),
        ("11.4.0.106", "11.4.1.1", True, True),
        ("11.4.0.106", "11.3.0.9", True, False),
        ("11.4.0.106", "11.4", False, None),
        ("10.13.0", "11.4.0", True, True),
        ("10.13.0", "11.4.0", False, False),
        ("8.6.1", "10.0.1", True, True),
        ("8.6.1", "11.4.0", True, False),
        ("11.4.0", "12.0.0", True, False),
        ("unheard of", "11.4.0", False, None),
    ],
)
def test_the_version_must_be_the_same_or_a_later_one_of_an_engine_that_allows_it(
    *, built: str, there: str, compatible: bool, runs: bool | None
) -> None:
    engine = manifest(library=built, version_compatible=compatible)
    found = compatibility(engine, place(library=there))
    assert found.runs is runs
    assert {each.code for each in found.reasons} == (
        {"library_version"} if runs is False else set()
    )


def test_rtx_engines_are_of_one_release_whatever_they_say() -> None:
    engine = rtx(version_compatible=True)
    assert why_not(compatibility(engine, place(library="1.8.0", **ADA))) == {"library_version"}


@pytest.mark.parametrize(
    ("built", "there", "driver", "codes"),
    [
        ("13.0", None, "580.65.06", set()),
        ("13.0", None, "575.57", {"driver_too_old"}),
        ("12.9", None, "535.1", set()),
        ("12.9", None, "520.1", {"driver_too_old"}),
        ("12.9", "13.0", "575.57", {"driver_too_old"}),
        ("13.0", "12.9", "580.65", {"cuda_too_old"}),
        ("13.0", "13.1", "580.65", set()),
    ],
)
def test_the_driver_is_as_new_as_cuda_needs(
    built: str, there: str | None, driver: str, codes: set[str]
) -> None:
    found = compatibility(
        rtx(cuda=built), place(library="1.7.1", cuda=there, **(ADA | {"driver": driver}))
    )
    assert {each.code for each in found.reasons} == codes
    assert found.runs is not bool(codes)


def test_weights_that_were_left_out_come_first() -> None:
    assert why_not(compatibility(manifest(weight_stripped=True), place())) == {"needs_refit"}


def test_an_engine_has_to_fit_into_the_memory() -> None:
    large = rtx(size=30 * GIB)
    found = compatibility(large, place(library="1.7.1", **ADA))
    assert why_not(found) == {"memory"}
    assert "30 GiB" in found.reasons[0].sentence


def test_what_is_not_told_is_not_known() -> None:
    bare = Location(gpu=Described(name="Something"))
    assert not_known(compatibility(rtx(), bare)) == {
        "compute_capability",
        "library",
        "driver",
        "memory",
    }
    assert not_known(compatibility(manifest(gpu=None), place())) == {"built_on"}
    assert not_known(compatibility(rtx(cuda=None), place(library="1.7.1", **ADA))) == {"cuda"}
    assert not_known(compatibility(rtx(cuda="99.0"), place(library="1.7.1", **ADA))) == {"driver"}


def test_a_reason_outweighs_what_is_not_known() -> None:
    bare = Location(gpu=Described(name="RTX 2080", compute_capability="7.5"))
    found = compatibility(rtx(), bare)
    assert why_not(found) == {"compute_capability"}
    assert {each.code for each in found.unknown} == {"library", "driver", "memory"}


capabilities = some.sampled_from(sorted(set(PUBLISHED.values())))
versions = some.lists(some.integers(1, 999), min_size=3, max_size=4).map(
    lambda parts: ".".join(map(str, parts))
)
gpus = some.builds(
    Gpu,
    uuid=some.just("GPU"),
    name=some.sampled_from(["NVIDIA H100 80GB HBM3", "Tesla T4", "NVIDIA GeForce RTX 4090"]),
    compute_capability=capabilities,
    memory=some.integers(1, 200 * GIB),
    driver=versions,
)


@some.composite
def built(draw: some.DrawFn) -> Manifest:
    gpu = draw(gpus)
    hardware = ["none", "same-compute-capability"]
    if rank(gpu.compute_capability) >= 80:
        hardware.append("ampere+")  # TensorRT offers it on no older GPU
    return manifest(
        gpu=gpu,
        driver=gpu.driver,
        cuda=draw(some.none() | versions),
        library=draw(versions),
        size=draw(some.integers(1, 300 * GIB)),
        hardware=draw(some.sampled_from(hardware)),
        version_compatible=draw(some.booleans()),
        precision=draw(some.sampled_from(["fp32", "fp16", "bf16", "int8"])),
    )


@given(engine=built(), tells_cuda=some.booleans())
def test_the_gpu_that_built_it_always_runs_it(*, engine: Manifest, tells_cuda: bool) -> None:
    assert engine.gpu is not None
    home = place(engine.gpu, engine.library, cuda=engine.cuda if tells_cuda else None)
    assert compatibility(engine, home) == Compatibility(runs=True)


@given(gpus, gpus, some.sampled_from(["none", "same-compute-capability"]))
def test_two_gpus_run_each_others_engines_or_neither_does(one: Gpu, other: Gpu, tie: str) -> None:
    def crosses(maker: Gpu, user: Gpu) -> bool:
        engine = manifest(gpu=maker, driver=None, cuda=None, hardware=tie, size=1)
        found = compatibility(engine, place(user))
        return not {"other_gpu", "compute_capability"} & {each.code for each in found.reasons}

    assert crosses(one, other) is crosses(other, one)


@given(built() | some.builds(rtx, precision=some.sampled_from(["fp32", "bf16"])), gpus, versions)
def test_every_answer_says_why(engine: Manifest, gpu: Gpu, library: str) -> None:
    found = compatibility(engine, place(gpu, library))
    assert (found.runs is False) == bool(found.reasons)
    assert (found.runs is None) == bool(found.unknown and not found.reasons)
    for each in (*found.reasons, *found.unknown):
        assert each.code.isidentifier()
        assert each.sentence.endswith((".", "it."))


@given(built(), gpus, versions, some.sampled_from(["compute_capability", "memory", "driver"]))
def test_telling_less_never_turns_a_no_into_a_yes(
    engine: Manifest, gpu: Gpu, library: str, kept_back: str
) -> None:
    full = compatibility(engine, place(gpu, library))
    less = compatibility(engine, place(gpu, library, **{kept_back: None}))
    assert less.runs is not True or full.runs is True or kept_back == "compute_capability"


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("NVIDIA H100 80GB HBM3", "9.0"),
        ("H200", "9.0"),
        ("NVIDIA GeForce RTX 4090", "8.9"),
        ("RTX 4070 Ti SUPER", "8.9"),
        ("NVIDIA GeForce RTX 3080 Laptop GPU", "8.6"),
        ("NVIDIA RTX 6000 Ada Generation", "8.9"),
        ("Quadro RTX 6000", "7.5"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "12.0"),
        ("NVIDIA A100-SXM4-80GB", "8.0"),
        ("Tesla T4", "7.5"),
        ("RTX 4000", None),
        ("Radeon RX 7900", None),
        ("…", None),
    ],
)
def test_a_name_tells_the_capability_where_it_is_certain(
    name: str, capability: str | None
) -> None:
    assert capability_of(name) == capability


def test_the_fleets_own_gpus_are_known_by_their_names() -> None:
    odd = H100.model_copy(update={"name": "Prototype X1", "compute_capability": "13.0"})
    assert capability_of("prototype x1", [odd]) == "13.0"
    twin = odd.model_copy(update={"compute_capability": "13.1"})
    assert capability_of("Prototype", [odd, twin]) is None
    assert capability_of("H100", [odd]) == "9.0"
