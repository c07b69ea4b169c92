"""Modules of torch.nn without weights, for what stands in an nn.Sequential."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from workers.torch_source.arguments import arguments
from workers.torch_source.functionals import UPSAMPLE
from workers.torch_source.parts import Layer, Setting
from workers.torch_source.values import Op

Form = Callable[[Mapping[str, Any]], Layer | None]


def module_of(op: Op) -> Layer | None:
    """The module that does what the call does; None where there is none."""
    form = FORMS.get(op.key)
    if form is None:
        return None
    return form({name: each.value for name, each in arguments(op).items()})


def _plain(kind: str, *settings: tuple[str, str, Any]) -> Form:
    """Settings by their name, the operator's argument, and the default."""

    def form(given: Mapping[str, Any]) -> Layer | None:
        made = tuple(
            Setting(name, _one(given[argument]), default) for name, argument, default in settings
        )
        return Layer(kind, made)

    return form


def _one(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return value[0] if value and len(set(value)) == 1 else tuple(value)
    return value


def _elu(given: Mapping[str, Any]) -> Layer | None:
    if given["scale"] != 1 or given["input_scale"] != 1:
        return None
    return Layer("ELU", (Setting("alpha", float(given["alpha"]), 1.0),))


def _max_pool(rank: int) -> Form:
    def form(given: Mapping[str, Any]) -> Layer | None:
        kernel = _one(given["kernel_size"])
        stride = _one(given["stride"]) if given["stride"] else kernel
        return Layer(
            f"MaxPool{rank}d",
            (
                Setting("kernel_size", kernel, named=False),
                Setting("stride", stride, kernel),
                Setting("padding", _one(given["padding"]), 0),
                Setting("dilation", _one(given["dilation"]), 1),
                Setting("ceil_mode", given["ceil_mode"], default=False),
            ),
        )

    return form


def _average_pool(rank: int) -> Form:
    def form(given: Mapping[str, Any]) -> Layer | None:
        kernel = _one(given["kernel_size"])
        stride = _one(given["stride"]) if given["stride"] else kernel
        return Layer(
            f"AvgPool{rank}d",
            (
                Setting("kernel_size", kernel, named=False),
                Setting("stride", stride, kernel),
                Setting("padding", _one(given["padding"]), 0),
                Setting("ceil_mode", given["ceil_mode"], default=False),
                Setting("count_include_pad", given["count_include_pad"], default=True),
            ),
        )

    return form


def _adaptive(rank: int) -> Form:
    def form(given: Mapping[str, Any]) -> Layer | None:
        size = Setting("output_size", _one(given["output_size"]), named=False)
        return Layer(f"AdaptiveAvgPool{rank}d", (size,))

    return form


def _upsample(mode: str) -> Form:
    def form(given: Mapping[str, Any]) -> Layer | None:
        if not given.get("scale_factors") or given.get("output_size") is not None:
            return None
        settings = (
            Setting("scale_factor", _one(given["scale_factors"])),
            Setting("mode", mode, "nearest"),
            Setting("align_corners", bool(given.get("align_corners")) or None, None),
        )
        return Layer("Upsample", settings)

    return form


def _flatten(given: Mapping[str, Any]) -> Layer | None:
    settings = (
        Setting("start_dim", given["start_dim"], 1),
        Setting("end_dim", given["end_dim"], -1),
    )
    return Layer("Flatten", settings)


FORMS: Final[Mapping[str, Form]] = {
    "relu": _plain("ReLU"),
    "relu6": _plain("ReLU6"),
    "gelu": _plain("GELU", ("approximate", "approximate", "none")),
    "silu": _plain("SiLU"),
    "mish": _plain("Mish"),
    "sigmoid": _plain("Sigmoid"),
    "tanh": _plain("Tanh"),
    "hardswish": _plain("Hardswish"),
    "hardsigmoid": _plain("Hardsigmoid"),
    "hardtanh": _plain("Hardtanh", ("min_val", "min_val", -1.0), ("max_val", "max_val", 1.0)),
    "leaky_relu": _plain("LeakyReLU", ("negative_slope", "negative_slope", 0.01)),
    "elu": _elu,
    "selu": _plain("SELU"),
    "softplus": _plain("Softplus"),
    "softmax": _plain("Softmax", ("dim", "dim", None)),
    "log_softmax": _plain("LogSoftmax", ("dim", "dim", None)),
    "glu": _plain("GLU", ("dim", "dim", -1)),
    "flatten": _flatten,
    "pixel_shuffle": _plain("PixelShuffle", ("upscale_factor", "upscale_factor", None)),
    **{f"max_pool{rank}d": _max_pool(rank) for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": _average_pool(rank) for rank in (1, 2, 3)},
    **{f"adaptive_avg_pool{rank}d": _adaptive(rank) for rank in (1, 2, 3)},
    **{key: _upsample(mode) for key, mode in UPSAMPLE.items() if key.startswith("upsample")},
}
