"""Config: config.pbtxt of one model, from its signature.

Source: Triton, docs/user_guide/model_configuration.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.domain.errors import InvalidOptions, StepRefused
from shared.domain.signatures import Signature, Tensor
from workers.triton_bridge.batching import batch_size
from workers.triton_bridge.dtypes import triton_type
from workers.triton_bridge.options import TritonOptions
from workers.triton_bridge.protobuf import messages

KINDS: Final = {"auto": "KIND_AUTO", "cpu": "KIND_CPU", "gpu": "KIND_GPU"}


@dataclass(frozen=True, slots=True)
class Backend:
    """What serves a model. `platform` is empty where Triton knows none.

    `most` and `profiles` are an engine's: its largest batch, and how many profiles it has.
    `gpu` says that it runs on nothing else. `parameters` are the backend's own.
    """

    name: str
    platform: str = ""
    most: int | None = None
    profiles: int = 1
    gpu: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)


def configured(signature: Signature, backend: Backend, options: TritonOptions) -> Any:
    """The ModelConfig, without warm-up.

    Args:
        signature: under the names by which the backend knows the tensors.

    Raises:
        InvalidOptions: the options do not fit the model, or each other.
        StepRefused: Triton cannot serve a tensor of that dtype or shape.
    """
    config = messages().ModelConfig(
        name=options.model_name, backend=backend.name, platform=backend.platform
    )
    config.max_batch_size = batch_size(signature, options.max_batch_size, backend.most)
    config.version_policy.specific.versions.append(options.version)
    batched = config.max_batch_size > 0
    for tensor in signature.inputs:
        _describe(config.input.add(), tensor, backend.name, batched=batched)
    for tensor in signature.outputs:
        _describe(config.output.add(), tensor, backend.name, batched=batched)
    _group(config, backend, options)
    _batcher(config, options)
    for name, value in backend.parameters.items():
        config.parameters[name].string_value = value
    return config


def model_dims(tensor: Tensor, *, batched: bool) -> tuple[int, ...]:
    """The dimensions as Triton writes them: -1 where the length varies, the batch left out.

    Raises:
        StepRefused: the rank is unknown, or a dimension is empty.
    """
    if tensor.shape is None:
        raise StepRefused(
            f"The model does not say how many dimensions {tensor.name!r} has, and Triton must be"
            " told. Export it with that shape known.",
            node=tensor.name,
        )
    dims = tuple(each if isinstance(each, int) else -1 for each in tensor.shape)
    if 0 in dims:
        raise StepRefused(
            f"The tensor {tensor.name!r} has an empty dimension ({list(dims)}), which Triton does"
            " not take.",
            node=tensor.name,
        )
    return dims[1:] if batched else dims


def _describe(entry: Any, tensor: Tensor, backend: str, *, batched: bool) -> None:
    """A scalar of a batch is a list of one to clients: Triton takes no empty dims."""
    entry.name = tensor.name
    entry.data_type = messages().DataType.Value(triton_type(tensor.name, tensor.dtype, backend))
    dims = model_dims(tensor, batched=batched)
    entry.dims.extend(dims or (1,))
    if dims:
        return
    if not batched:
        raise StepRefused(
            f"The tensor {tensor.name!r} is a scalar, and Triton takes scalars only of models"
            " that batch. Export the model with at least one dimension there.",
            node=tensor.name,
        )
    entry.reshape.SetInParent()


def _group(config: Any, backend: Backend, options: TritonOptions) -> None:
    kind = options.instance_kind or ("gpu" if backend.gpu or options.instance_gpus else None)
    if backend.gpu and kind == "cpu":
        raise _unfit("instance_kind", "is 'cpu', and an engine runs on a GPU only")
    if options.instance_gpus and kind == "cpu":
        raise _unfit("instance_gpus", "names GPUs, and instance_kind is 'cpu'")
    if any(each < 0 for each in options.instance_gpus):
        raise _unfit("instance_gpus", "has a number below 0")
    if kind is None and options.instance_count is None and backend.profiles == 1:
        return
    group = config.instance_group.add(count=options.instance_count or 1)
    group.kind = messages().ModelInstanceGroup.Kind.Value(KINDS[kind or "auto"])
    group.gpus.extend(sorted(set(options.instance_gpus)))
    if backend.profiles > 1:
        group.profile.extend(str(each) for each in range(backend.profiles))


def _batcher(config: Any, options: TritonOptions) -> None:
    wanted = options.dynamic_batching
    sizes: Sequence[int] = sorted(set(options.preferred_batch_sizes))
    if not wanted:
        if sizes or options.max_queue_delay:
            name = "preferred_batch_sizes" if sizes else "max_queue_delay"
            raise _unfit(name, "is set, and dynamic_batching is off; turn it on")
        return
    if not config.max_batch_size:
        raise _unfit("dynamic_batching", "is on, and the model does not batch")
    if sizes and not 1 <= sizes[0] <= sizes[-1] <= config.max_batch_size:
        raise _unfit(
            "preferred_batch_sizes", f"must lie from 1 to max_batch_size, {config.max_batch_size}"
        )
    config.dynamic_batching.SetInParent()
    config.dynamic_batching.preferred_batch_size.extend(sizes)
    config.dynamic_batching.max_queue_delay_microseconds = options.max_queue_delay


def _unfit(option: str, why: str) -> InvalidOptions:
    return InvalidOptions(f"{option} {why}.", field=f"options.{option}")
