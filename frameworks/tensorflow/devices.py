"""The devices that TensorFlow can compute on here. Other modules take TensorFlow from this one."""

from __future__ import annotations

import os

# All this counts only until TensorFlow is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # sums are the same on any number of cores
os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever the person's other projects use

import numpy as np
import tensorflow

LIBRARY = "tensorflow"


def build() -> str:
    """What the library was built for."""
    facts = tensorflow.sysconfig.get_build_info()
    return f"CUDA {facts['cuda_version']}" if facts.get("is_cuda_build") else "CPU"


def names() -> list[str]:
    """All devices, the most capable last."""
    gpus = tensorflow.config.list_logical_devices("GPU")
    return ["cpu", *(device.name for device in reversed(gpus))]


def check(name: str) -> None:
    """Computes something small on a device; raises whatever goes wrong."""
    with tensorflow.device(name):
        matrix = tensorflow.ones((256, 256))
        product = tensorflow.matmul(matrix, matrix).numpy()
    np.testing.assert_array_equal(product, np.full((256, 256), 256.0))
