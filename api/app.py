"""The application: every room's views, under one roof."""

import resource

from flask import Flask

from api import (
    artifacts,
    comparisons,
    context,
    documents,
    engines,
    formats,
    health,
    jobs,
    models,
    problems,
    requests,
    samples,
    uploads,
    workers,
)
from api.streams import Hub
from shared.bootstrap import Services
from shared.settings import Settings

BLUEPRINTS = (
    uploads.blueprint,
    models.blueprint,
    samples.blueprint,
    jobs.blueprint,
    comparisons.blueprint,
    engines.blueprint,
    artifacts.blueprint,
    formats.blueprint,
    workers.blueprint,
    health.blueprint,
    documents.blueprint,
)
SPARE_FILES = 256
"""Files that the process needs besides the connections of watchers."""


def bare_app() -> Flask:
    """The views with nothing behind them: enough to describe them."""
    app = Flask("api", static_folder=None)
    app.url_map.merge_slashes = False  # no redirects: an address is right or it is not
    app.url_map.strict_slashes = True
    requests.follow(app)
    problems.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def create_app(services: Services, settings: Settings) -> Flask:
    """The application. Starts threads: call it in the process that serves."""
    app = bare_app()
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    hub = Hub(services.ask, services.feed, capacity=max(files - SPARE_FILES, SPARE_FILES))
    context.install(app, context.Context(services, settings, hub))
    return app
