# Owned by the template: `copier update` merges its changes with yours.
"""Where TensorFlow computes and in which numbers, and what chance begins with."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read at the import; the rest is for builders
import tensorflow as tf


# `settings` is config.Model; projects from before have it as model.Settings.
def pick(settings: Any) -> str:
    """Chooses the device to compute on, and how many threads the processor takes."""
    kind, _, number = settings.device.partition(":")
    gpus = tf.config.list_physical_devices("GPU")
    gpus = gpus if kind == "auto" else gpus[int(number or 0) :][:1] if kind == "gpu" else []
    if kind not in ("auto", "cpu") and not gpus:
        remedy = "Say model.device=cpu, or auto."
        raise SystemExit(f"TensorFlow has no {settings.device!r} here. {remedy}")
    try:
        tf.config.set_visible_devices(gpus, "GPU")
        tf.config.threading.set_intra_op_parallelism_threads(settings.threads)
        tf.config.threading.set_inter_op_parallelism_threads(settings.threads)
    except RuntimeError as error:  # in a notebook, say: another model was there before
        print(f"note: TensorFlow goes on as it began ({error})")
    return gpus[0].name if gpus else "cpu"


def precision(settings: Any) -> str:
    """What layers compute in. NVIDIA's GPUs before Ampere have no bfloat16."""
    gpus = tf.config.get_visible_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    modern = any(each.get("compute_capability", (0, 0)) >= (8, 0) for each in details)
    half = settings.precision == "bfloat16" or (settings.precision == "auto" and modern)
    return "mixed_bfloat16" if half else "float32"


def number_of(seed: int, epoch: int) -> int:
    """Chance begins anew in each epoch, so that a resumed run ends as the whole one."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
