"""Which libraries a worker finds, asked in real processes."""

import pytest

from shared.settings import SettingsError
from workers.hearth import clean_environment
from workers.libraries import HOMES, homes, probe


@pytest.fixture
def clean(tmp_path):
    return clean_environment(tmp_path, threads=1)


def test_each_library_is_found_or_its_lack_is_told(clean, tmp_path):
    libraries = probe(HOMES, clean, tmp_path)
    assert set(libraries.found) <= set(HOMES)
    assert len(libraries.found) + len(libraries.missing) == len(HOMES)
    assert all(libraries.found.values())


def test_a_library_that_nobody_knows(clean, tmp_path):
    libraries = probe(["tensorfloat"], clean, tmp_path)
    assert libraries.found == {}
    assert "tensorfloat" in libraries.missing[0]


def test_nothing_is_asked_for_nothing(clean, tmp_path):
    assert probe([], clean, tmp_path).missing == ()


def test_a_library_whose_loading_crashes_is_told(clean, tmp_path):
    bridge = tmp_path / "workers" / "tensorrt_bridge"
    bridge.mkdir(parents=True)
    crash = "import os, sys; print('loaded'); print('oh no', file=sys.stderr, flush=True)"
    (bridge / "probe.py").write_text(f"{crash}; os.kill(os.getpid(), 11)")
    (sentence,) = probe(["tensorrt"], clean | {"PYTHONPATH": str(tmp_path)}, tmp_path).missing
    assert sentence == "tensorrt cannot be loaded (status -11): oh no"


@pytest.mark.parametrize("name", HOMES)
def test_a_folder_without_the_library_is_told_by_its_setting(clean, settings, tmp_path, name):
    given = homes(settings.model_copy(update={HOMES[name]: tmp_path}))
    (variable,) = given
    assert given[variable] == str(tmp_path)
    libraries = probe([name], clean | given, tmp_path)
    assert libraries.found == {}
    assert variable in libraries.missing[0]


def test_a_setting_must_name_a_folder(settings, tmp_path):
    assert homes(settings) == {}
    file = tmp_path / "libnvinfer.so"
    file.touch()
    with pytest.raises(SettingsError, match=r"MODELFERRY_TENSORRT_HOME: .*libnvinfer"):
        homes(settings.model_copy(update={"tensorrt_home": file}))


def test_an_empty_setting_is_none(monkeypatch, settings):
    for name, value in settings.model_dump(include={"database_url", "broker_url"}).items():
        monkeypatch.setenv(f"MODELFERRY_{name.upper()}", value)
    monkeypatch.setenv("MODELFERRY_STORE_URL", "file:///nowhere")
    monkeypatch.setenv("MODELFERRY_TENSORRT_RTX_HOME", "")
    assert type(settings)().tensorrt_rtx_home is None
