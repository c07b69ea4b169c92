"""Bootstrap: the one place where adapters meet use cases."""

from dataclasses import dataclass
from datetime import timedelta

from shared.adapters.bells import Bells
from shared.adapters.database import Database
from shared.adapters.devices import LockedDevices
from shared.adapters.doorbell import Bell
from shared.adapters.feed import EventFeed
from shared.adapters.fleet import Workers
from shared.adapters.jobs import Jobs
from shared.adapters.locks import Locks
from shared.adapters.models import Models
from shared.adapters.notebook import open_notebook
from shared.adapters.objects import open_store
from shared.adapters.settling import Persistence
from shared.adapters.steps import Steps
from shared.adapters.uploads import UploadRows
from shared.ports import Devices, Doorbell, Fleet, Notebook, ObjectStore, StepStore
from shared.services.ask import Ask
from shared.services.control import Control
from shared.services.health import Health
from shared.services.submit import Submit
from shared.services.sweep import Sweep
from shared.services.uploads import Uploads
from shared.settings import Settings


@dataclass(frozen=True)
class Services:
    """What the API uses."""

    uploads: Uploads
    submit: Submit
    ask: Ask
    control: Control
    feed: EventFeed
    store: ObjectStore
    doorbell: Doorbell
    health: Health


@dataclass(frozen=True)
class FleetServices:
    """What a worker uses."""

    steps: StepStore
    fleet: Fleet
    store: ObjectStore
    devices: Devices
    notebook: Notebook


def services(settings: Settings) -> Services:
    """All that the API needs; the event feed begins to listen."""
    database = Database(settings.database_url)
    doorbell = Bell(settings.broker_url)
    store = open_store(settings.store_url, sign=settings.store_sign)
    fleet = Workers(database, settings.lease)
    jobs = Jobs(database, Bells(doorbell, fleet), fleet)
    models = Models(database)
    return Services(
        uploads=_uploads(settings, database, store, doorbell),
        submit=Submit(jobs, models, fleet, doorbell),
        ask=Ask(jobs, models, fleet),
        control=Control(jobs, fleet, doorbell),
        feed=EventFeed(settings.database_url),
        store=store,
        doorbell=doorbell,
        health=Health({"database": database.ping, "broker": doorbell.check, "store": store.check}),
    )


def fleet_services(settings: Settings) -> FleetServices:
    """All that a worker needs."""
    database = Database(settings.database_url)
    locks = Locks(settings.database_url)
    return FleetServices(
        steps=_steps(settings, database, Bell(settings.broker_url)),
        fleet=Workers(database, settings.lease),
        store=open_store(settings.store_url),
        devices=LockedDevices(locks),
        notebook=open_notebook(settings.store_url, locks),
    )


def sweeper(settings: Settings) -> Sweep:
    """One sweeper."""
    database = Database(settings.database_url, pool_size=2)
    doorbell = Bell(settings.broker_url)
    return Sweep(
        _steps(settings, database, doorbell),
        Workers(database, settings.lease),
        doorbell,
        _uploads(settings, database, open_store(settings.store_url), doorbell).drop_expired,
        term=settings.lease,
    )


def _steps(settings: Settings, database: Database, doorbell: Doorbell) -> Steps:
    backoff = timedelta(seconds=settings.retry_backoff)
    bells = Bells(doorbell, Workers(database, settings.lease))
    return Steps(database, bells, Persistence(settings.max_attempts, backoff))


def _uploads(
    settings: Settings, database: Database, store: ObjectStore, doorbell: Doorbell
) -> Uploads:
    return Uploads(
        UploadRows(database),
        store,
        doorbell,
        max_upload=settings.max_upload,
        part_size=settings.part_size,
        ttl=timedelta(seconds=settings.upload_ttl),
    )
