"""`python -m provisioning kafka|mongo|objects|issuer`: a set-up job, or the development issuer."""

import asyncio
import sys

from shared.settings import load
from shared.telemetry import log_as_json


def main(arguments: list[str]) -> None:
    """Do what is asked for; each job loads only its own client."""
    log_as_json("provisioning", "INFO")
    match arguments:
        case ["kafka"]:
            from provisioning import kafka, settings  # noqa: PLC0415

            asyncio.run(kafka.provision(load(settings.KafkaJob)))
        case ["mongo"]:
            from provisioning import mongo, settings  # noqa: PLC0415

            asyncio.run(mongo.provision(load(settings.MongoJob)))
        case ["objects"]:
            from provisioning import objects, settings  # noqa: PLC0415

            asyncio.run(objects.provision(load(settings.ObjectsJob)))
        case ["issuer"]:
            from provisioning.issuer import IssuerSettings, run  # noqa: PLC0415

            run(load(IssuerSettings))
        case _:
            sys.exit("usage: python -m provisioning kafka|mongo|objects|issuer")


if __name__ == "__main__":
    main(sys.argv[1:])
