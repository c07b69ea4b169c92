"""Engines: loaded, and run on the GPU with PyTorch's tensors.

Asks the library for as little as it can: what the manifest says is not asked again. Sources:
NVIDIA, "TensorRT Python API", IExecutionContext and IOutputAllocator.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from shared.domain.engines import ENGINE_FILE, Manifest
from shared.domain.errors import DeviceMemoryExceeded, InvalidModel, LibraryMissing
from workers.tensorrt_bridge.library import Library, short
from workers.tensorrt_bridge.log import Said, listener


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine with a context to run it in. The rest keeps their memory alive."""

    manifest: Manifest
    trt: Any
    context: Any
    engine: Any
    runtime: Any
    log: Any

    def bind(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        """Copy the inputs to where the engine reads them; keep the answer until it has run.

        Arrays are cast to the dtypes that the engine takes.

        Raises:
            ValueError: a shape lies outside of the profile.
        """
        held = {}
        for tensor in self.manifest.inputs:
            array = inputs[tensor.name]
            of_shape = tensor.name in self.manifest.values and self._on_host(tensor.name)
            held[tensor.name] = _placed(array, tensor.dtype, on_host=of_shape)
            self._shape(tensor.name, array.shape)
            self.context.set_tensor_address(tensor.name, held[tensor.name].data_ptr())
        return held

    def outputs(self) -> "Outputs":
        """Room for what it gives at the shapes that were bound."""
        return Outputs(self)

    def start(self, stream: Any) -> None:
        """Queue one run on a CUDA stream of PyTorch's.

        Raises:
            RuntimeError: the engine does not start.
        """
        if not self.context.execute_async_v3(stream.cuda_stream):
            message = "the engine does not start with these inputs"
            raise RuntimeError(message)

    def _shape(self, name: str, shape: tuple[int, ...]) -> None:
        if not self.context.set_input_shape(name, shape):
            message = f"the engine takes no input {name!r} of the shape {list(shape)}"
            raise ValueError(message)

    def _on_host(self, name: str) -> bool:
        return bool(self.engine.get_tensor_location(name) == self.trt.TensorLocation.HOST)


class Outputs:
    """The tensors that an engine writes to, by name.

    One whose size is known only afterwards gets its memory when the engine asks for it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._fixed: dict[str, Any] = {}
        self._late: dict[str, Any] = {}
        for tensor in engine.manifest.outputs:
            shape = tuple(engine.context.get_tensor_shape(tensor.name))
            if -1 in shape:
                self._late[tensor.name] = _allocator(engine.trt)
                engine.context.set_output_allocator(tensor.name, self._late[tensor.name])
            else:
                room = _empty(shape, tensor.dtype)
                self._fixed[tensor.name] = room
                engine.context.set_tensor_address(tensor.name, room.data_ptr())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What was written, once the stream has been waited for."""
        return {
            tensor.name: _array(self._tensor(tensor.name, tensor.dtype), tensor.dtype)
            for tensor in self._engine.manifest.outputs
        }

    def _tensor(self, name: str, dtype: str) -> Any:
        if name in self._fixed:
            return self._fixed[name]
        late = self._late[name]
        return late.tensor(_torch_dtype(dtype))


@contextmanager
def loaded(library: Library, folder: Path, manifest: Manifest) -> Iterator[Engine]:
    """Load an engine onto the GPU for the length of the block.

    Raises:
        LibraryMissing: there is no GPU, PyTorch has no CUDA, or the engine is of another version.
        InvalidModel: the library does not load the engine; it says why.
        DeviceMemoryExceeded: it does not fit into the GPU's memory.
    """
    _insist_on_cuda(library)
    trt = library.module
    said = Said()
    log = listener(trt, said)
    runtime = trt.Runtime(log)
    if manifest.version_compatible:
        runtime.engine_host_code_allowed = True
    engine = runtime.deserialize_cuda_engine((folder / ENGINE_FILE).read_bytes())
    context = engine.create_execution_context() if engine is not None else None
    if context is None and manifest.library != library.version:
        raise LibraryMissing(
            f"{library.title} does not load the engine, which {short(manifest.library)} built."
            " Another worker may have that version; else build the engine anew."
        )
    if context is None:
        raise _unloaded(library, manifest, said)
    yield Engine(manifest, trt, context, engine, runtime, log)


def run(engine: Engine, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """One run, waited for.

    Raises:
        ValueError: a shape lies outside of the profile.
        RuntimeError: the engine does not start, or fails.
    """
    import torch

    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        held = engine.bind(inputs)
        outputs = engine.outputs()
        engine.start(stream)
        stream.synchronize()
        del held
        return outputs.arrays()


def _insist_on_cuda(library: Library) -> None:
    import torch

    if not torch.cuda.is_available():
        why = "has no CUDA" if torch.version.cuda is None else "sees no GPU"
        raise LibraryMissing(
            f"An engine of {library.title} runs on a GPU, and this worker's PyTorch"
            f" {torch.__version__} {why}. Install PyTorch with CUDA on a machine with an NVIDIA"
            " driver."
        )


def _unloaded(
    library: Library, manifest: Manifest, said: Said
) -> InvalidModel | DeviceMemoryExceeded:
    why = said.errors[-1] if said.errors else "it does not say why"
    if any("out of memory" in each.lower() for each in said.errors):
        return DeviceMemoryExceeded(
            f"The engine of {manifest.size} bytes does not fit into the GPU's memory: {why}"
        )
    return InvalidModel(
        f"{library.title} does not load the engine, which {short(manifest.library)} built: {why}"
    )


def _placed(array: NDArray[Any], dtype: str, *, on_host: bool) -> Any:
    """A tensor of the array's data; an empty one has an address, too."""
    import numpy as np
    import torch

    plain = np.ascontiguousarray(array)
    if dtype == "bfloat16":
        import ml_dtypes

        bits = plain.astype(ml_dtypes.bfloat16).view(np.int16)
        tensor = torch.from_numpy(bits.copy()).view(torch.bfloat16)
    else:
        tensor = torch.from_numpy(plain.astype(dtype, copy=True))
    if tensor.numel() == 0:
        tensor = torch.zeros(1, dtype=tensor.dtype)
    return tensor if on_host else tensor.cuda()


def _empty(shape: tuple[int, ...], dtype: str) -> Any:
    """Room on the GPU. TensorRT wants an address even for nothing."""
    import torch

    size = 1
    for length in shape:
        size *= length
    room = torch.empty(max(size, 1), dtype=_torch_dtype(dtype), device="cuda")
    return room[:size].reshape(shape) if size else room[:0].reshape(shape)


def _array(tensor: Any, dtype: str) -> NDArray[Any]:
    import torch

    plain = tensor.cpu()
    if dtype == "bfloat16":
        import ml_dtypes

        halves: NDArray[Any] = plain.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
        return halves.copy()
    array: NDArray[Any] = plain.numpy()
    return array.copy()


def _torch_dtype(name: str) -> Any:
    import torch

    return getattr(torch, name)


def _allocator(trt: Any) -> Any:
    """Gives an output its memory when its size is known. Keep it until the run is over."""
    import torch

    class Allocator(trt.IOutputAllocator):  # type: ignore[misc]  # an untyped base
        def __init__(self) -> None:
            trt.IOutputAllocator.__init__(self)
            self.shape: tuple[int, ...] = ()
            self.memory = torch.empty(1, dtype=torch.uint8, device="cuda")

        def reallocate_output(
            self,
            tensor_name: str,  # noqa: ARG002 - one allocator, one output
            memory: int,  # noqa: ARG002 - what there was is let go
            size: int,
            alignment: int,  # noqa: ARG002 - PyTorch's own is 512 bytes, more than is asked
        ) -> int:
            if self.memory.numel() < size:
                self.memory = torch.empty(size, dtype=torch.uint8, device="cuda")
            return int(self.memory.data_ptr())

        def reallocate_output_async(
            self,
            tensor_name: str,
            memory: int,
            size: int,
            alignment: int,
            stream: int,  # noqa: ARG002 - all runs are on the current stream
        ) -> int:
            return self.reallocate_output(tensor_name, memory, size, alignment)

        def notify_shape(self, tensor_name: str, shape: Any) -> None:  # noqa: ARG002 - as above
            self.shape = tuple(shape)

        def tensor(self, dtype: Any) -> Any:
            size = 1
            for length in self.shape:
                size *= length
            there = self.memory[: size * dtype.itemsize]
            return there.view(dtype).reshape(self.shape)

    return Allocator()
