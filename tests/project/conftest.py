"""What several modules of these tests start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.slurm import MISSING, Cluster, cluster


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if MISSING:
        pytest.skip(f"there is no Slurm on this machine: {', '.join(MISSING)}")
    with cluster(tmp_path_factory.mktemp("slurm")) as made:
        yield made
