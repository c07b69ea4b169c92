"""Network: an ONNX file, parsed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel, LibraryMissing
from shared.domain.signatures import Signature, Tensor
from workers.tensorrt_bridge.dtypes import numpy_name
from workers.tensorrt_bridge.faults import refusal
from workers.tensorrt_bridge.gaps import read_gaps
from workers.tensorrt_bridge.library import Library
from workers.tensorrt_bridge.log import Said, listener

SHAPES: Final = {"int32", "int64"}
"""The dtypes of an input that can be a shape."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """A builder, a network and a parser, which keep each other's memory only together."""

    library: Library
    said: Said
    log: Any
    builder: Any
    network: Any
    parser: Any

    @property
    def inputs(self) -> list[Any]:
        return [self.network.get_input(index) for index in range(self.network.num_inputs)]

    @property
    def outputs(self) -> list[Any]:
        return [self.network.get_output(index) for index in range(self.network.num_outputs)]

    def shape_inputs(self) -> set[str]:
        """The inputs whose values are shapes, so that a profile wants their values.

        Where the bindings are of another version than the library, they do not know its
        tensors well enough to ask: then it is every input that could be one. The library passes
        over values for others, and says so when it builds.
        """
        found = {each.name for each in self.inputs if self._is_shape(each)}
        return found - self.said.no_shapes

    def _is_shape(self, tensor: Any) -> bool:
        if self.library.bindings is None:
            return bool(tensor.is_shape_tensor)
        shape = tuple(tensor.shape)
        return numpy_name(tensor.dtype) in SHAPES and len(shape) <= 1 and -1 not in shape


def workshop(library: Library) -> Workshop:
    """An empty network, strongly typed: precision is the graph's.

    Raises:
        LibraryMissing: the library does not start, as TensorRT where there is no GPU.
    """
    trt = library.module
    said = Said()
    log = listener(trt, said)
    flags = trt.NetworkDefinitionCreationFlag
    wanted = 0
    for name in ("EXPLICIT_BATCH", "STRONGLY_TYPED"):
        if hasattr(flags, name):
            wanted |= 1 << int(getattr(flags, name))
    try:
        builder = trt.Builder(log)
        network = builder.create_network(wanted)
        parser = trt.OnnxParser(network, log)
    except (TypeError, RuntimeError) as error:  # pybind's words for a null pointer
        why = said.errors[-1] if said.errors else error
        raise LibraryMissing(f"{library.title} does not start on this worker: {why}") from error
    return Workshop(library, said, log, builder, network, parser)


def parsed(library: Library, path: Path) -> Workshop:
    """The network of an ONNX file; weights in other files are read from beside it.

    Raises:
        InvalidModel: it is no graph.
        UnsupportedOperator: naming the first node that the parser does not take.
    """
    shop = workshop(library)
    if not shop.parser.parse_from_file(str(path)):
        raise refusal(library, read_gaps(shop.parser, path))
    return shop


def signature_of(shop: Workshop, source: Signature) -> Signature:
    """What the network takes and gives; names of lengths are the source's.

    Raises:
        InvalidModel: the number of an input's dimensions is not known. The parser takes it for
            none, and the engine would be another model.
    """
    for each in source.inputs:
        if each.shape is None:
            raise InvalidModel(
                f"The model does not say how many dimensions its input {each.name!r} has, which"
                f" {shop.library.title} must know. Export it with a shape for each input.",
                node=each.name,
            )
    return Signature(
        inputs=tuple(_tensor(each, source.inputs) for each in shop.inputs),
        outputs=tuple(_tensor(each, source.outputs) for each in shop.outputs),
    )


def _tensor(tensor: Any, known: tuple[Tensor, ...]) -> Tensor:
    lengths = tuple(tensor.shape)
    same = next((each for each in known if each.name == tensor.name), None)
    named = same.shape if same and same.shape and len(same.shape) == len(lengths) else None
    shape = tuple(
        length if length >= 0 else (named[axis] if named else None)
        for axis, length in enumerate(lengths)
    )
    return Tensor(
        name=tensor.name,
        dtype=numpy_name(tensor.dtype),
        shape=shape,
        upper=same.upper if same else None,
    )
