import pytest
from fastapi import Request, Response

from download.byte_responses import bytes_response, not_modified

BODY = bytes(range(100))
SAFETY = {
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


def request(method: str = "GET", **headers: str | list[str]) -> Request:
    raw = [
        (name.replace("_", "-").encode(), value.encode("latin-1"))
        for name, values in headers.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    return Request({"type": "http", "method": method, "path": "/", "query_string": b"", "headers": raw})


def answer(
    asked: Request,
    *,
    body: bytes = BODY,
    is_public: bool = True,
    etag: str | None = "tag-1",
    attachment: str | None = None,
    vary: str | None = None,
) -> Response:
    return bytes_response(
        asked, body, media_type="image/png", is_public=is_public, etag=etag, attachment=attachment, vary=vary
    )


def test_public_bytes_are_revalidated_at_each_use() -> None:
    response = answer(request())
    assert (response.status_code, response.body) == (200, BODY)
    assert dict(response.headers) == SAFETY | {
        "cache-control": "private, no-cache",
        "etag": '"tag-1"',
        "accept-ranges": "bytes",
        "content-length": "100",
        "content-type": "image/png",
    }


def test_private_bytes_are_stored_by_nobody_and_have_no_tag() -> None:
    response = answer(request(), is_public=False)
    assert (response.status_code, response.body) == (200, BODY)
    assert dict(response.headers) == SAFETY | {
        "cache-control": "private, no-store",
        "accept-ranges": "bytes",
        "content-length": "100",
        "content-type": "image/png",
    }


@pytest.mark.parametrize("condition", ["*", '"tag-1"', 'W/"tag-1"'])
def test_private_bytes_are_sent_whatever_the_client_says_it_has(condition: str) -> None:
    response = answer(request(if_none_match=condition), is_public=False)
    assert (response.status_code, response.body) == (200, BODY)


@pytest.mark.parametrize("is_public", [True, False])
@pytest.mark.parametrize(
    "headers",
    [{}, {"if_none_match": "*"}, {"range": "bytes=0-1"}, {"range": "bytes=200-"}, {"range": "bytes=x"}],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_answer_is_ever_shared_or_left_to_sniffing(is_public: bool, headers: dict[str, str], method: str) -> None:
    response = answer(request(method, **headers), is_public=is_public, vary="Accept", attachment="image.png")
    assert response.headers["cache-control"] in {"private, no-store", "private, no-cache"}
    assert is_public or response.headers["cache-control"] == "private, no-store"
    assert is_public or "etag" not in response.headers
    assert SAFETY.items() <= dict(response.headers).items()


@pytest.mark.parametrize(
    ("field", "same"),
    [
        ("*", True),
        (" * ", True),
        ('"tag-1"', True),
        ('W/"tag-1"', True),
        ('"other", "tag-1"', True),
        ('"other",W/"tag-1" , "third"', True),
        (['"other"', '"tag-1"'], True),
        (', "tag-1",', True),
        ('"other"', False),
        ('"a,b", "c"', False),
        ('"TAG-1"', False),
        ("tag-1", False),
        ('"*"', False),
        ('"tag-1', False),
        ("", False),
        ('"', False),
    ],
)
def test_if_none_match_is_compared_weakly_with_each_of_a_list(field: str | list[str], same: bool) -> None:
    asked = request(if_none_match=field)
    assert not_modified(asked, "tag-1") is same
    assert answer(asked).status_code == (304 if same else 200)


def test_without_condition_nothing_is_unmodified() -> None:
    assert not not_modified(request(), "tag-1")


def test_unmodified_counts_for_get_and_head_only() -> None:
    assert not_modified(request("HEAD", if_none_match="*"), "tag-1")
    assert not not_modified(request("POST", if_none_match="*"), "tag-1")


def test_304_has_the_headers_of_the_200_and_needs_no_bytes() -> None:
    whole = dict(answer(request(), vary="Accept", attachment="image.png").headers)
    conditional = request(if_none_match='"tag-1"', range="bytes=0-1")
    unmodified = answer(conditional, body=b"", vary="Accept", attachment="image.png")
    assert (unmodified.status_code, unmodified.body) == (304, b"")
    for name in ("accept-ranges", "content-length", "content-type"):
        del whole[name]
    assert dict(unmodified.headers) == whole


@pytest.mark.parametrize("is_public", [True, False])
def test_head_says_what_get_would_without_the_bytes(is_public: bool) -> None:
    head = answer(request("HEAD", range="bytes=0-1"), is_public=is_public, attachment="image.png")
    get = answer(request(), is_public=is_public, attachment="image.png")
    assert (head.status_code, head.body) == (200, b"")
    assert dict(head.headers) == dict(get.headers)
    assert head.headers["content-length"] == "100"


def test_attachment_carries_the_callers_neutral_name() -> None:
    response = answer(request(), attachment="image.avif")
    assert response.headers["content-disposition"] == 'attachment; filename="image.avif"'


@pytest.mark.parametrize("name", ['a"b.png', "a\r\nb.png", "a/b.png", "", ".hidden", "schloß.png", "a b.png"])
def test_name_that_a_header_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        answer(request(), attachment=name)


@pytest.mark.parametrize("etag", ['"tag"', "", "a b", "a\nb", "ä"])
def test_tag_that_a_header_cannot_hold_is_refused(etag: str) -> None:
    with pytest.raises(ValueError, match="entity tag"):
        answer(request(), etag=etag)
