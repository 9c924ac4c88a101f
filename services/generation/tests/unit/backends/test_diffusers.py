"""The diffusers back end with a tiny model of random weights that the test makes; no model is downloaded."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

diffusers = pytest.importorskip("diffusers", reason="needs the optional packages of the extra `diffusers`")
torch = pytest.importorskip("torch", reason="needs the optional packages of the extra `diffusers`")
transformers = pytest.importorskip("transformers", reason="needs the optional packages of the extra `diffusers`")

from generation.backends import Backend, RenderFailed, RenderRequest, create_backend  # noqa: E402 (after the skip)

pytestmark = pytest.mark.diffusers

SECRET = "zanzibar"

Inspect = Any


def request(prompt: str = "a cat", seed: int = 1, side: int = 64) -> RenderRequest:
    return RenderRequest(prompt=prompt, seed=seed, width=side, height=side)


def ignore(_: float) -> None:
    pass


def tiny_tokenizer(folder: Path) -> Any:
    letters = [chr(code) for code in [*range(33, 127), *range(161, 173), *range(174, 323)]][:256]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return transformers.CLIPTokenizer.from_pretrained(folder, local_files_only=True, model_max_length=77)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model that paints noise."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("model")
    tokenizer = tiny_tokenizer(folder / "words")
    text = transformers.CLIPTextConfig(
        hidden_size=32,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        vocab_size=514,
        bos_token_id=512,
        eos_token_id=513,
        pad_token_id=513,
    )
    pipeline = diffusers.StableDiffusionPipeline(
        unet=diffusers.UNet2DConditionModel(
            block_out_channels=(32, 64),
            layers_per_block=1,
            sample_size=32,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=32,
        ),
        vae=diffusers.AutoencoderKL(
            block_out_channels=(32, 64),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
        ),
        text_encoder=transformers.CLIPTextModel(text),
        tokenizer=tokenizer,
        scheduler=diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    saved = folder / "saved"
    pipeline.save_pretrained(saved)
    return saved


def backend_of(model: Path) -> Backend:
    return create_backend(
        "diffusers",
        diffusers_model=model,
        diffusers_device="cpu",
        http_url=None,
        http_api_key=None,
        http_model="",
        timeout_s=60,
    )


@pytest.fixture
async def backend(model: Path) -> AsyncGenerator[Backend, None]:
    backend = backend_of(model)
    yield backend
    await backend.aclose()


async def test_caller_gets_the_same_clean_picture_twice(backend: Backend, inspect: Inspect) -> None:
    told: list[float] = []
    one = await backend.render(request(), told.append)
    other = await backend.render(request(), ignore)
    assert one == other
    assert inspect(one).size == (64, 64)
    assert inspect(one).chunks == {b"IHDR", b"IDAT", b"IEND"}
    assert len(told) > 10
    assert all(before < after for before, after in pairwise(told))
    assert told[-1] == 1


async def test_other_seed_and_other_prompt_give_other_pictures(backend: Backend) -> None:
    pictures = {
        await backend.render(asked, ignore) for asked in (request(), request(seed=2), request(prompt="a dog in rain"))
    }
    assert len(pictures) == 3


async def test_caller_cancels_and_no_step_follows(backend: Backend) -> None:
    told: list[float] = []
    second_step = asyncio.Event()

    def on_progress(fraction: float) -> None:
        told.append(fraction)
        if fraction > 0.08:
            second_step.set()

    render = asyncio.create_task(backend.render(request(side=128), on_progress))
    await second_step.wait()
    render.cancel()
    with pytest.raises(asyncio.CancelledError):
        await render
    assert max(told) < 0.9
    # The one thread is free again, and the model unharmed.
    assert (await backend.render(request(), ignore)).startswith(b"\x89PNG")


async def test_long_prompt_is_in_no_log_and_not_on_the_terminal(
    backend: Backend, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    await backend.render(request(prompt=f"{SECRET} " * 60), ignore)
    seen = capfd.readouterr()
    assert SECRET not in caplog.text + seen.out + seen.err


async def test_size_the_model_cannot_make_fails_without_its_words(backend: Backend) -> None:
    with pytest.raises(RenderFailed) as failure:
        await backend.render(request(prompt=SECRET, side=67), ignore)
    assert failure.value.code == "model_failed"
    assert SECRET not in failure.value.detail


async def test_broken_model_fails_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text("{}")
    backend = backend_of(tmp_path)
    with pytest.raises(RenderFailed) as failure:
        await backend.render(request(), ignore)
    await backend.aclose()
    assert failure.value.code == "model_failed"
