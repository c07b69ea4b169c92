"""The command line against a service that answers as told: words, documents, exit codes."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelferry.cli.app import COMMANDS, run
from modelferry.cli.options import matrix_from, options_from
from modelferry.cli.reference import reference
from modelferry.cli.several import telling
from tests.support import answers
from tests.support.shaky import Reply, Shaky, problem

ROOT = Path(__file__).parents[2]
CONTENT = b"onnx"
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
OUTPUT = answers.output(DIGEST, len(CONTENT))
UPLOAD = {
    "id": "u1",
    "name": "model.keras",
    "size": 3,
    "part_size": 65536,
    "state": "open",
    "parts": [],
    "model_id": None,
    "expires_at": answers.MOMENT,
}


@pytest.fixture
def shaky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shaky]:
    with Shaky() as server:
        monkeypatch.setenv("MODELFERRY_URL", server.url)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        server.always("POST", "/v1/uploads", Reply(201, UPLOAD))
        server.always("PUT", "/v1/uploads/u1/parts/1", Reply(200, {}))
        server.always("POST", "/v1/uploads/u1/complete", Reply(201, answers.model()))
        server.always("POST", "/v1/jobs", Reply(201, {"jobs": [answers.job("queued")]}))
        ends_as(server, "succeeded", output=OUTPUT)
        server.always("GET", f"/v1/artifacts/{DIGEST}", Reply(200, CONTENT))
        yield server


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    path = folder / "model.keras"
    path.write_bytes(b"abc")
    return path


Said = pytest.CaptureFixture[str]


def ends_as(shaky: Shaky, state: str, **more: Any) -> None:
    shaky.always("GET", "/v1/jobs/j1", Reply(200, answers.job(state, **more)))


def convert(source: Path, *more: str) -> int:
    return run(["convert", str(source), "--to", "onnx", *more])


def test_a_verified_result_lies_beside_its_source(
    shaky: Shaky, source: Path, capsys: Said
) -> None:
    assert convert(source) == 0
    assert (source.parent / "model.onnx").read_bytes() == CONTENT
    told = capsys.readouterr()
    assert "Verified: largest error 1.5e-07 over 2 inputs. Route: keras-to-onnx." in told.out
    assert "inspect keras: done" in told.err


def test_json_is_one_document_and_nothing_else(shaky: Shaky, source: Path, capsys: Said) -> None:
    assert convert(source, "--json") == 0
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert document["verified"] is True
    assert document["job"]["id"] == "j1"
    assert Path(document["path"]).read_bytes() == CONTENT
    assert told.err == ""


def test_options_reach_the_service(shaky: Shaky, source: Path) -> None:
    more = ["--option", "dynamic=false", "--option", "name=a=b", "--opset", "18", "--simplify"]
    assert convert(source, *more, "--priority", "9") == 0
    sent = json.loads(shaky.seen("POST", "/v1/jobs")[0].body)
    options = {"dynamic": False, "name": "a=b", "opset": 18, "simplify": True}
    assert sent == {
        "model_id": "m1",
        "targets": [{"format": "onnx", "options": options}],
        "priority": 9,
    }


def test_options_are_json_where_they_are_and_text_where_they_are_not() -> None:
    given = ["a=1", "b=[1, 2]", "c=text", 'd="1"']
    expected = {"a": 1, "b": [1, 2], "c": "text", "d": "1"}
    assert options_from(given, opset=None, simplify=False) == expected
    assert options_from(["simplify=true"], simplify=False) == {"simplify": True}


def test_a_file_that_exists_is_refused_before_anything_is_sent(
    shaky: Shaky, source: Path, capsys: Said
) -> None:
    target = source.parent / "mine.onnx"
    target.write_bytes(b"precious")
    assert convert(source, "-o", str(target)) == 2
    assert "--force" in capsys.readouterr().err
    assert shaky.asked == []
    assert convert(source, "-o", str(target), "--force") == 0
    assert target.read_bytes() == CONTENT


def test_a_result_that_would_overwrite_is_kept_by_the_service(
    shaky: Shaky, source: Path, capsys: Said
) -> None:
    (source.parent / "model.onnx").write_bytes(b"precious")
    assert convert(source) == 2
    assert "modelferry download j1" in capsys.readouterr().err.replace("\n", " ")
    assert (source.parent / "model.onnx").read_bytes() == b"precious"


def test_detached_the_job_is_named(shaky: Shaky, source: Path, capsys: Said) -> None:
    assert convert(source, "--detach", "--json") == 0
    assert json.loads(capsys.readouterr().out)["state"] == "queued"
    assert not shaky.seen("GET", "/v1/jobs/j1")


@pytest.mark.parametrize(
    ("code", "band", "status"),
    [
        ("unsupported_operator", "yours", 3),
        ("accuracy_mismatch", "yours", 4),
        ("crashed", "ours", 1),
        ("from_the_future", "yours", 3),
    ],
)
def test_a_failed_job_exits_by_whose_fault_it_is(
    shaky: Shaky, source: Path, code: str, band: str, status: int
) -> None:
    ends_as(shaky, "failed", error=answers.fault(code, band))
    assert convert(source) == status


def test_a_failure_says_where_and_what_to_do(shaky: Shaky, source: Path, capsys: Said) -> None:
    fault = answers.fault("unsupported_operator", node="layer/erf", operator="Erfc")
    ends_as(shaky, "failed", error=fault)
    convert(source)
    told = capsys.readouterr()
    assert "It is unsupported_operator. (node 'layer/erf', operator 'Erfc')" in told.err
    convert(source, "--json")
    told = capsys.readouterr()
    assert told.out == ""
    document = json.loads(told.err)
    assert (document["code"], document["operator"], document["job_id"]) == (
        "unsupported_operator",
        "Erfc",
        "j1",
    )


def test_unverified_is_said_and_is_an_error_only_when_asked(
    shaky: Shaky, source: Path, capsys: Said
) -> None:
    ends_as(shaky, "succeeded", output=OUTPUT, proof="converted_not_verified")
    assert convert(source) == 0
    assert "Converted, not verified" in capsys.readouterr().out
    assert convert(source, "--force", "--require-verified") == 5
    assert (source.parent / "model.onnx").exists()


def test_an_absent_service_is_tried_again_later(
    source: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELFERRY_URL", "http://127.0.0.1:9")
    assert convert(source) == 6
    assert "Start a service with `modelferry up`" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    [["convert"], ["convert", "f", "--to"], ["jobs", "--limit", "0"], ["sail"], []],
)
def test_wrong_use_exits_with_two(line: list[str], capsys: Said) -> None:
    assert run(line) == 2
    assert run([*line, "--json"]) == 2


def test_wrong_use_is_a_document_too(shaky: Shaky, capsys: Said) -> None:
    run(["convert", "--json"])
    assert json.loads(capsys.readouterr().err)["code"] == "usage"


def test_a_missing_file_is_wrong_use(shaky: Shaky, tmp_path: Path) -> None:
    assert convert(tmp_path / "nothing.keras") == 2


def test_a_job_is_shown(shaky: Shaky, capsys: Said) -> None:
    ends_as(shaky, "succeeded", output=OUTPUT, options={"opset": 18})
    assert run(["job", "j1"]) == 0
    told = capsys.readouterr().out
    for part in ("model.keras: keras → onnx", "opset=18", "inspect keras", "modelferry download"):
        assert part in told


def test_a_failed_job_is_shown_and_looking_is_no_failure(shaky: Shaky, capsys: Said) -> None:
    fault = answers.fault("invalid_model")
    ends_as(shaky, "failed", error=fault, steps=[answers.step(state="failed", fault=fault)])
    assert run(["job", "j1"]) == 0
    assert "It is invalid_model." in capsys.readouterr().out


def test_cancel_and_retry(shaky: Shaky, capsys: Said) -> None:
    shaky.always("POST", "/v1/jobs/j1/cancel", Reply(200, answers.job("cancelled")))
    shaky.always("POST", "/v1/jobs/j1/retry", problem(409, "job_not_ended", "yours"))
    assert run(["cancel", "j1"]) == 0
    assert "is cancelled" in capsys.readouterr().out
    assert run(["retry", "j1", "--json"]) == 3
    assert json.loads(capsys.readouterr().err)["code"] == "job_not_ended"


def test_download_takes_the_result(shaky: Shaky, tmp_path: Path, capsys: Said) -> None:
    assert run(["download", "j1", "-o", str(tmp_path)]) == 0
    assert (tmp_path / "model.onnx").read_bytes() == CONTENT
    assert run(["download", "j1", "-o", str(tmp_path)]) == 2


def test_logs_are_printed_as_they_are(shaky: Shaky, capsys: Said) -> None:
    told = {"items": [answers.event(1, "step.log", lines=["[bold]a"])], "last_seq": 1}
    shaky.always("GET", "/v1/jobs/j1/logs", Reply(200, {**told, "ended": True}))
    assert run(["logs", "-f", "j1"]) == 0
    assert capsys.readouterr().out == "[bold]a\n"
    assert run(["logs", "j1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["text"] == "[bold]a"


def test_an_empty_list_says_what_to_do(shaky: Shaky, capsys: Said) -> None:
    empty = Reply(200, {"items": [], "next_cursor": None})
    for name in ("models", "jobs", "routes", "converters", "workers", "formats"):
        shaky.always("GET", f"/v1/{name}", empty)
        assert run([name]) == 0
        assert capsys.readouterr().out.strip()
        assert run([name, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == []


def test_a_program_gets_whole_lines(shaky: Shaky, capsys: Said) -> None:
    long = "a converter with " + 20 * "many words "
    edge = {"name": "one", "version": 1, "source": "onnx", "target": "onnx", "summary": long}
    edge |= {"options": {}, "fidelity": 1}
    shaky.always("GET", "/v1/converters", Reply(200, {"items": [edge], "next_cursor": None}))
    assert run(["converters"]) == 0
    assert long.strip() in capsys.readouterr().out


@pytest.mark.parametrize(
    ("queues", "gpus", "slots"), [(["cpu"], 0, 3), (["gpu"], 0, 0), (["gpu", "cpu"], 2, 5)]
)
def test_a_workers_slots_are_its_devices_and_those_of_its_cpus(
    shaky: Shaky, capsys: Said, queues: list[str], gpus: int, slots: int
) -> None:
    view = answers.worker(queues=queues, slots=3, gpus=[answers.gpu()] * gpus)
    shaky.always("GET", "/v1/workers", Reply(200, {"items": [view], "next_cursor": None}))
    assert run(["workers"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[: 4 + len(queues)] == [
        "w1",
        "on",
        "line",
        *queues,
        str(slots),
    ]


def test_interrupted_the_job_goes_on(shaky: Shaky, source: Path) -> None:
    ends_as(shaky, "running", steps=[answers.step(state="running", ended_at=None)])
    command = [sys.executable, "-m", "modelferry", "convert", str(source), "--to", "onnx"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        deadline = time.monotonic() + 20
        while len(shaky.seen("GET", "/v1/jobs/j1")) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Job j1 goes on" in told
    assert "modelferry cancel j1" in told
    assert "Traceback" not in told
    assert not shaky.seen("POST", "/v1/jobs/j1/cancel")


def test_interrupted_before_the_job_it_says_that_there_is_none(
    shaky: Shaky, source: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("modelferry.client.uploads.send", interrupt)
    assert convert(source) == 130
    assert "goes on where it stopped" in capsys.readouterr().err


def test_the_reference_is_that_of_the_commands() -> None:
    page = ROOT / "docs" / "cli.md"
    assert page.read_text() == reference(), (
        "run `python -m modelferry.cli.reference > docs/cli.md`"
    )


def test_every_command_is_in_a_file_of_its_name() -> None:
    for command in COMMANDS:
        assert command.__module__ == f"modelferry.cli.{command.__name__}"


def test_the_exit_codes_are_in_the_help(capsys: Said) -> None:
    assert run(["convert", "--help"]) == 0
    assert "130: interrupted" in capsys.readouterr().out


def test_the_client_imports_no_framework() -> None:
    heavy = {"torch", "tensorflow", "keras", "onnx", "numpy", "flask", "sqlalchemy", "celery"}
    script = "import sys, modelferry.cli.app; print(*{n.partition('.')[0] for n in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not heavy & set(done.stdout.split())


def test_what_a_flag_does_not_say_is_left_to_the_pairs() -> None:
    given = ["simplify=true", "opset=18"]
    assert options_from(given, simplify=False, opset=None) == {"simplify": True, "opset": 18}
    assert options_from(given, simplify=False, opset=0)["opset"] == 0


def test_lists_of_values_are_read_as_they_are_meant() -> None:
    given = [
        "gpu=H100,RTX 4090",
        "precision=fp16",
        'shapes=[{"x": 1}, {"x": 2}]',
        "tf32=true,false",
    ]
    assert matrix_from(given) == {
        "gpu": ["H100", "RTX 4090"],
        "precision": ["fp16"],
        "shapes": [{"x": 1}, {"x": 2}],
        "tf32": [True, False],
    }


@pytest.mark.parametrize("each", ["gpu", "gpu=", "=H100", "gpu=H100,"])
def test_a_list_without_name_or_values_is_wrong_use(
    shaky: Shaky, source: Path, each: str, capsys: Said
) -> None:
    assert convert(source, "--each", each) == 2
    assert shaky.asked == []
    assert "--each" in capsys.readouterr().err


def test_a_check_says_what_is_not_covered(shaky: Shaky, source: Path, capsys: Said) -> None:
    shaky.always("POST", "/v1/models/m1/check", Reply(201, answers.job("queued")))
    ends_as(shaky, "succeeded", purpose="check", coverage=answers.coverage())
    line = ["check", str(source), "--to", "tensorrt-rtx", "--precision", "fp16"]
    assert run(line) == 7
    told = capsys.readouterr().out
    assert "Not covered: tensorrt-rtx takes 2 of 3 nodes." in told
    assert "det_0" in told
    assert "Det (11)" in told
    sent = json.loads(shaky.seen("POST", "/v1/models/m1/check")[0].body)
    assert sent["target"]["options"] == {"precision": "fp16"}
    assert run([*line, "--json"]) == 7
    assert json.loads(capsys.readouterr().out)["gaps"][0]["operator"] == "Det"
    ends_as(shaky, "succeeded", purpose="check", coverage=answers.coverage(supported=True))
    assert run(line) == 0
    assert "Covered: tensorrt-rtx takes 3 of 3 nodes." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("runs", "status", "words"),
    [(True, 0, "It runs"), (None, 8, "It may run"), (False, 7, "It does not run")],
)
def test_an_engine_runs_or_not_or_it_is_open(
    *, shaky: Shaky, capsys: Said, runs: bool | None, status: int, words: str
) -> None:
    reason = {"code": "memory", "sentence": "It is too large."}
    found = {
        "runs": runs,
        "reasons": [reason] if runs is False else [],
        "unknown": [] if runs else [{"code": "driver", "sentence": "The driver is not known."}],
    }
    shaky.always("POST", "/v1/engines/compatibility", Reply(200, found))
    line = ["engine", "check", "j1", "--gpu", "RTX 4090", "--memory", "24GiB"]
    assert run(line) == status
    told = capsys.readouterr().out
    assert words in told
    assert ("(memory)" in told) == (runs is False)
    assert run([*line, "--json"]) == status
    assert json.loads(capsys.readouterr().out) == found
    sent = json.loads(shaky.seen("POST", "/v1/engines/compatibility")[0].body)
    assert sent == {"job_id": "j1", "gpu": {"name": "RTX 4090", "memory": 24 << 30}}


def test_a_memory_that_is_no_size_is_wrong_use(shaky: Shaky, capsys: Said) -> None:
    assert run(["engine", "check", "j1", "--gpu", "L4", "--memory", "lots"]) == 2
    assert "24GiB" in capsys.readouterr().err
    assert run(["engine"]) == 2


def test_a_comparison_has_a_row_for_each_job(shaky: Shaky, capsys: Said) -> None:
    shaky.always("GET", "/v1/requests/r1", Reply(200, answers.request()))
    assert run(["compare", "r1"]) == 0
    told = capsys.readouterr().out
    for part in ("j1", "fp16", "verified", "j2", "int8", "bad_samples", "0.5 ms"):
        assert part in told


def test_a_comparison_shows_no_mapping_files(shaky: Shaky, capsys: Said) -> None:
    view = answers.request()
    view["varied"] = ["mapping"]
    for row in view["jobs"]:
        row["options"] = {"mapping": "mapping: 1\nfrom: tensorflow\n…"}
    shaky.always("GET", "/v1/requests/r1", Reply(200, view))
    assert run(["compare", "r1"]) == 0
    told = capsys.readouterr().out
    assert "(a file)" in told
    assert "tensorflow" not in told


def several(shaky: Shaky) -> None:
    made = [
        answers.job("queued", id=name, options={"precision": precision})
        for name, precision in (("j1", "fp16"), ("j2", "int8"))
    ]
    shaky.always("POST", "/v1/jobs", Reply(201, {"jobs": made}))
    shaky.always("GET", "/v1/requests/r1", Reply(200, answers.request()))
    ends_as(shaky, "succeeded", output=OUTPUT)


def test_a_list_of_values_makes_several_jobs_and_files(
    shaky: Shaky, source: Path, tmp_path: Path, capsys: Said
) -> None:
    several(shaky)
    second = answers.job("succeeded", id="j2", output=OUTPUT)
    shaky.always("GET", "/v1/jobs/j2", Reply(200, second))
    folder = tmp_path / "all"
    assert convert(source, "--each", "precision=fp16,int8", "-o", str(folder)) == 0
    assert sorted(each.name for each in folder.iterdir()) == ["model-fp16.onnx", "model-int8.onnx"]
    assert "bad_samples" in capsys.readouterr().out
    sent = json.loads(shaky.seen("POST", "/v1/jobs")[0].body)["targets"]
    assert sent == [{"format": "onnx", "options": {}, "matrix": {"precision": ["fp16", "int8"]}}]
    assert convert(source, "--each", "precision=fp16,int8", "-o", str(folder)) == 2
    assert "--force" in capsys.readouterr().err


def test_one_that_fails_leaves_the_others(shaky: Shaky, source: Path, capsys: Said) -> None:
    several(shaky)
    failed = answers.job("failed", id="j2", error=answers.fault("bad_samples"))
    shaky.always("GET", "/v1/jobs/j2", Reply(200, failed))
    assert convert(source, "--each", "precision=fp16,int8", "--json") == 3
    told = capsys.readouterr()
    paths = json.loads(told.out)["paths"]
    assert Path(paths["j1"]).read_bytes() == CONTENT
    assert paths["j2"] is None
    assert json.loads(told.err)["code"] == "bad_samples"


def test_several_are_submitted_and_not_waited_for(
    shaky: Shaky, source: Path, capsys: Said
) -> None:
    several(shaky)
    assert convert(source, "--each", "precision=fp16,int8", "--detach") == 0
    assert "modelferry compare r1" in capsys.readouterr().out


def test_with_several_the_output_is_a_folder(shaky: Shaky, source: Path) -> None:
    assert convert(source, "--each", "precision=fp16,int8", "-o", str(source)) == 2
    assert shaky.asked == []


def test_names_tell_combinations_apart() -> None:
    assert telling([{"gpu": "RTX 4090", "tf32": True}, {"gpu": "L4", "tf32": False}]) == [
        "RTX-4090-true",
        "L4-false",
    ]
    assert telling([{"a": "../x"}, {"a": "x"}, {"a": ""}]) == ["x-1", "x-2", "other"]


def test_an_engine_is_shown_with_its_cost(shaky: Shaky, capsys: Said) -> None:
    build = {"seconds": 12.5, "peak_memory": 3 << 30, "warnings": ["slow"]}
    ends_as(
        shaky,
        "succeeded",
        proof="converted_not_verified",
        unverified="No GPU worker is on line.",
        engine=answers.engine(b"e"),
        build=build,
    )
    assert run(["job", "j1"]) == 0
    told = capsys.readouterr().out
    for part in (
        "TensorRT-RTX 1.7.1, fp16",
        "x: 1x4 … 8x4 … 32x4",
        "built in 12.5 s, 3.0 GiB of memory",
        "the builder warns: slow",
        "not verified: No GPU worker is on line.",
        "request r1",
    ):
        assert part in told


def test_a_check_is_shown_as_a_job(shaky: Shaky, capsys: Said) -> None:
    ends_as(shaky, "succeeded", purpose="check", coverage=answers.coverage())
    assert run(["job", "j1"]) == 0
    told = capsys.readouterr().out
    assert "checked" in told
    assert "2 of 3 nodes" in told


def test_workers_show_their_gpus_and_what_is_missing(shaky: Shaky, capsys: Said) -> None:
    shaky.always("GET", "/v1/workers", Reply(200, {"items": [answers.worker()]}))
    assert run(["workers"]) == 0
    told = capsys.readouterr().out
    assert "w1: NVIDIA L4, compute capability 8.9, 22.0 GiB, driver 580.95.05" in told
    assert "w1: tensorrt 11.4.0" in told
    assert "w1: missing: The RTX library is not there." in told


@pytest.mark.parametrize("told", ["waiting: needs GPU L4; on line: no GPU", "needs GPU L4"])
def test_what_a_job_waits_for_is_said_once(shaky: Shaky, capsys: Said, told: str) -> None:
    ends_as(shaky, "queued", waiting_for=told)
    assert run(["job", "j1"]) == 0
    assert capsys.readouterr().out.count("waiting: needs GPU L4") == 1


def test_what_was_measured_is_shown_beside_onnx_runtime(shaky: Shaky, capsys: Said) -> None:
    ends_as(shaky, "succeeded", engine=answers.engine(b"e"), measured=answers.measured())
    assert run(["job", "j1"]) == 0
    told = capsys.readouterr().out
    for part in (
        "measured on NVIDIA L4, 512.0 MiB of GPU memory",
        "opt x 8x4: 0.5 ms (p99 1 ms), 2000/s, ONNX Runtime CPU 9 ms, ONNX Runtime CUDA failed",
    ):
        assert part in told
