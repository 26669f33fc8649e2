"""What a person sees while a model learns: a bar in a terminal, a few lines anywhere else."""

from __future__ import annotations

from tqdm import tqdm

from .learning import Epoch

LINES = 6
"""About so many when there is no terminal."""


class Progress:
    """Shows each epoch. Used as a context, so that the bar is closed however training ends."""

    def __init__(self, epochs: int) -> None:
        self._total = epochs
        self._bar = tqdm(total=epochs, unit="epoch", disable=None)  # None: only in a terminal

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, epoch: Epoch) -> None:
        """Called after each epoch."""
        text = f"loss {epoch.validation_loss:.4f}, accuracy {epoch.validation_accuracy:.4f}"
        self._bar.set_postfix_str(f"validation {text}", refresh=False)
        self._bar.update()
        if self._bar.disable and (epoch.number - 1) % -(-self._total // LINES) == 0:
            print(f"epoch {epoch.number:3} of at most {self._total}: validation {text}", flush=True)
