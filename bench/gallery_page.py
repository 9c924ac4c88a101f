"""`gallery-page`: a page of 50 over HTTP against the bare store queries that find the same 50.

Two of them, both with the page's filter, sort and limit on the same store: `find`, the query that says no more, and
`bounded find`, which is told how old the page's last image is. The embedded store sorts all that matches and scans
where a filter names two values, so that only the bounded queries with one visibility are a hard peer there.
"""

from collections.abc import Mapping

from pymongo import DESCENDING

from bench.measuring import Action, Pace, compare
from bench.results import Result
from bench.seeding import images_of, seed
from bench.system import System, running_system
from shared.ids import UserId
from shared.mongo import Document
from shared.visibility import Filter, Visibility, owned_by, readable_by

IMAGES = 2_000
PAGE = 50
SAMPLES = 20


async def measure(pace: Pace) -> Result:
    """Explore and Creations, each against both queries."""
    async with running_system() as system:
        ann = await system.somebody("plus")
        owner = UserId(str(ann.user_id))
        pace.say(f"putting {IMAGES:,} images into gallery's store")
        await seed(system, owner, IMAGES, (Visibility.PUBLIC, Visibility.PUBLIC, Visibility.PUBLIC, Visibility.PRIVATE))
        (everybodys,) = readable_by(None)
        async with system.connection() as connection:

            def page(path: str, headers: Mapping[str, str]) -> Action:
                request = connection.request("GET", f"/v1/{path}limit={PAGE}", headers)

                async def ask() -> None:
                    items = (await connection.send(request)).json()["items"]
                    if len(items) != PAGE:
                        raise RuntimeError(f"{path} gave {len(items)} images")

                return ask

            pages = {
                "explore": (page("explore?", {}), everybodys),
                "creations, all": (page("creations?", ann.headers), owned_by(owner)),
                "creations, private": (
                    page("creations?visibility=private&", ann.headers),
                    owned_by(owner, Visibility.PRIVATE),
                ),
            }
            ratios = []
            for name, (ours, wanted) in pages.items():
                oldest = (await _find(system, wanted))[-1]["created_at"]
                queries = {"find": wanted, "bounded find": {**wanted, "created_at": {"$gte": oldest}}}
                for query, told in queries.items():
                    what = f"page of {PAGE}, {name}, against {query}"
                    ratios.append(await compare(what, ours, _query(system, told), pace=pace, samples=SAMPLES))
    return Result(ratios)


def _query(system: System, wanted: Filter) -> Action:
    async def ask() -> None:
        await _find(system, wanted)

    return ask


async def _find(system: System, wanted: Filter) -> list[Document]:
    found = images_of(system).find(
        wanted, {"history": 0}, sort=[("created_at", DESCENDING), ("_id", DESCENDING)], limit=PAGE + 1
    )
    documents = await found.to_list(PAGE + 1)
    if len(documents) != PAGE + 1:
        raise RuntimeError(f"the store gave {len(documents)} images")
    return documents
