"""What the three embedded stores are: their commands, environments and probes; Kafka has a front (`long_polling`)."""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path

from embedded.ports import BROKER_HOST, LOOPBACK
from embedded.probes import probe_kafka, probe_mongo, probe_s3


@dataclass(frozen=True, slots=True)
class S3Keys:
    """The credentials that the S3 store takes."""

    access_key: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class StoreKind:
    """One kind of store; `title` is what a person calls it."""

    name: str
    title: str
    command: Callable[[int, Path], list[str]]
    environment: Callable[[S3Keys], dict[str, str]]
    probe: Callable[[int], Awaitable[None]]


def _kafka(port: int, data: Path) -> list[str]:
    binary = str(files("noida_db").joinpath("noida-db"))
    options = ["--data-dir", str(data), "--only", "kafka", "--kafka-port", str(port), "--host", BROKER_HOST]
    return [binary, "start", *options]


def _kafka_front(port: int, _: Path) -> list[str]:
    return [sys.executable, "-m", "embedded.long_polling", str(port)]


def _mongo(port: int, data: Path) -> list[str]:
    # A settings file of our own, empty: else it takes one from the working or the home folder.
    configuration = data.parent / "run" / "secantusd.toml"
    configuration.write_text("")
    # Its modules are exempt from searches for garbage, which hold all its readers up.
    # Standalone: without a log of all writes, which nobody here reads and which slows each write as it grows.
    return [
        *(sys.executable, "-c", "import gc; from secantus.cli import main; gc.freeze(); main()"),
        *("--config", str(configuration), "--storage-path", str(data)),
        *("--host", LOOPBACK, "--port", str(port)),
        *("--cache-size", "256M", "--log-level", "WARNING", "--standalone"),
    ]


def _s3(port: int, data: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "nanio", "serve", "--host", LOOPBACK, "--port", str(port), "--data-dir", str(data)),
        *("--no-access-log", "--log-level", "warning"),
    ]


def _inherited(_: S3Keys) -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1"}


def _s3_environment(keys: S3Keys) -> dict[str, str]:
    # Its other settings could come from the environment too: none may.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NANIO_")}
    return {**kept, "NANIO_ACCESS_KEY": keys.access_key, "NANIO_SECRET_KEY": keys.secret_key}


KINDS: Mapping[str, StoreKind] = {
    "kafka": StoreKind("kafka", "Kafka broker", _kafka, _inherited, partial(probe_kafka, BROKER_HOST)),
    "kafka-front": StoreKind(
        "kafka-front", "Kafka broker's front", _kafka_front, _inherited, partial(probe_kafka, LOOPBACK)
    ),
    "mongo": StoreKind("mongo", "Mongo store", _mongo, _inherited, probe_mongo),
    "s3": StoreKind("s3", "S3 store", _s3, _s3_environment, probe_s3),
}
