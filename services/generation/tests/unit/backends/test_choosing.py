"""Which back end the settings give, and what an operator reads when they don't suffice."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from generation.backends import create_backend

SETTINGS: dict[str, Any] = {
    "diffusers_model": None,
    "diffusers_device": "cpu",
    "http_url": None,
    "http_api_key": None,
    "http_model": "default",
    "timeout_s": 10.0,
}


async def test_operator_sets_nothing_gets_procedural() -> None:
    backend = create_backend("procedural", **SETTINGS)
    assert backend.name == "procedural"
    await backend.aclose()


async def test_operator_sets_a_provider_gets_http() -> None:
    settings = SETTINGS | {"http_url": "https://host.example/v1", "http_api_key": SecretStr("key")}
    backend = create_backend("http", **settings)
    assert backend.name == "http"
    await backend.aclose()


@pytest.mark.parametrize("url", [None, "", "host/v1", "ftp://host/v1", "http://", "http://host:x/v1"])
def test_operator_sets_no_usable_address_reads_what_to_do(url: str | None) -> None:
    with pytest.raises(ValueError, match="set HTTP_BACKEND_URL to a base address"):
        create_backend("http", **SETTINGS | {"http_url": url})


def test_operator_sets_an_unknown_name_reads_the_known_ones() -> None:
    name: Any = "oracle"
    with pytest.raises(ValueError, match="procedural, diffusers or http"):
        create_backend(name, **SETTINGS)


def test_operator_sets_no_model_reads_what_to_do(tmp_path: Path) -> None:
    for model in (None, tmp_path, tmp_path / "missing"):
        with pytest.raises(ValueError, match="set DIFFUSERS_MODEL to a folder"):
            create_backend("diffusers", **SETTINGS | {"diffusers_model": model})


@pytest.mark.skipif(importlib.util.find_spec("diffusers") is not None, reason="the diffusers extra is installed")
def test_operator_lacks_the_extra_reads_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text("{}")
    with pytest.raises(ValueError, match=r"install private-generations-generation\[diffusers\]"):
        create_backend("diffusers", **SETTINGS | {"diffusers_model": tmp_path})
