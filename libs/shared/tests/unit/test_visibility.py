"""The one rule, as a function and as filters: they agree, and nothing unknown is granted."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.ids import UserId
from shared.visibility import Visibility, is_live, live_ones, may_view, owned_by, parse_row, readable_by

USERS = st.sampled_from(["ann", "bob", "operator"]).map(UserId)


@dataclass(frozen=True)
class Picture:
    owner_id: UserId
    visibility: Visibility


def matches(document: dict[str, Any], clause: dict[str, Any]) -> bool:
    """What a store does with a filter of equalities and `$in`."""
    return all(
        document.get(name) in wanted["$in"] if isinstance(wanted, dict) else document.get(name) == wanted
        for name, wanted in clause.items()
    )


@given(owner=USERS, viewer=st.none() | USERS, visibility=st.sampled_from(Visibility))
def test_rule_and_filters_agree(owner: UserId, viewer: UserId | None, visibility: Visibility) -> None:
    document = {"owner_id": owner, "visibility": visibility.value}
    granted = any(matches(document, clause) for clause in readable_by(viewer))
    assert granted == may_view(Picture(owner, visibility), viewer)


@given(owner=USERS, viewer=st.none() | USERS, visibility=st.sampled_from(Visibility))
def test_private_is_its_owners_only_and_deleted_is_nobodys(
    owner: UserId, viewer: UserId | None, visibility: Visibility
) -> None:
    granted = may_view(Picture(owner, visibility), viewer)
    if visibility is Visibility.PUBLIC:
        assert granted
    elif visibility is Visibility.PRIVATE:
        assert granted == (viewer == owner)
    else:
        assert not granted


@given(strange=st.none() | st.text() | st.integers())
def test_strange_visibility_is_matched_by_no_filter_and_read_as_none(strange: Any) -> None:
    if strange in {it.value for it in Visibility}:
        return
    document = {"owner_id": "ann", "visibility": strange}
    for viewer in (None, UserId("ann"), UserId("bob")):
        assert not any(matches(document, clause) for clause in readable_by(viewer))
    assert not is_live(strange)
    assert parse_row(document) is None


def test_row_without_visibility_or_in_quarantine_is_read_as_none() -> None:
    assert parse_row({}) is None
    assert parse_row({"visibility": "public", "quarantined": True}) is None
    assert parse_row({"visibility": "public", "quarantined": False}) is Visibility.PUBLIC


def test_owners_lists_leave_deleted_out() -> None:
    deleted = {"owner_id": "ann", "visibility": "deleted"}
    assert not matches(deleted, owned_by(UserId("ann")))
    assert live_ones(None) == [Visibility.PUBLIC, Visibility.PRIVATE]
    assert live_ones(Visibility.PRIVATE) == [Visibility.PRIVATE]
