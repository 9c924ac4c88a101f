"""The subscriptions' collection: reads, conditional writes, what is due."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from entitlement.domain import Subscription
from shared.bus.broker import Place
from shared.consistency import UNENFORCED, PlaceView
from shared.contracts import PlanChanged
from shared.ids import ChangeId, UserId, new_change_id
from shared.mongo import Collection, Database, Document
from shared.publication import cleared
from shared.read_model import to_document

_STATE = ("plan", "state", "members", "period_end", "scheduled")


class SubscriptionRepository:
    """All that touches subscriptions."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["subscriptions"]

    async def create_indexes(self) -> None:
        """Make the indexes; idempotent."""
        await self.collection.create_index("scheduled.at")
        await self.collection.create_index("enforcing", name="enforcing", partialFilterExpression=UNENFORCED)

    async def get(self, user_id: UserId) -> Subscription:
        """Give somebody's subscription; who never had one is on the free plan."""
        found = await self.collection.find_one({"_id": user_id})
        return Subscription(user_id=user_id) if found is None else Subscription.model_validate(found)

    async def document(self, user_id: UserId) -> Document | None:
        """Give the stored document as it is."""
        return await self.collection.find_one({"_id": user_id})

    async def save(
        self, before: Subscription, after: Subscription, change_id: ChangeId, at: datetime
    ) -> Document | None:
        """Write `after` if `before` is still what is stored; give the document, or None when it isn't."""
        document = {
            **_state(after),
            "version": before.version + 1,
            "changed_at": at,
            "change_id": change_id,
            "unpublished": True,
            "enforcing": True,
            "enforced_at": None,
            "places": [],
        }
        if before.version == 0:
            try:
                await self.collection.insert_one(
                    {"_id": before.user_id, "schema_version": 1, "published": None, **document}
                )
            except DuplicateKeyError:
                return None
        else:
            result = await self.collection.update_one(
                {"_id": before.user_id, "version": before.version}, {"$set": document}
            )
            if result.matched_count == 0:
                return None
        return {"_id": before.user_id, **document}

    async def due(self, now: datetime, limit: int) -> list[Subscription]:
        """Give subscriptions whose scheduled change is due."""
        found = await self.collection.find({"scheduled.at": {"$lte": now}}, limit=limit).to_list(limit)
        return [Subscription.model_validate(it) for it in found]

    async def unenforced(self, before: datetime, limit: int) -> list[Document]:
        """Give subscriptions that were changed by `before` and whose current version isn't known to be everywhere."""
        wanted = {**UNENFORCED, "changed_at": {"$lte": before}}
        return await self.collection.find(wanted, limit=limit).to_list(limit)

    async def mark(
        self, sent: Sequence[tuple[Document, Place | None]], places: list[PlaceView], *, enforced: bool
    ) -> None:
        """Note what was sent, where it has arrived, and whether that is everywhere."""
        writes = []
        for document, place in sent:
            noted: Document = {} if place is None else cleared(document, place)
            noted["places"] = [it.model_dump() for it in places]
            if enforced:
                noted |= {"enforcing": False, "enforced_at": datetime.now(UTC)}
            writes.append(UpdateOne({"_id": document["_id"], "version": document["version"]}, {"$set": noted}))
        if writes:
            await self.collection.bulk_write(writes, ordered=False)

    async def adopt(self, event: PlanChanged) -> None:
        """Take a newer state from the log into the truth: this store was restored from an older copy."""
        restored = Subscription.model_validate({**event.model_dump(), "_id": event.user_id})
        try:
            await self.collection.update_one(
                {"_id": event.user_id, "version": {"$lt": event.version}},
                {
                    "$set": {
                        **_state(restored),
                        "version": event.version,
                        "changed_at": event.changed_at,
                        "change_id": new_change_id(),
                        "unpublished": True,
                        "enforcing": True,
                        "enforced_at": None,
                        "places": [],
                    },
                    "$setOnInsert": {"schema_version": 1, "published": None},
                },
                upsert=True,
            )
        except DuplicateKeyError:
            return  # the truth went on meanwhile

    async def reaffirm(self, key: str, above: int) -> None:
        """Raise a subscription's version as it is and flag it: its next record supersedes what can't be read."""
        raised = {"$add": [{"$max": ["$version", above]}, 1]}
        await self.collection.update_one(
            {"_id": key},
            [
                {
                    "$set": {
                        "version": raised,
                        "unpublished": True,
                        "enforcing": True,
                        "changed_at": datetime.now(UTC),
                    }
                }
            ],
        )


def _state(subscription: Subscription) -> Document:
    state: Document = to_document(subscription.model_dump(include=set(_STATE)))
    return state
