"""The fork server: it has imported the frameworks, has executed nothing, and forks children.

Started by the worker as `python -m workers.warm ENTRY MODULE…` with a clean environment and a
socket as its standard input. Each message on it is a request, with three descriptors: the
child's lifeline, its log and its notes. It never answers: a child speaks for itself. It ends
when the worker closes the socket, or dies.

Import only, never execute: a fork of a process that has run even one conversion hangs.
"""

import gc
import json
import os
import signal
import socket
import sys
import traceback
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from workers.birth import Request
from workers.keeper import keep
from workers.kernel import die_with

PRELOAD: Final = (
    "numpy",
    "h5py",
    "networkx",
    "torch",
    "torch._dynamo",
    "torch._export.serde.serialize",
    "torch._inductor.compiler_bisector",
    "torch._inductor.fx_passes.joint_graph",
    "torch._subclasses.schema_check_mode",
    "torch.export._trace",
    "torch.onnx._internal.exporter._compat",
    "torch.onnx._internal.exporter._torchlib.ops",
    "onnx",
    "onnxscript",
    "onnxscript.function_libs.torch_lib.ops",
    "onnxscript.rewriter.onnx_fusions",
    "onnxruntime",
    "onnxslim",
    "tensorflow",
    "keras",
    "tf2onnx.tf_loader",
    "tf2onnx.tfonnx",
)
"""What children would import, found by looking at what they did import.

The names below `torch` are what the exporter imports at its first use: with them a small .pt2 is
read in 0.25 s instead of 3.0 s, and exported in 1.9 s instead of 5.5 s (two noisy cores).
"""

MESSAGE_LIMIT: Final = 1 << 16


def main(entry: str, modules: list[str], parent: int) -> None:
    """Preload, then fork a keeper (which forks the child) for each request."""
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker to hear
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no waiting for
    for name in (*modules, entry):
        _preload(name)
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, every page that it shares
    with socket.socket(fileno=0) as orders:
        while True:
            message, descriptors, _, _ = socket.recv_fds(orders, MESSAGE_LIMIT, 3)
            if not message:
                return
            _fork(orders, Request(**json.loads(message)), descriptors, entry)


def _preload(name: str) -> None:
    if find_spec(name.partition(".")[0]) is None:
        return  # then no converter that needs it is offered either
    try:
        import_module(name)
    except Exception:  # noqa: BLE001 - the steps that need it will say so, the others can run
        traceback.print_exc()


def _fork(orders: socket.socket, request: Request, descriptors: list[int], entry: str) -> None:
    lifeline, log, notes = descriptors
    if os.fork() == 0:
        orders.close()
        line = socket.socket(fileno=lifeline)
        try:
            keep(request, line, log=log, notes=notes, entry=entry)
        finally:  # keep() does not return: what arrives here is an exception
            traceback.print_exc()
            os._exit(1)
    for each in descriptors:
        os.close(each)


if __name__ == "__main__":
    main(sys.argv[2], sys.argv[3:], int(sys.argv[1]))
