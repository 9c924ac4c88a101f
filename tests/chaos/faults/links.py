"""Links between a service and a store: cut, or slow."""

from tests.chaos.faults.scene import Scene, fault
from tests.chaos.wiring import LINKED, STORES


@fault("cut")
async def cut(scene: Scene) -> None:
    """A service is cut from one of its stores; nobody hangs up, nothing comes through."""
    store, name = scene.chance.choice(STORES), scene.chance.choice(LINKED)
    scene.hit.append(f"{name} from {store}")
    await scene.stack.wiring.cut(store, name)
    try:
        await scene.hold(0.5, 5.0)
    finally:
        await scene.stack.wiring.heal(store, name)


@fault("slow")
async def slow(scene: Scene) -> None:
    """Each answer of a store comes late: up to longer than a lease."""
    store, name = scene.chance.choice(STORES), scene.chance.choice(LINKED)
    milliseconds = scene.chance.choice([20, 200, 700, 1500])
    scene.hit.append(f"{store} to {name} by {milliseconds} ms")
    await scene.stack.wiring.slow(store, name, milliseconds)
    try:
        await scene.hold(1.0, 5.0)
    finally:
        await scene.stack.wiring.heal(store, name)
