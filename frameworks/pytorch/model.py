"""The model: the network, how it is loaded and how it predicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from . import _tables
from ._device import pick
from .config import Config, Model
from .data import Schema

FILE = "model.pt"
EMBEDDING = 8  # numbers that stand for a word
BATCH = 8192  # rows at a time where nothing is learned


class Network(nn.Module):
    """A multi-layer perceptron on scaled numbers and embedded words."""

    def __init__(self, schema: Schema, settings: Model) -> None:
        super().__init__()
        words = [len(known) + 1 for known in schema.columns.values() if known != "number"]
        numbers = len(schema.columns) - len(words)
        self.register_buffer("mean", torch.zeros(numbers))  # of the training rows, like the next
        self.register_buffer("std", torch.ones(numbers))
        self.register_buffer("target", torch.tensor([0.0, 1.0]))  # a regression's mean and std
        self.register_buffer("first", torch.tensor([0, *words]).cumsum(0)[:-1])  # of each column
        self.missing = nn.Parameter(torch.zeros(numbers))  # what stands for no number is learned
        self.embedding = nn.Embedding(max(1, sum(words)), EMBEDDING)
        layers, width = [], numbers + len(words) * EMBEDDING
        for size in settings.hidden:
            layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(settings.dropout)]
            width = size
        self.layers = nn.Sequential(*layers, nn.Linear(width, len(schema.classes or [0])))

    def adapt(self, x: torch.Tensor, y: np.ndarray) -> None:
        """Takes mean and standard deviation of the training rows."""
        for at in range(len(self.mean)):
            known = x[:, at][~x[:, at].isnan()].double()
            if len(known):
                self.mean[at], self.std[at] = known.mean(), known.std(unbiased=False) or 1
        if y.dtype.kind == "f":
            self.target[:] = torch.tensor([y.mean(), y.std() or 1])

    def scaled(self, y: np.ndarray) -> torch.Tensor:
        """What the outputs shall be: codes of classes, or numbers about 0."""
        mean, std = self.target.tolist()
        return torch.from_numpy(y if y.dtype.kind == "i" else ((y - mean) / std).astype("float32"))

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (batch, numbers + words)
        numbers, codes = x[:, : len(self.mean)], x[:, len(self.mean) :].long()
        scaled = ((numbers - self.mean) / self.std).clamp(-10, 10)
        scaled = torch.where(numbers.isnan(), self.missing, scaled)  # (batch, numbers)
        words = self.embedding(codes + self.first).flatten(1)  # (batch, words * EMBEDDING)
        outputs = self.layers(torch.cat([scaled, words], dim=1))  # (batch, classes), or (batch, 1)
        return outputs.squeeze(1)  # a regression: (batch,)


def tensor(X: pd.DataFrame) -> torch.Tensor:
    """All columns as float32: the numbers, then the codes of words; 0 is a missing word."""
    return torch.from_numpy(_tables.array(X))


@torch.inference_mode()
def infer(network: Network, x: torch.Tensor) -> torch.Tensor:
    """The outputs for all rows, on the network's device."""
    network.eval()
    return torch.cat([network(rows.to(network.mean.device)) for rows in x.split(BATCH)])


def predict(network: Network, X: pd.DataFrame) -> np.ndarray:
    """The probability of each class (rows, classes), or the number of each row (rows,)."""
    outputs = infer(network, tensor(X)).cpu().double()
    mean, std = network.target.tolist()
    return (outputs.softmax(1) if outputs.dim() == 2 else outputs * std + mean).numpy()


def load(path: Path, config: Config, schema: Schema) -> Network:
    network = Network(schema, config.model)  # of the file, tensors only: no code in it runs
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.to(pick(config.model))
