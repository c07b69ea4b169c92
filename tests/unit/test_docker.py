"""No Docker engine is at hand: every path, command, port and variable is held against the code."""

import importlib.util
import os
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
DOCKERFILES = sorted(DOCKER.glob("*.Dockerfile"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SECRETS = {"POSTGRES_PASSWORD": "pg-1c9", "REDIS_PASSWORD": "rd-2f7", "S3_SECRET": "s3-8d4"}


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE)
    joined = re.sub(r"\\\n\s*", " ", text)
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def arguments(dockerfile: Path, name: str) -> list[str]:
    return [value for key, value in instructions(dockerfile) if key == name]


def environment(dockerfile: Path) -> dict[str, str]:
    pairs = [pair for line in arguments(dockerfile, "ENV") for pair in shlex.split(line)]
    return dict(pair.split("=", 1) for pair in pairs)


def filled(value: Any) -> Any:
    """The document with ${NAME:?…} replaced, as compose does it."""
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)[^}]*\}", lambda match: SECRETS[match[1]], value)
    if isinstance(value, list):
        return [filled(each) for each in value]
    if isinstance(value, dict):
        return {key: filled(each) for key, each in value.items()}
    return value


def compose() -> dict[str, Any]:
    return filled(yaml.safe_load((DOCKER / "compose.yaml").read_text()))


SERVICES: dict[str, dict[str, Any]] = compose()["services"]
OURS = {name: each for name, each in SERVICES.items() if "build" in each}


def runnable(command: list[str]) -> bool:
    if command[:2] == ["python", "-m"]:
        spec = importlib.util.find_spec(command[2])
        assert spec is not None, command
        if spec.submodule_search_locations:
            return importlib.util.find_spec(f"{command[2]}.__main__") is not None
        return "__main__" in Path(str(spec.origin)).read_text()
    if command[0] == "python":
        compile(command[2], "healthcheck", "exec")
        return command[1] == "-c"
    return (
        command == ["alembic", "upgrade", "head"]
        and (ROOT / PYPROJECT["tool"]["alembic"]["script_location"]).is_dir()
    )


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
class TestDockerfile:
    def test_base_is_pinned_to_the_python_of_the_project(self, dockerfile: Path) -> None:
        (base,) = arguments(dockerfile, "FROM")
        version = re.fullmatch(r"python:(3\.\d+)\.\d+-slim-\w+", base)
        assert version
        assert f">={version[1]}" in PYPROJECT["project"]["requires-python"]

    def test_copies_what_is_there_and_not_ignored(self, dockerfile: Path) -> None:
        allowed = (ROOT / ".dockerignore").read_text().splitlines()
        for line in arguments(dockerfile, "COPY"):
            *sources, _ = line.split()
            for source in sources:
                assert (ROOT / source).exists(), source
                assert f"!{source}" in allowed, source

    def test_installs_an_extra_under_the_lock(self, dockerfile: Path) -> None:
        installs = [line for line in arguments(dockerfile, "RUN") if '".[' in line]
        assert len(installs) == 1
        extra = re.search(r'"\.\[(\w+)\]"', installs[0])
        assert extra
        assert extra[1] in PYPROJECT["project"]["optional-dependencies"]
        assert "--constraint requirements.lock" in installs[0]

    def test_runs_as_nobody_special(self, dockerfile: Path) -> None:
        (user,) = arguments(dockerfile, "USER")
        assert int(user) > 0
        created = [line for line in arguments(dockerfile, "RUN") if f"--uid {user}" in line]
        assert created

    def test_commands_exist(self, dockerfile: Path) -> None:
        (command,) = arguments(dockerfile, "CMD")
        (check,) = arguments(dockerfile, "HEALTHCHECK")
        assert runnable(yaml.safe_load(command))
        assert runnable(yaml.safe_load(check.split("CMD", 1)[1]))

    def test_variables_are_settings(self, dockerfile: Path) -> None:
        for name in environment(dockerfile):
            if name.startswith(PREFIX):
                assert name.removeprefix(PREFIX).lower() in Settings.model_fields


def test_port_is_one_port() -> None:
    api = DOCKER / "api.Dockerfile"
    (exposed,) = arguments(api, "EXPOSE")
    assert environment(api)[f"{PREFIX}API_PORT"] == exposed
    (published,) = SERVICES["api"]["ports"]
    assert published.split(":")[-1] == exposed


def test_compose_has_every_part() -> None:
    parts = {"postgres", "redis", "s3", "migrate", "api", "sweeper", "cpu-worker", "gpu-worker"}
    assert parts <= set(SERVICES)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_service_refers_to_what_exists(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    for mount in service.get("volumes", []):
        volume = mount.split(":")[0]
        assert volume.startswith("/") or volume in compose()["volumes"]
    if "build" in service:
        folder = (DOCKER / service["build"]["context"]).resolve()
        assert (folder / service["build"]["dockerfile"]).is_file()
    else:
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?$", service["image"]), "pinned"
    if "command" in service and "build" in service:
        assert runnable(service["command"])


@pytest.mark.parametrize("name", sorted(OURS))
def test_service_starts_with_valid_settings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = OURS[name]["environment"]
    for variable in [each for each in os.environ if each.startswith(PREFIX)]:
        monkeypatch.delenv(variable)
    for variable, value in variables.items():
        assert isinstance(value, str), f"{variable} is no string in YAML"
        monkeypatch.setenv(variable, value)
        if variable.startswith(PREFIX):
            assert variable.removeprefix(PREFIX).lower() in Settings.model_fields
    settings = Settings()
    assert f"@postgres:5432/{SERVICES['postgres']['environment']['POSTGRES_DB']}" in (
        settings.database_url
    )
    assert SERVICES["redis"]["environment"]["REDISCLI_AUTH"] == SECRETS["REDIS_PASSWORD"]
    assert SECRETS["REDIS_PASSWORD"] in settings.broker_url
    key, secret = variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
    assert SERVICES["s3"]["environment"]["RCLONE_AUTH_KEY"] == f'"{key},{secret}"'
    assert variables["AWS_ENDPOINT_URL"].endswith(":9000")
    assert ":9000" in SERVICES["s3"]["command"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_secret_is_on_a_command_line(name: str) -> None:
    service = SERVICES[name]
    said = f"{service.get('command')} {service.get('healthcheck')} {service.get('entrypoint')}"
    assert not [secret for secret in SECRETS.values() if secret in said]


def test_gpu_worker_is_given_gpus_and_pinned_libraries() -> None:
    worker = SERVICES["gpu-worker"]
    (devices,) = worker["deploy"]["resources"]["reservations"]["devices"]
    assert devices["capabilities"] == ["gpu"]
    assert worker["profiles"] == ["gpu"]  # a host without one starts the rest
    dockerfile = DOCKER / "gpu-worker.Dockerfile"
    assert environment(dockerfile)[f"{PREFIX}WORKER_QUEUES"] == "gpu"
    pinned = (DOCKER / "gpu-worker.lock").read_text().splitlines()
    names = dict(line.split("==") for line in pinned if not line.startswith("#"))
    for extra in PYPROJECT["project"]["optional-dependencies"]["gpu"][1:]:
        assert re.split(r"[>=]", extra)[0] in names
    assert any(
        "--requirement docker/gpu-worker.lock" in run for run in arguments(dockerfile, "RUN")
    )


def test_cpu_worker_can_build_rtx_engines_and_keeps_no_compiler() -> None:
    (made,) = [
        line
        for line in arguments(DOCKER / "cpu-worker.Dockerfile", "RUN")
        if "workers.tensorrt_bridge.build" in line
    ]
    steps = [step.strip() for step in made.split("&&")]
    assert runnable(steps[2].split())
    assert {"gcc", "libc6-dev"} <= set(steps[1].split()) & set(steps[3].split())


@pytest.mark.parametrize("name", ["cpu-worker", "gpu-worker"])
def test_workers_can_be_scaled(name: str) -> None:
    worker = SERVICES[name]
    assert "container_name" not in worker
    assert "ports" not in worker
