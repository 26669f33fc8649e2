@dataclass(frozen=True)
class Model:
    """The [model] table; configs/train.toml says what each key means."""

    rounds: int
    patience: int
    learning_rate: float
    num_leaves: int
    subsample: float
    l2: float
    class_weight: Literal["none", "balanced"]
    device: Literal["cpu", "gpu", "cuda"]
    threads: int

    def __post_init__(self) -> None:
        if min(self.rounds, self.patience) < 1 or min(self.l2, self.threads) < 0:
            raise ValueError("model.rounds and patience: 1 or more; l2 and threads: 0 or more")
        if not (0 < self.learning_rate <= 1 and 0 < self.subsample <= 1 < self.num_leaves):
            raise ValueError("model.learning_rate, subsample: above 0, to 1; num_leaves: 2 or more")
