"""The rows of a file in parts as the starter's, and its settings: what every script needs.

python NAME.py FILE TARGET CONFIG
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
from sklearn.model_selection import train_test_split

file, target, config = sys.argv[1:]
settings = SimpleNamespace(**tomllib.loads(Path(config).read_text(encoding="utf-8"))["model"])
frame = pd.read_csv(file)
X, y = frame.drop(columns=target).astype("float32"), frame[target]
X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)
X, X_val, y, y_val = train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)
