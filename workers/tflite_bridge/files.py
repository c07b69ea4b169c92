"""Files: a `.tflite` read as the flatbuffer that it is. Nothing of it is run.

Source: tensorflow/compiler/mlir/lite/schema/schema.fbs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel, InvalidOptions

DEFAULT: Final = "serving_default"
FLEX: Final = "Flex"
"""What the names of Select-TF operators begin with."""

DTYPES: Final = {
    "FLOAT32": "float32",
    "FLOAT16": "float16",
    "FLOAT64": "float64",
    "BFLOAT16": "bfloat16",
    "INT8": "int8",
    "INT16": "int16",
    "INT32": "int32",
    "INT64": "int64",
    "UINT8": "uint8",
    "UINT16": "uint16",
    "UINT32": "uint32",
    "UINT64": "uint64",
    "BOOL": "bool",
    "COMPLEX64": "complex64",
    "COMPLEX128": "complex128",
    "STRING": "object",
}


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of a subgraph. A length of None may vary; `buffer` is the weights' number."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    buffer: int


@dataclass(frozen=True, slots=True)
class Node:
    """One operator: a builtin's name in capitals, or that of a custom one as it is written."""

    operator: str
    custom: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Subgraph:
    """`inputs` and `outputs` index `values`."""

    values: tuple[Value, ...]
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What can be called: the tensors of `subgraph` that go in and come out, by name.

    `key` is the signature's name, or None where the file has none: its main graph.
    """

    key: str | None
    subgraph: int
    inputs: dict[str, int]
    outputs: dict[str, int]


@dataclass(frozen=True, slots=True)
class Lite:
    """A whole file. `sizes` are the bytes of each buffer."""

    subgraphs: tuple[Subgraph, ...]
    entries: tuple[Entry, ...]
    sizes: tuple[int, ...]
    version: int
    description: str

    def entry(self, wanted: str | None) -> Entry:
        """The signature of that name; the default or only one, or the main graph, for None.

        Raises:
            InvalidOptions: there is none of that name, or several to choose from.
        """
        named = {each.key: each for each in self.entries}
        if wanted is None and (DEFAULT in named or len(named) == 1):
            return named.get(DEFAULT) or self.entries[0]
        if wanted is not None and wanted in named:
            return named[wanted]
        known = ", ".join(repr(key) for key in sorted(filter(None, named))) or "none"
        missing = f"has no signature {wanted!r}" if wanted else f"has no {DEFAULT!r}"
        raise InvalidOptions(
            f"The TensorFlow Lite model {missing}. Its signatures: {known}.", field="signature"
        )

    @property
    def nodes(self) -> Iterator[Node]:
        """Those of all subgraphs."""
        for each in self.subgraphs:
            yield from each.nodes


def read(path: Path) -> Lite:
    """Parse a file.

    Raises:
        InvalidModel: it is cut short or damaged, or holds no graph.
    """
    return parse(path.read_bytes())


def parse(content: bytes) -> Lite:
    """As `read`, of a file's content."""
    from ai_edge_litert import schema_py_generated as schema

    try:
        model = schema.Model.GetRootAs(content)
        operators = [_operator(model.OperatorCodes(i)) for i in range(model.OperatorCodesLength())]
        subgraphs = tuple(
            _subgraph(model.Subgraphs(i), operators) for i in range(model.SubgraphsLength())
        )
        lite = Lite(
            subgraphs=subgraphs,
            entries=tuple(_entries(model, subgraphs)),
            sizes=tuple(
                _size(model.Buffers(i), len(content)) for i in range(model.BuffersLength())
            ),
            version=model.Version(),
            description=(model.Description() or b"").decode("utf-8", "replace"),
        )
    except Exception as error:  # flatbuffers are read blindly: any offset may lead anywhere
        raise InvalidModel(
            "The file cannot be read as TensorFlow Lite: it is cut short or damaged. Upload it"
            " again."
        ) from error
    if not subgraphs or not lite.entries[0].outputs:
        raise InvalidModel("The TensorFlow Lite file holds no graph with an output.")
    return lite


def _operator(code: Any) -> tuple[str, bool]:
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = _names("BuiltinOperator").get(number, f"BUILTIN_{number}")
    if name == "CUSTOM":
        return (code.CustomCode() or b"custom").decode("utf-8", "replace"), True
    return name, False


def _subgraph(graph: Any, operators: list[tuple[str, bool]]) -> Subgraph:
    values = tuple(_value(graph.Tensors(i)) for i in range(graph.TensorsLength()))
    nodes = tuple(_node(graph.Operators(i), operators) for i in range(graph.OperatorsLength()))
    inputs = tuple(graph.Inputs(i) for i in range(graph.InputsLength()))
    outputs = tuple(graph.Outputs(i) for i in range(graph.OutputsLength()))
    for index in (*inputs, *outputs):
        _ = values[index]
    return Subgraph(values, nodes, inputs, outputs)


def _value(tensor: Any) -> Value:
    lengths = [tensor.Shape(i) for i in range(tensor.ShapeLength())]
    if tensor.ShapeSignatureLength() == len(lengths):
        lengths = [tensor.ShapeSignature(i) for i in range(len(lengths))]
    kind = _names("TensorType").get(tensor.Type(), f"TYPE_{tensor.Type()}")
    return Value(
        name=(tensor.Name() or b"").decode("utf-8", "replace"),
        dtype=DTYPES.get(kind, kind.lower()),
        shape=tuple(None if length < 0 else length for length in lengths),
        buffer=tensor.Buffer(),
    )


def _node(operator: Any, operators: list[tuple[str, bool]]) -> Node:
    name, custom = operators[operator.OpcodeIndex()]
    return Node(
        operator=name,
        custom=custom,
        inputs=tuple(operator.Inputs(i) for i in range(operator.InputsLength())),
        outputs=tuple(operator.Outputs(i) for i in range(operator.OutputsLength())),
    )


def _entries(model: Any, subgraphs: tuple[Subgraph, ...]) -> Iterator[Entry]:
    for number in range(model.SignatureDefsLength()):
        told = model.SignatureDefs(number)
        yield Entry(
            key=told.SignatureKey().decode(),
            subgraph=told.SubgraphIndex(),
            inputs=_named(told.Inputs, told.InputsLength()),
            outputs=_named(told.Outputs, told.OutputsLength()),
        )
    if not model.SignatureDefsLength() and subgraphs:
        main = subgraphs[0]
        yield Entry(
            key=None,
            subgraph=0,
            inputs={main.values[i].name: i for i in main.inputs},
            outputs={main.values[i].name: i for i in main.outputs},
        )


def _named(at: Any, count: int) -> dict[str, int]:
    return {at(i).Name().decode(): at(i).TensorIndex() for i in range(count)}


def _size(buffer: Any, end: int) -> int:
    """Large files keep their weights behind the flatbuffer, where `Offset` says.

    Raises:
        ValueError: the file ends before the buffer does.
    """
    if buffer.DataLength():
        return len(buffer.DataAsNumpy())
    if buffer.Offset() + buffer.Size() > end:
        raise ValueError("a buffer ends behind the file")
    return int(buffer.Size())


@cache
def _names(enum: str) -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    return {
        number: name
        for name, number in vars(getattr(schema, enum)).items()
        if isinstance(number, int)
    }
