"""The services as the embedded stack sees them: a name, a package, and which names the package offers.

A package has `app.create_app(settings)`, `settings.Settings`, `setup.set_up(settings)`,
`setup.reset_positions(settings)`, where it owns a truth `setup.republish(settings)`, and `python -m package`.
All imports are late: they take a second, which the stores need as well.
"""

import importlib
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from embedded.errors import ServiceError, in_brief

if TYPE_CHECKING:
    from fastapi import FastAPI

Environment = dict[str, str]
"""A service's settings by the names that they have in its environment."""

MODULES = ("app", "settings", "setup")


@dataclass(frozen=True, slots=True)
class Service:
    """One service; `arguments` follow `python -m`."""

    name: str
    package: str
    has_truth: bool = False
    arguments: tuple[str, ...] = field(default=())

    def load(self) -> None:
        """Import the package, so that nothing after it takes long."""
        for module in MODULES:
            importlib.import_module(f"{self.package}.{module}")

    def create_app(self, environment: Environment) -> "FastAPI":
        """Build the application; nothing is opened before its lifespan."""
        return cast("FastAPI", self._module("app").create_app(self._settings(environment)))

    async def set_up(self, environment: Environment) -> None:
        """Make the indexes."""
        await self._module("setup").set_up(self._settings(environment))

    async def republish(self, environment: Environment) -> int:
        """Publish its whole truth again; give how many."""
        return cast("int", await self._module("setup").republish(self._settings(environment)))

    async def reset_positions(self, environment: Environment) -> None:
        """Make its read models start from the beginning of their topics."""
        await self._module("setup").reset_positions(self._settings(environment))

    def _module(self, name: str) -> Any:
        return importlib.import_module(f"{self.package}.{name}")

    def _settings(self, environment: Environment) -> Any:
        return self._module("settings").Settings(**as_fields(environment))


@dataclass(frozen=True, slots=True)
class Worker:
    """The role without HTTP: `python -m package worker`, or `worker.create_worker(settings)` as a context."""

    name: str
    package: str

    def load(self) -> None:
        """Import the role, so that nothing after it takes long."""
        importlib.import_module(f"{self.package}.worker")

    def run(self, environment: Environment) -> AbstractAsyncContextManager[object]:
        """Run it in this process for as long as the context is open."""
        settings = importlib.import_module(f"{self.package}.settings").WorkerSettings(**as_fields(environment))
        module = importlib.import_module(f"{self.package}.worker")
        return cast("AbstractAsyncContextManager[object]", module.create_worker(settings))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a stack runs; the services in the order of their start."""

    services: tuple[Service, ...]
    worker: Worker

    def load(self) -> None:
        """Import every package.

        Raises:
            ServiceError: one can't be.
        """
        parts: tuple[Service | Worker, ...] = (*self.services, self.worker)
        for part in parts:
            try:
                part.load()
            except ImportError as error:
                raise ServiceError(f"{part.name} can't be loaded ({in_brief(error)}).") from error

    @property
    def names(self) -> tuple[str, ...]:
        """The services' names."""
        return tuple(service.name for service in self.services)


PRODUCT = Catalogue(
    services=(
        Service("entitlement", "entitlement", has_truth=True),
        Service("gallery", "gallery", has_truth=True),
        Service("download", "download"),
        Service("generation", "generation"),
    ),
    worker=Worker("generation-worker", "generation"),
)


def as_fields(environment: Mapping[str, str]) -> dict[str, str]:
    """Give an environment as the keyword arguments of a settings class."""
    return {name.lower(): value for name, value in environment.items()}
