from .settings import Settings, write_down


async def set_up(settings: Settings) -> None:
    write_down(settings, "set_up")


async def republish(settings: Settings) -> int:
    write_down(settings, "republish")
    return 7


async def reset_positions(settings: Settings) -> None:
    write_down(settings, "reset_positions")
