"""Settings: the user's options as the builder's configuration."""

from typing import Any, Final

from shared.domain.errors import InvalidOptions
from workers.tensorrt_bridge.library import Library
from workers.tensorrt_bridge.options import EngineOptions, TensorrtOptions

FLAGS: Final = {
    "refittable": "REFIT",
    "weight_stripped": "STRIP_PLAN",
    "version_compatible": "VERSION_COMPATIBLE",
    "tf32": "TF32",
    "sparsity": "SPARSE_WEIGHTS",
}
LEVELS: Final = {"ampere+": "AMPERE_PLUS", "same-compute-capability": "SAME_COMPUTE_CAPABILITY"}
VERBOSITIES: Final = {"none": "NONE", "names": "LAYER_NAMES_ONLY", "detailed": "DETAILED"}


def configure(library: Library, config: Any, options: EngineOptions) -> None:
    """Set what was asked for, and look whether the library has taken it.

    Raises:
        InvalidOptions: this version of the library has no such setting.
    """
    trt = library.module
    for option, name in FLAGS.items():
        _flag(library, config, option, name, wanted=getattr(options, option))
    _set(library, config, "optimization_level", "builder_optimization_level", options)
    if options.max_aux_streams is not None:
        _set(library, config, "max_aux_streams", "max_aux_streams", options)
    if options.workspace is not None:
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, options.workspace)
    config.profiling_verbosity = getattr(trt.ProfilingVerbosity, VERBOSITIES[options.profiling])
    if isinstance(options, TensorrtOptions) and options.hardware != "none":
        level = getattr(trt.HardwareCompatibilityLevel, LEVELS[options.hardware], None)
        if level is None:
            raise _lacking(library, "hardware")
        config.hardware_compatibility_level = level
        if config.hardware_compatibility_level != level:
            raise _lacking(library, "hardware")


def flags_of(library: Library, config: Any) -> tuple[str, ...]:
    """The builder flags that are set, by their TensorRT names."""
    members = library.module.BuilderFlag.__members__
    return tuple(sorted(name for name, flag in members.items() if config.get_flag(flag)))


def _flag(library: Library, config: Any, option: str, name: str, *, wanted: bool) -> None:
    flag = getattr(library.module.BuilderFlag, name, None)
    if flag is None:
        if wanted:
            raise _lacking(library, option)
        return
    if wanted:
        config.set_flag(flag)
    else:
        config.clear_flag(flag)
    if config.get_flag(flag) is not wanted:
        raise _lacking(library, option)


def _set(library: Library, config: Any, option: str, name: str, options: EngineOptions) -> None:
    value = getattr(options, option)
    setattr(config, name, value)
    if getattr(config, name) != value:
        raise _lacking(library, option)


def _lacking(library: Library, option: str) -> InvalidOptions:
    return InvalidOptions(
        f"{library.title} has no setting for {option!r}. Leave the option out.", field=option
    )
