"""The model: the only module that knows the learning library, so another one replaces this file.

What the others rely on: FILE_NAME, ModelConfig, and Model, a Learner.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from .devices import pick
from .learning import ran_away
from .networks import Network, NetworkConfig, softmax

FILE_NAME = "model.pt"


@dataclass(frozen=True)
class ModelConfig(NetworkConfig):
    """The [model] table of the configuration."""

    device: str
    threads: int

    def problem(self) -> str | None:
        """What is wrong with the values, or None."""
        return "threads must be at least 1" if self.threads < 1 else super().problem()


class Model(Network):
    """A neural network of PyTorch."""

    config_type = ModelConfig
    config: ModelConfig

    def _begin(self, inputs: np.ndarray, targets: np.ndarray) -> Any:
        scaled, targets = super()._begin(inputs, targets)
        torch.set_num_threads(self.config.threads)
        self._device = pick(self.config.device)
        with torch.random.fork_rng(devices=[]):  # first weights are drawn on the processor
            torch.manual_seed(self.seed)
            self._network = self._new_network()
        self._optimizer = torch.optim.Adam(
            self._network.parameters(), self.config.learning_rate, weight_decay=self.config.l2
        )
        return self._tensor(scaled), self._tensor(targets)

    def _one_epoch(self, rows: Any, number: int) -> None:
        inputs, targets = rows
        # Half the bits make a GPU faster; elsewhere they would only lose precision.
        mixed = self._device.type == "cuda"
        self._network.train()
        for places in self._batches(len(inputs), number):
            batch = self._tensor(places)
            with torch.autocast(self._device.type, torch.bfloat16, mixed):
                scores = self._network(inputs[batch])
                loss = nn.functional.cross_entropy(scores, targets[batch])
            self._optimizer.zero_grad()
            loss.backward()
            try:
                self._optimizer.step()
            except RuntimeError as error:
                if "overflow" not in str(error):
                    raise
                raise ran_away() from None

    def _probabilities(self, inputs: np.ndarray) -> np.ndarray:
        self._network.eval()
        with torch.inference_mode():
            scores = self._network(self._tensor(self._scaled(inputs)))
        return softmax(scores.cpu().numpy())

    def _weights(self) -> dict[str, Any]:
        return copy.deepcopy(self._network.state_dict())

    def _set_weights(self, weights: dict[str, Any]) -> None:
        if not hasattr(self, "_network"):  # out of a file, maybe of another machine's GPU
            self._device = pick("auto")
            self._network = self._new_network()
        self._network.load_state_dict(weights)

    def _progress(self) -> dict[str, Any]:
        return self._optimizer.state_dict()

    def _set_progress(self, progress: dict[str, Any]) -> None:
        self._optimizer.load_state_dict(progress)

    @staticmethod
    def _write(path: Path, about: dict[str, Any], parts: dict[str, Any]) -> None:
        with path.open("wb") as stream:  # PyTorch takes not every path for a name
            torch.save({"about": about, "parts": parts}, stream)

    @staticmethod
    def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """Reads tensors and plain values only, so that no code runs."""
        content = torch.load(path, map_location="cpu", weights_only=True)
        return content["about"], content["parts"]

    def _new_network(self) -> nn.Sequential:
        sizes = self._sizes()
        layers: list[nn.Module] = []
        for at, size in enumerate(sizes[1:]):
            layers += [nn.Linear(sizes[at], size), nn.ReLU()]
        return nn.Sequential(*layers[:-1]).to(self._device)

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self._device)
