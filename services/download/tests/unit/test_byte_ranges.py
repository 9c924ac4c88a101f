import pytest
from fastapi import Request, Response
from hypothesis import given
from hypothesis import strategies as st

from download.byte_responses import bytes_response

BODY = bytes(range(100))


def request(method: str = "GET", **headers: str | list[str]) -> Request:
    raw = [
        (name.replace("_", "-").encode(), value.encode("latin-1"))
        for name, values in headers.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    return Request({"type": "http", "method": method, "path": "/", "query_string": b"", "headers": raw})


def answer(asked: Request, *, body: bytes = BODY, is_public: bool = True) -> Response:
    return bytes_response(asked, body, media_type="image/png", is_public=is_public, etag="tag-1")


@pytest.mark.parametrize("is_public", [True, False])
@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=0-99", range(100)),
        ("bytes=10-19", range(10, 20)),
        ("bytes=90-", range(90, 100)),
        ("bytes=90-1000", range(90, 100)),
        ("bytes=-10", range(90, 100)),
        ("bytes=-1000", range(100)),
        ("BYTES= 5-6 ", range(5, 7)),
    ],
)
def test_one_range_is_answered_with_that_part(field: str, expected: range, is_public: bool) -> None:
    response = answer(request(range=field), is_public=is_public)
    assert (response.status_code, response.body) == (206, BODY[expected.start : expected.stop])
    assert response.headers["content-range"] == f"bytes {expected.start}-{expected.stop - 1}/100"
    assert response.headers["content-length"] == str(len(expected))
    assert response.headers["content-type"] == "image/png"
    assert response.headers.get("etag") == ('"tag-1"' if is_public else None)


@pytest.mark.parametrize("field", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=-00", "bytes=999999999999-"])
def test_range_beyond_the_end_is_a_416_with_the_size(field: str) -> None:
    response = answer(request(range=field))
    assert response.status_code == 416
    assert response.headers["content-range"] == "bytes */100"
    assert response.headers["cache-control"] == "private, no-store"
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "field",
    [
        "bytes=0-1,5-6",
        "bytes=5-4",
        "bytes=-",
        "bytes=",
        "bytes",
        "bytes=a-b",
        "bytes=1-2-3",
        "bytes=+1-2",
        "bytes=1 -2",
        "bytes=²-3",
        "items=0-1",
        "bytes=-" + "9" * 5000,
        ["bytes=0-1", "bytes=2-3"],
    ],
)
def test_malformed_or_several_ranges_are_answered_with_everything(field: str | list[str]) -> None:
    response = answer(request(range=field))
    assert (response.status_code, response.body) == (200, BODY)


@pytest.mark.parametrize(
    ("condition", "is_public", "status"),
    [
        ('"tag-1"', True, 206),
        ('W/"tag-1"', True, 200),
        ('"tag-2"', True, 200),
        ("tag-1", True, 200),
        ("Wed, 25 Nov 2026 09:00:00 GMT", True, 200),
        ('"tag-1"', False, 200),
    ],
)
def test_if_range_sends_the_part_only_of_the_same_bytes(condition: str, is_public: bool, status: int) -> None:
    assert answer(request(range="bytes=0-1", if_range=condition), is_public=is_public).status_code == status


@given(body=st.binary(min_size=1, max_size=60), first=st.integers(0, 80), last=st.none() | st.integers(0, 80))
def test_range_gives_the_bytes_a_slice_gives(body: bytes, first: int, last: int | None) -> None:
    response = answer(request(range=f"bytes={first}-{'' if last is None else last}"), body=body)
    if last is not None and last < first:
        assert (response.status_code, response.body) == (200, body)
    elif first >= len(body):
        assert response.status_code == 416
    else:
        assert (response.status_code, response.body) == (206, body[first : None if last is None else last + 1])


@given(body=st.binary(min_size=1, max_size=60), count=st.integers(1, 80))
def test_suffix_gives_the_bytes_a_slice_gives(body: bytes, count: int) -> None:
    response = answer(request(range=f"bytes=-{count}"), body=body)
    assert (response.status_code, response.body) == (206, body[-count:])


header_text = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
range_like = st.from_regex(r"[bB]ytes=[ 0-9,\-]{0,12}", fullmatch=True)


@given(ranges=header_text | range_like, none_match=header_text, if_range=st.none() | header_text, body=st.binary())
def test_no_header_whatever_makes_an_error_or_bytes_of_elsewhere(
    ranges: str, none_match: str, if_range: str | None, body: bytes
) -> None:
    headers = {"range": ranges, "if_none_match": none_match} | ({} if if_range is None else {"if_range": if_range})
    response = answer(request(**headers), body=body)
    assert response.status_code in {200, 206, 304, 416}
    if response.status_code == 206:
        start, end = response.headers["content-range"].removeprefix("bytes ").split("/")[0].split("-")
        assert bytes(response.body) == body[int(start) : int(end) + 1] != b""
    elif response.status_code == 200:
        assert response.body == body
