"""What the use cases need from outside. `shared.adapters` has one of each."""

from shared.ports.fleet import Devices, Doorbell, Fleet
from shared.ports.jobs import JobFilter, JobStore, KeyedRequest, ModelStore, NewJob
from shared.ports.objects import Notebook, ObjectStore
from shared.ports.runner import Runner
from shared.ports.steps import Claimed, Pulse, StepStore, Usage, Wanted
from shared.ports.uploads import OpenUpload, UploadStore

__all__ = [
    "Claimed",
    "Devices",
    "Doorbell",
    "Fleet",
    "JobFilter",
    "JobStore",
    "KeyedRequest",
    "ModelStore",
    "NewJob",
    "Notebook",
    "ObjectStore",
    "OpenUpload",
    "Pulse",
    "Runner",
    "StepStore",
    "UploadStore",
    "Usage",
    "Wanted",
]
