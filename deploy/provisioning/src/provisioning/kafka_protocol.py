"""Two requests that aiokafka's admin client doesn't have: SCRAM users (KIP-554) and access control lists."""

import hashlib
import secrets
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest, DescribeAclsRequest_v1
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactBytes, CompactString, Int8, Int16, Int32, Schema, TaggedFields

SCRAM_SHA_512 = 2
_ITERATIONS = 8192


class _ScramAnswer(Response):  # type: ignore[misc]
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _ScramStruct(RequestStruct):  # type: ignore[misc]
    API_KEY = 51
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _ScramAnswer
    SCHEMA = Schema(
        (
            "deletions",
            CompactArray(("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields)),
        ),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _ScramRequest(Request[_ScramStruct]):  # type: ignore[misc]
    API_KEY = 51

    def __init__(self, passwords: dict[str, str]) -> None:
        self._passwords = passwords

    def build(self, request_struct_class: type[_ScramStruct]) -> _ScramStruct:
        upsertions: list[tuple[str, int, int, bytes, bytes, dict[int, bytes]]] = []
        for name, password in self._passwords.items():
            salt = secrets.token_bytes(24)
            salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
            upsertions.append((name, SCRAM_SHA_512, _ITERATIONS, salt, salted, {}))
        return request_struct_class([], upsertions, {})


async def set_scram_passwords(admin: AIOKafkaAdminClient, passwords: dict[str, str]) -> None:
    """Make SCRAM-SHA-512 users, or change their passwords; the broker gets only what it needs to check them.

    Raises:
        KafkaError: the cluster refuses one.
    """
    answer = await admin._send_to_controller(_ScramRequest(passwords))
    for _, code, *_ in answer.results:
        if code:
            raise for_code(code)


Acl = tuple[int, str, int, str, str, int, int]
"""Resource kind, its name, pattern (3: literal), principal, host, operation, permission (3: allow)."""

_ANY = 1


class _DescribeAcls(DescribeAclsRequest):  # type: ignore[misc]
    """aiokafka sends version 2 without its tagged fields, which a broker can't read."""


_DescribeAcls._CLASSES = (DescribeAclsRequest_v1,)


async def list_acls(admin: AIOKafkaAdminClient, principal: str) -> set[Acl]:
    """Give the rights of a principal."""
    request = _DescribeAcls(_ANY, None, _ANY, principal, None, _ANY, _ANY)
    answer = await admin._send_to_controller(request)
    _raise_for(answer.error_code)
    return {
        (kind, name, pattern, who, host, operation, permission)
        for kind, name, pattern, acls in (_plain(it)[:4] for it in answer.resources)
        for who, host, operation, permission in (_plain(it)[:4] for it in acls)
    }


async def add_acl(admin: AIOKafkaAdminClient, acl: Acl) -> None:
    """Grant a right."""
    answer = await admin._send_to_controller(CreateAclsRequest(*acl))
    for code, *_ in answer.creation_responses:
        _raise_for(code)


async def remove_acl(admin: AIOKafkaAdminClient, acl: Acl) -> None:
    """Take a right back."""
    answer = await admin._send_to_controller(DeleteAclsRequest(*acl))
    for code, *_ in answer.filter_responses:
        _raise_for(code)


def _plain(it: Any) -> tuple[Any, ...]:
    return tuple(it)


def _raise_for(code: int) -> None:
    if code:
        raise for_code(code)
