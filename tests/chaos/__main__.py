"""`python -m tests.chaos`: a campaign from the command line."""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

from tests.chaos.campaign import Campaign, Plan, Report
from tests.chaos.faults import FAULTS
from tests.chaos.faults.clocks import library
from tests.chaos.reporting import as_json, as_text
from tests.chaos.stack import Shape, running


def main() -> int:
    """Run a campaign; the exit code is 1 when something didn't hold."""
    wanted = _arguments()
    kafka = os.environ.get("KAFKA_BOOTSTRAP_SERVERS") if wanted.kafka == "real" else None
    if wanted.kafka == "real" and kafka is None:
        print("a real Kafka is wanted: KAFKA_BOOTSTRAP_SERVERS says where it is", file=sys.stderr)
        return 2
    available = {"any"} if kafka is None else {"any", "real"}
    if kafka is not None and os.environ.get("KAFKA_CONTROL"):
        available.add("cluster")
    if library() is not None:
        available.add("clock")
    names = [it.name for it in FAULTS.values() if it.needs in available] if wanted.faults == "all" else []
    names = names or [name for name in wanted.faults.split(",") if name not in {"", "none"}]
    for name in names:
        if name not in FAULTS or FAULTS[name].needs not in available:
            print(f"no such fault here: {name}; there are {', '.join(FAULTS)}", file=sys.stderr)
            return 2
    plan = Plan(wanted.seconds, wanted.seed, names, wanted.images, wanted.writers, wanted.rate)
    report = asyncio.run(_run(Shape(kafka=kafka), plan, wanted.folder))
    if wanted.history:
        report.history.write(wanted.history)
    print(json.dumps(as_json(report, plan)) if wanted.json else as_text(report, plan))
    return 0 if report.is_fine else 1


async def _run(shape: Shape, plan: Plan, folder: Path | None) -> Report:
    with tempfile.TemporaryDirectory(prefix="chaos-") as temporary:
        async with running(shape, folder or Path(temporary) / "data") as stack:
            return await Campaign(stack, plan, _say).run()


def _say(line: str) -> None:
    ending = "\r" if sys.stderr.isatty() else "\n"
    print(line.ljust(100), end=ending, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long faults are made")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--faults", default="all", help="names by commas, all, or none")
    parser.add_argument("--kafka", choices=["embedded", "real"], default="embedded")
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1000, help="probes a second, as far as the system keeps up")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    parser.add_argument("--history", type=Path, help="write all calls to this file, a line of JSON each")
    parser.add_argument("--folder", type=Path, help="keep data and logs here")
    return parser.parse_args()


if __name__ == "__main__":
    # An end from outside, a time limit say, must end what was started too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
