"""What a view may reach for: the use cases, the settings and the hub of watchers."""

from dataclasses import dataclass
from typing import Final

from flask import Flask, current_app

from api.streams import Hub
from shared.bootstrap import Services
from shared.settings import Settings

KEY: Final = "modelferry"


@dataclass(frozen=True, slots=True)
class Context:
    """One per application."""

    services: Services
    settings: Settings
    hub: Hub


def install(app: Flask, context: Context) -> None:
    app.extensions[KEY] = context


def here() -> Context:
    context: Context = current_app.extensions[KEY]
    return context


def services() -> Services:
    return here().services


def settings() -> Settings:
    return here().settings


def hub() -> Hub:
    return here().hub
