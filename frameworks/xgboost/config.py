@dataclass(frozen=True)
class Model:
    """The [model] table; configs/train.toml says what each key means."""

    rounds: int
    patience: int
    learning_rate: float
    max_depth: int
    subsample: float
    l2: float
    class_weight: Literal["none", "balanced"]
    device: Literal["auto", "cpu", "cuda"]
    threads: int

    def __post_init__(self) -> None:
        if min(self.rounds, self.patience, self.max_depth) < 1 or min(self.l2, self.threads) < 0:
            raise ValueError("model.rounds, patience, max_depth: 1 or more; l2, threads: 0 or more")
        if not (0 < self.learning_rate <= 1 and 0 < self.subsample <= 1):
            raise ValueError("model.learning_rate and model.subsample: above 0 and at most 1")
