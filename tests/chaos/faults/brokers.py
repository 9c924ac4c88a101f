"""Brokers of a real cluster: killed, and deposed leaders that go on answering.

`KAFKA_CONTROL` is a command that knows `kill --dir D --node N` and `start --dir D`; `KAFKA_DIR` is D, in which
`node-N/pid` holds the process id of each broker.
"""

import asyncio
import os
import shlex
import signal
from pathlib import Path

from tests.chaos.faults.deposed import question_to
from tests.chaos.faults.scene import Scene, fault

_WITHIN_S = 60.0


@fault("kill-broker", needs="cluster")
async def kill_broker(scene: Scene) -> None:
    """A broker ends as by a power cut and comes back; of a single one, the cluster is away meanwhile."""
    node = scene.chance.choice(_nodes())
    scene.hit.append(f"node {node}")
    await _control("kill", "--node", node)
    try:
        await scene.hold(0.5, 6.0)
    finally:
        await _control("start")


@fault("freeze-broker", needs="cluster")
async def freeze_broker(scene: Scene) -> None:
    """A broker stops where it is until another one leads, and wakes up believing that it still does."""
    node = scene.chance.choice(_nodes())
    scene.hit.append(f"node {node}")
    pid = int((Path(os.environ["KAFKA_DIR"]) / f"node-{node}" / "pid").read_text())
    async with question_to(scene.stack.kafka, int(node)) as question:
        os.kill(pid, signal.SIGSTOP)
        try:
            if question is not None:
                question.ask()
            await scene.hold(1.0, 9.0)
            is_deposed = question is not None and await question.is_led_by_another()
        finally:
            os.kill(pid, signal.SIGCONT)
        if is_deposed and question is not None:
            scene.hit.append("deposed, answered" if await question.is_answered() else "deposed")


def _nodes() -> list[str]:
    return sorted(it.name.removeprefix("node-") for it in Path(os.environ["KAFKA_DIR"]).glob("node-*"))


async def _control(verb: str, *more: str) -> None:
    command = [*shlex.split(os.environ["KAFKA_CONTROL"]), verb, "--dir", os.environ["KAFKA_DIR"], *more]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(_WITHIN_S):
        if await process.wait():
            raise OSError(f"{verb} failed")
