"""A child that misbehaves: which way, its order's action says in `options.trick`."""

import ctypes
import json
import mmap
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

FOREVER = 600


def main(folder: Path, notes: int) -> int:
    order = json.loads((folder / "order.json").read_bytes())
    trick = order["action"]["options"]["trick"]
    globals()[trick](folder, notes)
    return 0


def _result(folder: Path, **note: object) -> None:
    (folder / "result.json").write_text(json.dumps(note))


def _produce(folder: Path) -> None:
    (folder / "output.onnx").write_bytes(b"model")
    _result(folder, kind="produced", report={"largest": float("nan"), "name": "a\0b"})


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def behave(folder, notes):
    os.write(notes, b'{"message": "half way", "progress": 0.5}\n')
    _say("hello")
    sys.stderr.write("no line end")
    _produce(folder)


def tell_environment(folder, notes):
    parts = Path("/proc/self/environ").read_bytes().split(b"\0")
    _say("started with " + " ".join(sorted(part.decode() for part in parts if part)))
    _say("has " + " ".join(sorted(f"{name}={value}" for name, value in os.environ.items())))
    _say("runs", Path.cwd(), oct(os.umask(0)), os.getsid(0) == os.getpid())
    _say("score", Path("/proc/self/oom_score_adj").read_text())
    _produce(folder)


def crash(folder, notes):
    _say("here it comes")
    ctypes.string_at(0)


def leave(folder, notes):
    os._exit(7)


def disagree(folder, notes):
    """Say so, and then end in another way."""
    fault = {"code": "accuracy_mismatch", "band": "yours", "detail": "They differ."}
    _result(folder, kind="disagreed", fault=fault, report={"verified": False})
    options = json.loads((folder / "order.json").read_bytes())["action"]["options"]
    globals()[options["then"]](folder, notes)


def hang(folder, notes):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _say("hanging")
    time.sleep(FOREVER)


def _until_told(folder):
    _say("listening")
    while not (folder / "stop").exists():
        time.sleep(0.01)


def listen(folder, notes):
    _until_told(folder)
    _say("I was told to stop")
    _produce(folder)


def leak_when_told(folder, notes):
    _until_told(folder)
    leak(folder, notes)


def block_the_word(folder, notes):
    """Nobody can write where a folder is."""
    (folder / "stop").mkdir()
    hang(folder, notes)


def lead_astray(folder, notes):
    """The word to stop would be written where this link leads."""
    to = json.loads((folder / "order.json").read_bytes())["action"]["options"]["to"]
    (folder / "stop").symlink_to(to)
    hang(folder, notes)


def reserve(folder, notes):
    """Ask for much, as CUDA does, and use none of it."""
    try:
        asked = mmap.mmap(-1, 1 << 32, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError from error
    with asked:
        _produce(folder)


def breed(folder, notes):
    """Grandchildren in sessions of their own, orphaned, deaf to SIGTERM."""
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if os.fork() == 0:
                os.setsid()
                (folder / f"pid-{os.getpid()}").touch()
                time.sleep(FOREVER)
            os._exit(0)
    while len(list(folder.glob("pid-*"))) < 3:
        time.sleep(0.01)
    _say("bred")
    if json.loads((folder / "order.json").read_bytes())["action"]["options"].get("stay"):
        time.sleep(FOREVER)
    _produce(folder)


def leak(folder, notes):
    kept = []
    while True:
        kept.append(bytearray(b"x" * (8 << 20)))
        time.sleep(0.01)


def leak_in_kin(folder, notes):
    """Each process is below the limit; together they are not."""
    for _ in range(4):
        if os.fork() == 0:
            kept = bytearray(b"x" * (100 << 20))
            time.sleep(FOREVER)
            del kept
    time.sleep(FOREVER)


def outrun(folder, notes):
    """Ask for far more than the limit at once, faster than anybody looks."""
    bytearray(1 << 40)


def flood(folder, notes):
    line = b"x" * 99 + b"\n"
    for _ in range(200_000):
        os.write(1, line)
    _produce(folder)


def flood_without_lines(folder, notes):
    for _ in range(200):
        os.write(1, b"\xff\0\xc3" * 30_000)
    os.write(notes, b"no note at all\n" + b'{"message": "m", "progress": 7}\n')
    _produce(folder)


def fill(folder, notes):
    """Many files, each of them small."""
    for index in range(10_000):
        (folder / f"file-{index}").write_bytes(b"x" * (1 << 20))
        time.sleep(0.002)


def huge_file(folder, notes):
    with (folder / "output.onnx").open("wb") as file:
        while True:
            file.write(b"x" * (1 << 20))


def garbage(folder, notes):
    (folder / "result.json").write_bytes(b'{"kind": "produced", "rep')


def huge_result(folder, notes):
    with (folder / "result.json").open("wb") as file:
        file.truncate(20 << 20)


def pipe_result(folder, notes):
    os.mkfifo(folder / "result.json")


def linked_result(folder, notes):
    (folder / "truth.json").write_text('{"kind": "produced", "report": {}}')
    (folder / "result.json").symlink_to("truth.json")


def linked_output(folder, notes):
    (folder / "output.onnx").symlink_to("/etc/passwd")
    _result(folder, kind="produced", report={})


def no_output(folder, notes):
    _result(folder, kind="produced", report={})


def wrong_answer(folder, notes):
    _result(folder, kind="agreed", report={})


def invented_code(folder, notes):
    fault = {"code": "all_is_well", "band": "yours", "detail": "trust me"}
    _result(folder, kind="refused", fault=fault)


def refuse(folder, notes):
    fault = {"code": "unsupported_operator", "band": "ours", "detail": "Erfc\0", "node": "n1"}
    _result(folder, kind="refused", fault=fault)


def raise_memory_error(folder, notes):
    raise MemoryError


def report_memory_error(folder, notes):
    fault = {"code": "memory_exceeded", "band": "yours", "detail": "too much"}
    _result(folder, kind="refused", fault=fault)


def kill_keeper(folder, notes):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(FOREVER)


def spawn(folder, notes):
    subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({FOREVER})"])
    _produce(folder)
