"""TensorFlow checkpoints: by name or by object, of either version, partitioned or not."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from shared.domain.errors import InvalidModel
from workers.weights.dtypes import is_known
from workers.weights.store import Store
from workers.weights.variables import Array, Framework, Variable

GRAPH: Final = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE: Final = "/.ATTRIBUTES/VARIABLE_VALUE"
CONFIG: Final = "/.ATTRIBUTES/OBJECT_CONFIG_JSON"

TRAINING: Final = re.compile(
    r"/\.OPTIMIZER_SLOT/"
    r"|(?:^|/)_?optimizer\w*/(?:_variables/\d+|_?iterations|_?learning_rate|iter|decay|beta_\d"
    r"|momentum|rho|loss_scale\w*)/\."
    r"|(?:^|/)keras_api/metrics/"
    r"|^(?:save_counter|step|global_step)/\."
)
"""Keys of an object-based checkpoint that hold the state of a training run."""

LISTED: Final = re.compile(r"^(?:_all_)?variables/(\d+)/\.")
"""Keys of what Keras exports: the model's variables in its own order."""

STATE: Final = re.compile(r'^model_checkpoint_path: "(.+)"$', re.MULTILINE)

RAISED: Final = (RuntimeError, ValueError, LookupError, TypeError)
"""What TensorFlow's reader turns errors into, by what their sentences say."""

EMPTY: Final = "The checkpoint holds no variables of a model."

VERSION_1: Final = re.compile(r"(.+)-\d{5}-of-\d{5}$")


@dataclass(frozen=True, slots=True)
class Named:
    """A variable of a checkpoint and the keys, one at least, under which its value is kept."""

    variable: Variable
    keys: tuple[str, ...]


def prefix(folder: Path) -> Path:
    """What TensorFlow calls the checkpoint: the path without `.index`; the latest of several.

    Raises:
        InvalidModel: the folder holds none, several of which none is known to be the latest, or
            lacks some of its data files.
    """
    found = sorted({each.with_suffix("") for each in folder.rglob("*.index") if each.is_file()})
    if not found:
        found = sorted(_version_1(folder))
    if not found:
        raise InvalidModel(
            "There is no checkpoint in the folder. Pack its .index and all of its .data files."
        )
    found = [each for each in found if each == _latest(each.parent)] or found
    if len(found) > 1:
        names = ", ".join(each.name for each in found[:5])
        raise InvalidModel(
            f"There are {len(found)} checkpoints in the folder ({names}). Send one."
        )
    _check_shards(found[0])
    return found[0]


@contextmanager
def open_checkpoint(folder: Path) -> Iterator[Store]:
    """The store of the one checkpoint in a folder.

    Raises:
        InvalidModel: it is incomplete or damaged.
    """
    yield store(prefix(folder))


def store(place: Path, empty: str = EMPTY) -> Store:
    """The store of the checkpoint at a prefix.

    Raises:
        InvalidModel: it is incomplete or damaged, or holds no variable, which `empty` explains.
    """
    import numpy as np

    reader = open_reader(place)
    named = variables(reader, empty)
    keys = {each.variable.name: each.keys[0] for each in named}

    def read(name: str) -> Array:
        return np.asarray(reader.value(keys[name]))

    return Store(
        framework=Framework.TENSORFLOW,
        variables={each.variable.name: each.variable for each in named},
        reader=read,
        ordered=all(LISTED.match(each.keys[0]) for each in named),
        notes=_left_out(reader),
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """TensorFlow's reader of the checkpoint at a prefix; what there is by key."""

    place: Path
    inner: Any
    shapes: Mapping[str, list[int]]
    dtypes: Mapping[str, Any]

    def value(self, key: str) -> Any:
        """One tensor: an array, or bytes where it is a string.

        Raises:
            InvalidModel: its data are missing or damaged.
        """
        import tensorflow as tf

        try:
            return self.inner.get_tensor(key)
        except tf.errors.UnimplementedError:
            return self._joined(key)
        except (tf.errors.OpError, *RAISED) as error:
            raise InvalidModel(_refused(key, error), node=key) from error

    def _joined(self, key: str) -> Any:
        """The reader does not join partitions of the first version; the operator does."""
        import tensorflow as tf

        try:
            (tensor,) = tf.raw_ops.RestoreV2(
                prefix=str(self.place),
                tensor_names=[key],
                shape_and_slices=[""],
                dtypes=[self.dtypes[key]],
            )
        except (tf.errors.OpError, *RAISED) as error:
            raise InvalidModel(_refused(key, error), node=key) from error
        return tensor.numpy()


def open_reader(place: Path) -> Reader:
    """The reader of a checkpoint.

    Raises:
        InvalidModel: TensorFlow refuses it.
    """
    import tensorflow as tf

    try:
        inner = tf.train.load_checkpoint(str(place))
    except (tf.errors.OpError, *RAISED) as error:
        raise InvalidModel(_refused(place.name, error)) from error
    return Reader(
        place, inner, inner.get_variable_to_shape_map(), inner.get_variable_to_dtype_map()
    )


def _left_out(reader: Reader) -> tuple[str, ...]:
    found = [
        key
        for key, dtype in sorted(reader.dtypes.items())
        if key != GRAPH and not key.endswith(CONFIG) and not is_known(dtype.name)
    ]
    return (f"Left out, since they hold no numbers: {', '.join(found[:8])}.",) if found else ()


def variables(reader: Reader, empty: str = EMPTY) -> list[Named]:
    """The model's variables: no strings, nothing that is known to belong to the training.

    Raises:
        InvalidModel: there are none.
    """
    found = list(_variables(reader))
    if not found:
        raise InvalidModel(empty)
    return found


def _variables(reader: Reader) -> Iterator[Named]:
    shapes, dtypes = reader.shapes, reader.dtypes

    def made(name: str, keys: tuple[str, ...]) -> Named:
        first = keys[0]
        return Named(Variable(name, tuple(shapes[first]), dtypes[first].name), keys)

    usable = [key for key in sorted(shapes, key=_natural) if is_known(dtypes[key].name)]
    if GRAPH not in shapes:
        yield from (made(key, (key,)) for key in usable)
        return
    for name, keys in _by_object(reader, usable):
        if len(keys) == 1 or _same(reader, keys):
            yield made(name, keys)
        else:
            yield from (made(_path(key), (key,)) for key in keys)


def _by_object(reader: Reader, usable: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names that the objects had, each with its keys; Keras exports a variable twice."""
    from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph

    graph = TrackableObjectGraph.FromString(reader.value(GRAPH))
    full = {
        each.checkpoint_key: each.full_name for node in graph.nodes for each in node.attributes
    }
    slots = {
        attribute.checkpoint_key
        for node in graph.nodes
        for slot in node.slot_variables
        for attribute in graph.nodes[slot.slot_variable_node_id].attributes
    }
    grouped: dict[str, list[str]] = {}
    for key in sorted(usable, key=lambda key: (not key.startswith("variables/"), _natural(key))):
        if not TRAINING.search(key) and key not in slots:
            name = full.get(key) or _path(key)
            grouped.setdefault(name, []).append(key)
    for name, keys in grouped.items():
        yield name, tuple(keys)


def _same(reader: Reader, keys: tuple[str, ...]) -> bool:
    """Whether these are copies of one variable, not several of one name."""
    import numpy as np

    if len({tuple(reader.shapes[key]) for key in keys}) > 1:
        return False
    first = reader.value(keys[0])
    return all(np.array_equal(first, reader.value(key), equal_nan=True) for key in keys[1:])


def _path(key: str) -> str:
    """The attributes that lead to an object. TensorFlow writes a slash in one as `.S`."""
    return re.sub(r"\.([.S])", lambda each: {"S": "/"}.get(each[1], "."), key.removesuffix(VALUE))


def _natural(key: str) -> list[tuple[int, str]]:
    """`variables/10` after `variables/9`."""
    return [(int(each), "") if each.isdigit() else (-1, each) for each in re.split(r"(\d+)", key)]


def _latest(folder: Path) -> Path | None:
    """What the file `checkpoint` names, which a training run keeps beside its checkpoints."""
    try:
        said = STATE.search((folder / "checkpoint").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return folder / PurePosixPath(said[1]).name if said else None


def _version_1(folder: Path) -> set[Path]:
    """The first version has no index: one file, or numbered ones."""
    plain = {each for each in folder.rglob("*") if each.is_file() and _is_table(each)}
    split = {each for each in plain if VERSION_1.match(each.name)}
    return (plain - split) | {
        each.with_name(found[1]) for each in split if (found := VERSION_1.match(each.name))
    }


def _is_table(path: Path) -> bool:
    """Whether it ends as a table of key and value does.

    Source: https://github.com/google/leveldb/blob/main/doc/table_format.md
    """
    with path.open("rb") as file:
        file.seek(0, 2)
        if file.tell() < 8:  # noqa: PLR2004 - the magic number's own length
            return False
        file.seek(-8, 2)
        return file.read() == bytes.fromhex("57fb808b247547db")


def _check_shards(place: Path) -> None:
    """
    Raises:
        InvalidModel: the checkpoint was written as more data files than are here.
    """
    data = [each.name for each in place.parent.glob(f"{place.name}.data-*-of-*")]
    if place.with_name(f"{place.name}.index").is_file() and not data:
        raise InvalidModel(
            f"The data file {place.name}.data-00000-of-00001 is missing. Pack every file of the"
            " checkpoint."
        )
    for name in data:
        count = int(name.rpartition("-")[2])
        for number in range(count):
            wanted = f"{place.name}.data-{number:05d}-of-{count:05d}"
            if wanted not in data:
                raise InvalidModel(
                    f"The data file {wanted} is missing. Pack every file of the checkpoint.",
                    node=wanted,
                )


def _refused(what: str, error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or ["no reason"]
    return (
        f"TensorFlow cannot read {what!r} of the checkpoint: {lines[0][:300]} Save or copy the"
        " checkpoint again."
    )
