@dataclass(frozen=True)
class Model:
    """The [model] table; configs/train.toml says what each key means."""

    epochs: int
    patience: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    hidden: tuple[int, ...]
    dropout: float
    class_weight: Literal["none", "balanced"]
    device: str
    precision: Literal["auto", "float32", "bfloat16", "float16"]
    threads: int

    def __post_init__(self) -> None:
        if min(self.epochs, self.patience, self.batch_size, *self.hidden) < 1:
            raise ValueError("epochs, patience, batch_size and each of hidden must be at least 1")
        if min(self.learning_rate, self.weight_decay, self.dropout, self.threads) < 0:
            raise ValueError("no number in [model] may be below 0")
