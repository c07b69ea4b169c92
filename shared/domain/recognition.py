"""Recognition: which format a file has, by its bytes and never by its name."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Final

from pydantic import ValidationError

from shared.domain import folders, hdf5, pickles, tables, tars
from shared.domain.engines import ENGINE_FILE, MANIFEST_FILE, Manifest
from shared.domain.entries import check_tree, check_unique, is_foreign
from shared.domain.errors import (
    AmbiguousFormat,
    BadUpload,
    EmptyFile,
    PickledModule,
    TruncatedFile,
    UnknownFormat,
)
from shared.domain.formats import (
    FORMATS,
    FROZEN_GRAPH,
    HUGGINGFACE,
    KERAS,
    KERAS_H5,
    KERAS_WEIGHTS,
    ONNX,
    OPENVINO,
    ORT,
    PT2,
    PYTORCH,
    SAFETENSORS,
    SAVEDMODEL,
    STATE_DICT,
    TF_CHECKPOINT,
    TFLITE,
    TORCHSCRIPT,
    TRITON,
    Format,
)
from shared.domain.protobufs import Message, outermost
from shared.domain.zips import EMPTY, LOCAL, Zip

ACCEPTED: Final = (
    "Accepted are Keras .keras and .h5, a TensorFlow SavedModel (zip or tar.gz of its folder),"
    " a TensorFlow frozen graph (.pb), TensorFlow Lite (.tflite),"
    " PyTorch .pt2 (torch.export), TorchScript, weights alone (a state_dict, safetensors, Keras's"
    " .weights.h5, a zip or tar.gz of a TensorFlow checkpoint or of safetensors in shards),"
    " and ONNX (one file, or a zip of it with its external data). So is a zip or tar.gz of a"
    " Hugging Face model folder (config.json and safetensors) or of a PyTorch source package"
    " (model.py and its weights). Of scikit-learn a skops file, XGBoost's JSON or UBJ and"
    " LightGBM's text. What this service delivers is accepted, too: ONNX Runtime's"
    " .ort, and zips of an OpenVINO IR (.xml and .bin), of a TensorRT or TensorRT-RTX engine with"
    " its manifest, and of a Triton model repository."
)
EXPORT: Final = (
    "Export the model where its code is, and send that:"
    " torch.export.save(torch.export.export(model.eval(), (example_input,)), 'model.pt2')."
)
UNPACKED: Final = 64 << 30  # bytes that an archive may claim to unpack to

_MAGICS: Final = (LOCAL, hdf5.MAGIC, pickles.TORCH_LEGACY)
_HEAD: Final = 16
_WEIGHTS_HEAD_MAX: Final = 100 << 20  # bytes, as the safetensors library has it
_FLAT: Final = {b"TFL3": TFLITE, b"ORTM": ORT}
"""What a flatbuffer says of itself, behind its first four bytes."""

_ARCHITECTURE: Final = b"model_config"
"""The attribute that a Keras file keeps its model's architecture in, where it has one."""

_COREML: Final = "Data/com.apple.CoreML/"
_SHARDS_INDEX: Final = ".safetensors.index.json"
_PICKLE_MAX: Final = 64 << 20
_MANIFEST_MAX: Final = 16 << 20
_FORMAT_NAME_MAX: Final = 64
_PROTOCOL_0: Final = (b"ccopy_reg\n", b"c__main__\n", b"ctorch")

Found = dict[Format, tuple[str, ...]]
"""The formats that a file can be read as, and the members that say so."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """`notes` are sentences for the uploader: nothing is wrong, but something is odd."""

    format: Format
    notes: tuple[str, ...] = ()


def known_format(name: str) -> Format:
    """The format of that name, as an uploader says it.

    Raises:
        UnknownFormat: there is none.
    """
    if name not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        raise UnknownFormat(
            f"There is no format {name[:_FORMAT_NAME_MAX]!r}. Known formats: {known}.",
            field="format",
        )
    return FORMATS[name]


def recognise(
    reader: BinaryIO, *, said: str | None, name: str, limit: int = UNPACKED
) -> Recognised:
    """Tell a model's format. Nothing is unpickled, parsed deeply or run.

    Args:
        reader: seekable; the whole file.
        said: the format's name as the uploader gave it; chooses where there are several.
        name: the file's name, for the notes only.
        limit: bytes that an archive may claim to unpack to.

    Raises:
        BadUpload: one of its kinds; the sentence says what to send instead.
    """
    choice = None if said is None else known_format(said)
    found = _found(reader, limit)
    if choice is None:
        if len(found) > 1:
            raise AmbiguousFormat(_several(found), field="format")
        (choice,) = found
    elif choice not in found:
        read_as = " or ".join(each.title for each in found)
        raise BadUpload(
            f"The file was said to be {choice.title}, but its bytes are those of {read_as}."
            f" Leave `format` out, or send the other file.",
            field="format",
        )
    if len(found[choice]) > 1:
        places = ", ".join(found[choice][:5])
        raise AmbiguousFormat(
            f"The archive holds {len(found[choice])} models ({places}). Send an archive of one."
        )
    return Recognised(choice, _notes(choice, name))


def _found(reader: BinaryIO, limit: int) -> Found:
    """By the first bytes. Those of weights are a length, which may look like any other magic."""
    size = reader.seek(0, os.SEEK_END)
    reader.seek(0)
    head = reader.read(_HEAD)
    reader.seek(0)
    if not size:
        raise EmptyFile("The file is empty. Send the model's file itself.")
    length = _weights_head(head)
    return _by_magic(reader, head, limit) if length is None else _in_weights(length, size)


def _by_magic(reader: BinaryIO, head: bytes, limit: int) -> Found:
    if head.startswith((LOCAL, EMPTY)):
        return _in_zip(Zip(reader, limit))
    if head.startswith(tars.MAGIC):
        return _in_tar(reader, limit)
    if head.startswith(hdf5.MAGIC):
        hdf5.check_whole(reader)
        held = KERAS_H5 if hdf5.mentions(reader, _ARCHITECTURE) else KERAS_WEIGHTS
        return {held: (held.title,)}
    if (told := tables.told(reader) or _FLAT.get(head[4:8])) is not None:
        return {told: (told.title,)}
    if head.startswith((*pickles.PROTOCOLS, *_PROTOCOL_0)):
        return _in_pickle(pickles.scan(reader))
    if any(magic.startswith(head) for magic in _MAGICS):
        raise TruncatedFile("The file ends within its first bytes. Send the whole file again.")
    return _in_protobuf(reader)


def _weights_head(head: bytes) -> int | None:
    """Bytes of the JSON that a safetensors file begins with; None where it is none."""
    length = int.from_bytes(head[:8], "little")
    return length if head[8:9] == b"{" and 1 < length <= _WEIGHTS_HEAD_MAX else None


def _in_weights(length: int, size: int) -> Found:
    if length + 8 > size:
        raise TruncatedFile("The file ends within its list of tensors. Send it again as a whole.")
    return {SAFETENSORS: (SAFETENSORS.title,)}


def _in_zip(archive: Zip) -> Found:
    if served := _repository(archive.files):
        check_tree(archive.entries)
        return {TRITON: served}
    if {ENGINE_FILE, MANIFEST_FILE} <= set(archive.files):
        return _in_engine(archive)
    found = {**_trees(archive.files), **_in_torch_zip(archive), **tables.in_zip(archive)}
    files = set(archive.files)
    if {"config.json", "metadata.json"} <= files and _any(files, "model.weights."):
        found[KERAS] = ("config.json",)
    if found.keys() & {
        SAVEDMODEL,
        ONNX,
        OPENVINO,
        PYTORCH,
        HUGGINGFACE,
        SAFETENSORS,
        TF_CHECKPOINT,
    }:
        check_tree(archive.entries)
    if found:
        return found
    if any(f"/{_COREML}" in f"/{name}" for name in files):
        raise UnknownFormat(f"A Core ML package cannot be a source. {ACCEPTED}")
    if files and all(name.endswith(".npy") for name in files):
        raise UnknownFormat(f"An .npz holds samples, not a model. {ACCEPTED}")
    folders.refuse_halves(archive.files)
    raise UnknownFormat(f"The zip holds no model that is known here. {ACCEPTED}")


def _repository(files: Iterable[str]) -> tuple[str, ...]:
    """The config.pbtxt of a model of a Triton repository that has a version beside it."""
    parts = [name.split("/") for name in files if not is_foreign(name)]
    served = {each[0] for each in parts if each[2:] and each[1].isdigit()}
    named = (each[0] for each in parts if each[1:] == ["config.pbtxt"])
    return tuple(f"{name}/config.pbtxt" for name in named if name in served)[:1]


def _in_engine(archive: Zip) -> Found:
    """Which of the two libraries built an engine is said by its manifest alone."""
    try:
        manifest = Manifest.model_validate_json(archive.read(MANIFEST_FILE, _MANIFEST_MAX))
    except ValidationError as error:
        raise UnknownFormat(
            f"The {MANIFEST_FILE} beside the engine is not one of ours:"
            f" {error.errors()[0]['msg']}. Send the zip as it was delivered."
        ) from error
    return {FORMATS[manifest.format]: (ENGINE_FILE,)}


def _in_tar(reader: BinaryIO, limit: int) -> Found:
    entries = tars.entries(reader, limit)
    check_unique(entries)
    check_tree(entries)
    found = _trees(entry.path for entry in entries if not entry.folder)
    if ONNX in found:
        raise UnknownFormat("ONNX with external data is accepted as a zip, not as a tar.gz.")
    if not found:
        folders.refuse_halves([entry.path for entry in entries])
        raise UnknownFormat(f"The tar.gz holds no model that is known here. {ACCEPTED}")
    return found


def _trees(files: Iterable[str]) -> Found:
    """Formats that are told by the names of files: a SavedModel, an ONNX model with its data, an
    OpenVINO IR, a PyTorch source package."""
    names = [name for name in files if not is_foreign(name)]
    saved = tuple(
        name
        for name in names
        if name.rpartition("/")[2] == "saved_model.pb" and name.count("/") < 2  # noqa: PLR2004 - at the root or one folder down
    )
    onnx = tuple(name for name in names if name.endswith(".onnx"))
    told = ((SAVEDMODEL, saved), (ONNX, onnx), (HUGGINGFACE, folders.configs(names)))
    found = {each: places for each, places in told if places}
    if HUGGINGFACE in found and (code := folders.packages(names)):
        found[PYTORCH] = code
    found = found or _in_pairs(names) or _in_shards(names)
    if not found:
        folders.refuse_pickles(names)
    return found


def _in_pairs(names: Iterable[str]) -> Found:
    """At the root or one folder down: an OpenVINO IR is an .xml and a .bin of one name side by
    side, a PyTorch source package whatever has a model.py."""
    high = {name for name in names if name.count("/") < 2}  # noqa: PLR2004
    pairs = [name for name in high if name.endswith(".xml") and f"{name[:-4]}.bin" in high]
    both = ((OPENVINO, pairs), (PYTORCH, folders.packages(names)))
    return {each: tuple(sorted(places)) for each, places in both if places}


def _in_shards(names: Iterable[str]) -> Found:
    """What is weights alone in several files: a TensorFlow checkpoint, and safetensors."""
    files = set(names)
    indexes = tuple(
        sorted(
            name
            for name in files
            if name.endswith(".index") and _any(files, f"{name.removesuffix('index')}data-")
        )
    )
    if indexes:
        return {TF_CHECKPOINT: indexes}
    listed = tuple(sorted(name for name in files if name.endswith(_SHARDS_INDEX)))
    single = tuple(sorted(name for name in files if name.endswith(".safetensors")))
    places = listed or single
    return {SAFETENSORS: places} if places else {}


def _in_torch_zip(archive: Zip) -> Found:
    """What torch writes: one folder, with `data.pkl` or `archive_format` in it."""
    files = archive.files
    if "serialized_exported_program.json" in files:  # before torch 2.7
        return {PT2: ("serialized_exported_program.json",)}
    for name in files:
        root, _, last = name.partition("/")
        if last == "archive_format" and archive.read(name, _HEAD) == b"pt2":
            if not _any(files, f"{root}/models/"):
                raise UnknownFormat(f"The .pt2 holds compiled code and no program. {EXPORT}")
            return {PT2: (name,)}
        if last == "data.pkl":
            if f"{root}/constants.pkl" in files and _any(files, f"{root}/code/"):
                return {TORCHSCRIPT: (name,)}
            with archive.stream(name, _PICKLE_MAX) as member:
                return _in_pickle(pickles.scan(member))
    return {}


def _in_pickle(pickle: pickles.Pickle | None) -> Found:
    if pickle is None:
        raise UnknownFormat(f"The file starts like a pickle and is none. {ACCEPTED}")
    if pickle.classes:
        raise PickledModule(
            f"The file is a pickle that runs code when it is loaded: it needs {pickle.classes[0]}."
            f" Such files are never opened here. {EXPORT}"
        )
    if not pickle.holds_weights:
        raise UnknownFormat(f"The file is a pickle without any tensor. {ACCEPTED}")
    return {STATE_DICT: (STATE_DICT.title,)}


def _in_protobuf(reader: BinaryIO) -> Found:
    match outermost(reader):
        case Message.ONNX:
            return {ONNX: (ONNX.title,)}
        case Message.GRAPH_DEF:
            return {FROZEN_GRAPH: (FROZEN_GRAPH.title,)}
        case Message.SAVED_MODEL:
            raise UnknownFormat(
                "The file is the saved_model.pb of a SavedModel without its variables."
                " Send a zip or tar.gz of the whole folder."
            )
        case None:
            raise UnknownFormat(f"The file's bytes are of no known format. {ACCEPTED}")


def _any(files: Iterable[str], prefix: str) -> bool:
    return any(name.startswith(prefix) for name in files)


def _several(found: Found) -> str:
    what = " and ".join(f"{each.title} ({places[0]})" for each, places in found.items())
    ways = " or ".join(f"format={each}" for each in found)
    return f"The file can be read as {what}. Say which with {ways}."


def _notes(format: Format, name: str) -> tuple[str, ...]:
    lower = name.lower()
    for other in FORMATS.values():
        if other is not format and lower.endswith(other.suffixes):
            if lower.endswith(format.suffixes):
                return ()
            return (f"The name {name!r} is that of {other.title}, the bytes are {format.title}.",)
    return ()
