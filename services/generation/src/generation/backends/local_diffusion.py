"""Pictures from a diffusion model in a local folder, with the optional packages of the extra `diffusers`."""

import logging
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers

from generation.backends.png import clean_png
from generation.backends.port import ProgressListener, RenderFailed, RenderRefused, RenderRequest
from generation.backends.rendering_thread import RenderingThread, Report

log = logging.getLogger(__name__)

LOADED, DENOISED = 0.05, 0.95
"""Parts done once the model is in memory, and once its last step is."""


class DiffusersBackend:
    """One model, one picture at a time. Nothing is ever downloaded, and no pickle is loaded."""

    name = "diffusers"

    def __init__(self, model: Path, device: str) -> None:
        self._model, self._device = model, device
        self._pipeline: Any = None
        self._thread = RenderingThread("diffusion", at_once=1)
        # Their warnings quote the part of a prompt that a model could not take in.
        diffusers.utils.logging.set_verbosity_error()
        transformers.utils.logging.set_verbosity_error()

    async def render(self, request: RenderRequest, on_progress: ProgressListener) -> bytes:
        """Make one picture. The first call loads the model, which can't be interrupted; a step takes the cancel."""
        return await self._thread.run(lambda report: self._render(request, report), on_progress)

    async def aclose(self) -> None:
        """Let the model go."""
        self._thread.close()
        self._pipeline = None

    def _render(self, request: RenderRequest, report: Report) -> bytes:
        report(0.01)
        try:
            pipeline = self._loaded()
            report(LOADED)
            result = pipeline(
                prompt=request.prompt,
                width=request.width,
                height=request.height,
                # From the CPU's generator a seed means the same picture on every device.
                generator=torch.Generator("cpu").manual_seed(request.seed),
                callback_on_step_end=_on_step_end(report),
            )
        except (RuntimeError, ValueError, LookupError, TypeError, OSError) as error:
            # What torch (out of memory included) and broken model folders raise. Texts may quote the prompt: only the
            # type is told.
            log.warning("diffusion failed", extra={"error": type(error).__name__})
            raise RenderFailed("model_failed", "The model could not make this picture.") from None
        if any(getattr(result, "nsfw_content_detected", None) or ()):
            raise RenderRefused("model_refused", "The model's safety filter held the picture back.")
        encoded = clean_png(result.images[0])
        report(1.0)
        return encoded

    def _loaded(self) -> Any:
        if self._pipeline is None:
            dtype = torch.float32 if self._device == "cpu" else torch.float16
            pipeline = diffusers.DiffusionPipeline.from_pretrained(
                self._model, local_files_only=True, use_safetensors=True, dtype=dtype
            )
            pipeline.set_progress_bar_config(disable=True)
            self._pipeline = pipeline.to(self._device)
        return self._pipeline


def _on_step_end(report: Report) -> Any:
    def on_step_end(pipeline: Any, step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        # Raises when the caller has gone: the pipeline's own `_interrupt` would go on to decode a picture.
        report(LOADED + (DENOISED - LOADED) * (step + 1) / pipeline.num_timesteps)
        return tensors

    return on_step_end
