"""Rules: what Triton asks of one model's config.pbtxt before it loads the model.

Source: triton-inference-server/core, src/model_config_utils.cc (ValidateIOShape,
ValidateModelConfig, ValidateInstanceGroup), and docs/user_guide/model_configuration.md.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod
from typing import Any, Final

from shared.domain.errors import InvalidModel
from workers.triton_bridge.names import check_name
from workers.triton_bridge.protobuf import messages

ENSEMBLE: Final = "ensemble"

PLATFORMS: Final = {
    "onnxruntime": {"", "onnxruntime_onnx"},
    "tensorrt": {"", "tensorrt_plan"},
    "tensorflow": {"", "tensorflow_savedmodel", "tensorflow_graphdef"},
    "pytorch": {"", "pytorch_libtorch", "libtorch", "torch_aoti"},
    "python": {""},
}
"""The platforms that go with a backend; any go with one that is not here."""

BACKENDS: Final = {
    platform: backend
    for backend, platforms in PLATFORMS.items()
    for platform in platforms
    if platform
}
"""What Triton takes the backend to be where only the platform is said."""


def check_config(config: Any, folder: str) -> None:
    """Hold one config against the rules.

    Args:
        folder: the name of the folder that it lies in.

    Raises:
        InvalidModel: Triton would refuse it; says what and why.
    """
    check_name(folder)
    if config.name not in {"", folder}:
        raise _wrong(folder, f"is called {config.name!r} in its config.pbtxt")
    for fault in _faults(config):
        raise _wrong(folder, fault)


def backend_of(config: Any) -> str:
    """The backend; empty for an ensemble."""
    return str(config.backend) or BACKENDS.get(str(config.platform), "")


def _faults(config: Any) -> Iterator[str]:
    yield from _ensemble_faults(config) if config.platform == ENSEMBLE else _backend_faults(config)
    if config.max_batch_size < 0:
        yield f"has a max_batch_size of {config.max_batch_size}"
    yield from _tensors_faults("input", config.input, config)
    yield from _tensors_faults("output", config.output, config)
    yield from _batcher_faults(config)
    for group in config.instance_group:
        yield from _group_faults(group, config)
    for each in config.model_warmup:
        yield from _warmup_faults(each, config)
    if any(each < 1 for each in config.version_policy.specific.versions):
        yield "serves a version below 1"


def _backend_faults(config: Any) -> Iterator[str]:
    backend, platform = config.backend, config.platform
    if not backend_of(config):
        yield f"names neither a backend nor a platform that Triton has ({platform!r})"
    if platform not in PLATFORMS.get(backend, {platform}):
        yield f"has backend {backend!r} and platform {platform!r}, which do not go together"


def _tensors_faults(kind: str, tensors: Any, config: Any) -> Iterator[str]:
    if not tensors:
        yield f"describes no {kind}"
    counts = Counter(each.name for each in tensors)
    yield from (f"has two {kind}s called {name!r}" for name, n in counts.items() if n > 1)
    for each in tensors:
        yield from _tensor_faults(each, batched=config.max_batch_size > 0)


def _ensemble_faults(config: Any) -> Iterator[str]:
    if config.backend:
        yield f"is an ensemble and has the backend {config.backend!r}"
    if not config.ensemble_scheduling.step:
        yield "is an ensemble without a step"
    if config.instance_group:
        yield "is an ensemble and has instance groups"
    if config.HasField("dynamic_batching"):
        yield "is an ensemble and has a dynamic batcher"


def _tensor_faults(tensor: Any, *, batched: bool) -> Iterator[str]:
    name = repr(tensor.name)
    if not tensor.name:
        yield "has a tensor without a name"
    if tensor.data_type == messages().TYPE_INVALID:
        yield f"says no data type of {name}"
    if not tensor.dims:
        yield f"says no dims of {name}"
    if any(each < 1 and each != -1 for each in (*tensor.dims, *tensor.reshape.shape)):
        yield f"has a dimension of {name} that is neither -1 nor above 0"
    if not tensor.HasField("reshape"):
        return
    if not tensor.reshape.shape and not batched:
        yield f"makes a scalar of {name} and does not batch"
    if _chunks(tensor.dims) != _chunks(tensor.reshape.shape):
        yield f"reshapes {name} to another number of elements"


def _chunks(dims: Sequence[int]) -> list[int]:
    """The elements between one dimension that varies and the next."""
    cuts = [-1, *(at for at, each in enumerate(dims) if each == -1), len(dims)]
    return [prod(dims[a + 1 : b]) for a, b in pairwise(cuts)]


def _batcher_faults(config: Any) -> Iterator[str]:
    for size in config.dynamic_batching.preferred_batch_size:
        if not 1 <= size <= config.max_batch_size:
            yield f"prefers batches of {size}, and takes up to {config.max_batch_size}"


def _group_faults(group: Any, config: Any) -> Iterator[str]:
    kinds = messages().ModelInstanceGroup
    if group.kind in {kinds.KIND_CPU, kinds.KIND_MODEL} and group.gpus:
        yield "has an instance group that is not on GPUs and names GPUs"
    if backend_of(config) == "tensorrt" and group.kind == kinds.KIND_CPU:
        yield "is an engine with an instance group on the CPU"
    if group.profile and backend_of(config) != "tensorrt":
        yield "has an instance group with a profile and is no engine"


def _warmup_faults(warmup: Any, config: Any) -> Iterator[str]:
    if warmup.batch_size > max(config.max_batch_size, 1):
        yield f"warms up with batches of {warmup.batch_size}, and takes {config.max_batch_size}"
    known = {each.name: each for each in config.input}
    for name, given in warmup.inputs.items():
        if name not in known:
            yield f"warms up an input {name!r} that it does not have"
        elif given.data_type != known[name].data_type:
            yield f"warms up {name!r} with another data type"
        elif not fits(given.dims, known[name].dims) or any(each < 1 for each in given.dims):
            yield f"warms up {name!r} with the dims {list(given.dims)}"
    for name in known.keys() - warmup.inputs.keys():
        yield f"warms up without its input {name!r}"


def fits(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two lists of dims can be of one tensor: -1 is any length."""
    return len(one) == len(other) and all(
        a == b or -1 in {a, b} for a, b in zip(one, other, strict=True)
    )


def _wrong(name: str, fault: str) -> InvalidModel:
    return InvalidModel(f"Triton would not load the model {name!r}: it {fault}.", node=name)
