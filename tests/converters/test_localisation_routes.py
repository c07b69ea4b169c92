"""Localisation on whole routes, as they are planned: in a process of its own, step by step."""

import json
import os
import subprocess
import sys

import pytest

from tests.converters.test_localisation import CULPRITS, network
from tests.support.yard import PLUGIN, ROOT

ENOUGH = 300.0  # seconds; a bound against hanging, not a measurement


@pytest.fixture
def converted(tmp_path):
    def convert(to, *options):
        source, _ = network(tmp_path / "a.onnx")
        more = [part for option in options for part in ("--option", option)]
        done = subprocess.run(
            [sys.executable, "-m", "workers.convert", source, "--to", to, "--out", "made", *more],
            env=os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(PLUGIN)))},
            cwd=tmp_path,
            capture_output=True,
            timeout=ENOUGH,
            check=False,
        )
        return json.loads(done.stdout)

    return convert


def test_a_route_whose_first_step_is_wrong_says_so(converted):
    report = converted("pt2", "spoil=gates")
    assert report["state"] == "failed"
    assert report["error"]["code"] == "accuracy_mismatch"
    found = report["located"]
    assert (found["step"], found["steps"], found["converter"]) == (0, 2, "spoiler")
    assert (found["node"], found["operator"]) == CULPRITS["gates"]
    assert (report["error"]["node"], report["error"]["operator"]) == CULPRITS["gates"]
