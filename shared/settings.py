"""Settings: one frozen object, read once from MODELFERRY_* variables.

docs/settings.md is generated from the descriptions here; a test holds it to them.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.domain.offers import Queue

PREFIX = "MODELFERRY_"
GIB = 1 << 30

Seconds = Annotated[float, Field(gt=0)]


class Settings(BaseSettings):
    """What an operator may set. Durations are in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    database_url: str = Field(
        description="PostgreSQL, as SQLAlchemy writes it: `postgresql://user:password@host/name`."
    )
    broker_url: str = Field(
        description="Redis or Valkey that carries the doorbells: `redis://:password@host:6379/0`."
    )
    store_url: str = Field(
        description="Where artifacts lie: `file:///path` or `s3://bucket/prefix`. Keys, region and"
        " endpoint of S3 come from the usual `AWS_*` variables."
    )
    store_sign: bool = Field(
        default=True,
        description="Whether downloads are redirected to signed URLs of the store, where it can"
        " sign. Turn it off where users cannot reach the store's address.",
    )
    api_host: str = Field("127.0.0.1", description="Address that the API listens on.")
    api_port: int = Field(8080, ge=0, le=65535, description="Port that the API listens on.")
    api_threads: int = Field(8, ge=1, le=256, description="Request threads of one API process.")
    public_url: str | None = Field(
        None, description="The address users see, for links; the request's own host by default."
    )
    max_upload: int = Field(16 * GIB, ge=1, description="Largest model accepted.")
    part_size: int = Field(
        8 << 20, ge=1 << 16, le=1 << 30, description="Size of an upload's parts."
    )
    upload_ttl: Seconds = Field(86400, description="An upload that stays open longer is dropped.")
    max_body: int = Field(1 << 20, ge=1 << 10, description="Largest JSON body accepted.")
    lease_term: Seconds = Field(
        15, description="A worker not heard from for so long loses its steps."
    )
    heartbeat: Seconds = Field(
        1, description="How often a worker renews its leases and hears of cancellations."
    )
    sweep_interval: Seconds = Field(1, description="How often the sweeper looks.")
    max_attempts: int = Field(
        3,
        ge=1,
        le=20,
        description="Attempts at a step when the machine is at fault."
        " Those that ended with their worker do not count, up to ten.",
    )
    retry_backoff: Seconds = Field(
        1, description="Wait before the second attempt; doubled for each further one."
    )
    step_deadline: Seconds = Field(900, description="Longest time one attempt may take.")
    step_memory: int = Field(
        8 * GIB, ge=1 << 28, description="Most memory that one step's processes may use."
    )
    step_disk: int = Field(
        32 * GIB, ge=1 << 20, description="Most that one step may write into its folder."
    )
    log_limit: int = Field(
        1 << 20, ge=1 << 12, description="Bytes of a step's output kept as its log."
    )
    worker_slots: int = Field(
        1,
        ge=1,
        le=64,
        description="Steps that one worker runs at once on the CPU; each GPU is one more.",
    )
    worker_queues: str = Field(
        "cpu",
        description="Queue classes of this worker: `cpu`, `gpu`. For `gpu` it looks for NVIDIA"
        " GPUs at its start; each that it finds is a slot of its own.",
    )
    tensorrt_home: Path | None = Field(
        None,
        description="Folder of TensorRT as NVIDIA packs it, with its libraries. Unset: the"
        " installed package `tensorrt`.",
    )
    tensorrt_rtx_home: Path | None = Field(
        None,
        description="Folder of TensorRT-RTX, with its libraries. Unset: the installed package"
        " `tensorrt_rtx`, else what `make rtx` has made.",
    )
    stop_grace: Seconds = Field(
        2,
        description="How long a worker that is told to stop lets its steps run on. The build"
        " of an engine then has a few seconds more to end by itself.",
    )
    work_dir: Path = Field(
        Path("/tmp/modelferry"),  # noqa: S108 - 0700 folders of their own are made below it
        description="Scratch folder of the worker; each attempt has a folder of its own below it.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="`debug`, `info`, `warning` or `error`."
    )
    log_format: Literal["json", "console"] = Field("json", description="`json` or `console`.")

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _beats_in_time(self) -> Self:
        if self.heartbeat * 3 > self.lease_term:
            message = (
                f"{PREFIX}HEARTBEAT must be a third of {PREFIX}LEASE_TERM at most, or a worker"
                " loses its steps by missing one beat"
            )
            raise ValueError(message)
        return self

    @field_validator("tensorrt_home", "tensorrt_rtx_home", mode="before")
    @classmethod
    def _unset_if_empty(cls, value: object) -> object:
        return None if value == "" else value  # Path("") would be the folder that we are in

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, value: str) -> str:
        if not value.startswith(("postgresql://", "postgresql+psycopg://")):
            message = "must be a postgresql:// URL"
            raise ValueError(message)
        return value

    @field_validator("broker_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if not value.startswith(("redis://", "rediss://", "redis+socket://", "unix://")):
            message = "must be a redis:// URL"
            raise ValueError(message)
        return value

    @field_validator("store_url")
    @classmethod
    def _store(cls, value: str) -> str:
        if not value.startswith(("file:///", "s3://")):
            message = "must be a file:///path or an s3://bucket URL"
            raise ValueError(message)
        return value

    @field_validator("worker_queues")
    @classmethod
    def _queues(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",")]
        unknown = set(names) - set(Queue)
        if unknown or len(set(names)) < len(names):
            message = f"must name some of {', '.join(Queue)}, each once, with commas between"
            raise ValueError(message)
        return value

    @property
    def queues(self) -> tuple[Queue, ...]:
        return tuple(Queue(name.strip()) for name in self.worker_queues.split(","))

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_term)


class SettingsError(Exception):
    """A variable is missing or wrong; the message names it."""


def load() -> Settings:
    """Read the environment.

    Raises:
        SettingsError: one line per variable at fault.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}"
            if each["loc"]
            else each["msg"]
            for each in error.errors()
        ]
        raise SettingsError("\n".join(lines)) from None
