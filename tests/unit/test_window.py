"""How old a package must be, in whatever words uv and pip take it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from env import window
from env.errors import EnvError

TODAY = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("7 days", "2026-11-19T00:00:00+00:00"),
        ("1 week", "2026-11-19T00:00:00+00:00"),
        ("P7D", "2026-11-19T00:00:00+00:00"),
        ("PT36H", "2026-11-24T12:00:00+00:00"),
        ("1 week, 2 days", "2026-11-17T00:00:00+00:00"),
        ("2026-11-01", "2026-11-01T00:00:00+00:00"),
        ("2026-11-01T12:00:00Z", "2026-11-01T12:00:00+00:00"),
        ("2026-11-01T12:00:00+02:00", "2026-11-01T12:00:00+02:00"),
    ],
)
def test_an_age_or_a_day_is_a_moment(text: str, means: str) -> None:
    assert window.moment(text, TODAY) == datetime.fromisoformat(means)


@pytest.mark.parametrize("text", ["soon", "1 month", "P1M", "7", "", "30 minutes"])
def test_what_is_neither_is_no_permission(text: str) -> None:
    environ = {"UV_EXCLUDE_NEWER": text or "-", "PIP_CONFIG_FILE": "/dev/null", "HOME": "/nowhere"}
    with pytest.raises(EnvError, match="How old a package must be cannot be read"):
        window.begin({"exclude-newer": "7 days"}, environ, None, fresh=True, retry="lock")
