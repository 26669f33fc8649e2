@dataclass(frozen=True)
class Model:
    """The [model] table; configs/train.toml says what each key means."""

    rounds: int
    learning_rate: float
    max_leaf_nodes: int
    l2: float
    class_weight: Literal["none", "balanced"]
    threads: int

    def __post_init__(self) -> None:
        if self.rounds < 1 or self.max_leaf_nodes < 2 or self.threads < 0:
            raise ValueError("model.rounds, max_leaf_nodes or threads is too small")
