"""What a table may hold, and what is said of one that cannot be learned from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

ROWS = 120
Train = Callable[..., Path]


def churn(rows: int = ROWS) -> pd.DataFrame:
    """Numbers, text in several scripts, dates, flags, codes, ids; each with gaps."""
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "customer id": [f"c{number}" for number in range(rows)],
            "Alter": random.integers(18, 90, rows).astype(float),
            "Stadt": random.choice(["Berlin", "NA", "München", "東京"], rows),
            "signup": pd.Timestamp("2020-01-01") + pd.to_timedelta(range(rows), unit="D"),
            "aktiv": random.choice(["true", "false"], rows),
            "PLZ": [f"0{number:04}" for number in random.integers(0, 9, rows)],
            "Kündigt im nächsten Monat?": np.where(random.random(rows) < 0.2, "ja", "nein ✓"),
        }
    )
    table["signup"] = table["signup"].dt.strftime("%Y-%m-%d")
    for name in ("Alter", "Stadt", "signup", "aktiv"):
        table.loc[random.random(rows) < 0.1, name] = None
    return table


CHURN = ("data.target=Kündigt im nächsten Monat?", 'data.drop=["customer id"]')


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def predicted(starter: SimpleNamespace, file: str) -> pd.DataFrame:
    starter.predict.main([file])
    return pd.read_csv("predictions.csv", keep_default_na=False)


def test_a_table_as_it_comes_is_learned_from(starter: SimpleNamespace, train: Train) -> None:
    churn().to_csv("own.csv", index=False)
    run = train("data.file=own.csv", *CHURN)
    schema = read(run / "schema.json")
    assert schema["classes"] == ["nein ✓", "ja"]
    assert schema["columns"]["Stadt"] == ["Berlin", "München", "NA", "東京"]
    assert schema["columns"]["PLZ"][0].startswith("0")
    assert schema["kinds"]["signup"] == "date"
    table = predicted(starter, "own.csv")
    assert list(table) == ["customer id", "prediction", "probability_nein ✓", "probability_ja"]
    assert set(table["prediction"]) <= {"nein ✓", "ja"}
    assert len(table) == ROWS


@pytest.mark.parametrize("form", ["own.csv.gz", "semicolons.csv", "bom.csv", "own.parquet"])
def test_the_form_of_the_file_does_not_matter(
    form: str, starter: SimpleNamespace, train: Train
) -> None:
    table = churn()
    table.to_csv("own.csv", index=False)
    if form.endswith(".parquet"):
        pytest.importorskip("pyarrow")
        typed = table.assign(signup=pd.to_datetime(table["signup"]))
        typed["Stadt"] = typed["Stadt"].astype("category")
        typed.to_parquet(form)
    else:
        sep, encoding = ";" if form == "semicolons.csv" else ",", "utf-8"
        table.to_csv(
            form, index=False, sep=sep, encoding="utf-8-sig" if form == "bom.csv" else encoding
        )
    one, two = (train(f"data.file={file}", *CHURN) for file in ("own.csv", form))
    assert read(one / "metrics.json") == read(two / "metrics.json")
    first = predicted(starter, "own.csv")
    assert first.equals(predicted(starter, form))


def test_numbers_with_a_decimal_comma_are_numbers(train: Train) -> None:
    size = [f"{number},5" for number in range(ROWS)]
    table = pd.DataFrame({"size": size, "kind": ["a", "b"] * (ROWS // 2)})
    table.to_csv("own.csv", index=False, sep=";")
    run = train("data.file=own.csv", "data.target=kind")
    assert read(run / "schema.json")["kinds"]["size"] == "number"


@pytest.mark.parametrize("form", ["{:,}", "{}%", "{:02}.12.2026", "$ {}.50"])
def test_numbers_and_dates_in_another_form_are_told(
    form: str, train: Train, capsys: pytest.CaptureFixture[str]
) -> None:
    size = [form.format(number * 97) for number in range(ROWS)]
    table = pd.DataFrame({"size": size, "age": ["18-25", "26-99"] * (ROWS // 2)})
    table.assign(kind=["a", "b", "b"] * (ROWS // 3)).to_csv("own.csv", index=False)
    train("data.file=own.csv", "data.target=kind")
    said = capsys.readouterr().out
    assert "note: 'size' holds texts such as" in said
    assert "note: 'age'" not in said


def test_spaces_around_texts_make_no_others(starter: SimpleNamespace, train: Train) -> None:
    kind = ["a", "a ", " b", "b"] * (ROWS // 4)
    town = ["Oslo", " Oslo", "Bonn ", "  "] * (ROWS // 4)
    pd.DataFrame({"town": town, "kind": kind}).to_csv("own.csv", index=False)
    schema = read(train("data.file=own.csv", "data.target=kind") / "schema.json")
    assert schema["classes"] == ["a", "b"]
    assert schema["columns"]["town"] == ["Bonn", "Oslo"]
    assert set(predicted(starter, "own.csv")["prediction"]) <= {"a", "b"}


def test_a_saved_index_is_told_and_predicted_from(
    starter: SimpleNamespace, train: Train, capsys: pytest.CaptureFixture[str]
) -> None:
    churn().to_csv("own.csv")
    train("data.file=own.csv", *CHURN)
    assert "note: a column has no name" in capsys.readouterr().out
    assert len(predicted(starter, "own.csv")) == ROWS
    train("data.file=own.csv", CHURN[0], 'data.drop=["", "customer id"]')
    assert "note: a column has no name" not in capsys.readouterr().out
    assert list(predicted(starter, "own.csv"))[:2] == ["Unnamed: 0", "customer id"]


def test_a_column_of_lists_is_named(train: Train) -> None:
    pytest.importorskip("pyarrow")
    table = pd.DataFrame({"parts": [[1, 2]] * ROWS, "kind": ["a", "b"] * (ROWS // 2)})
    table.to_parquet("own.parquet")
    with pytest.raises(SystemExit, match=r"'parts' cannot be learned from .* data\.drop"):
        train("data.file=own.parquet", "data.target=kind")


def test_whole_numbers_beyond_64_bits_are_numbers(train: Train) -> None:
    size = [("1" if number % 7 else "2") * 22 for number in range(ROWS)]
    table = pd.DataFrame({"size": size, "kind": ["a", "b"] * (ROWS // 2)})
    table.to_csv("own.csv", index=False)
    run = train("data.file=own.csv", "data.target=kind")
    assert read(run / "schema.json")["columns"]["size"] == "number"


@pytest.mark.parametrize("kind", ["house prices", "whole numbers"])
def test_a_target_of_many_numbers_is_a_regression(
    kind: str, starter: SimpleNamespace, train: Train, capsys: pytest.CaptureFixture[str]
) -> None:
    price = np.arange(ROWS) * (1.5 if kind == "house prices" else 2)
    pd.DataFrame({"area": range(ROWS), "price": price}).to_csv("own.csv", index=False)
    run = train("data.file=own.csv", "data.target=price")
    assert set(read(run / "metrics.json")["validation"]) == {"rmse", "mae", "r2"}
    assert list(predicted(starter, "own.csv")) == ["prediction"]
    starter.evaluate.main([])
    assert len(capsys.readouterr().out) < 3000


def test_a_class_called_na_is_a_class(starter: SimpleNamespace, train: Train) -> None:
    kind = ["NA", "b", "c"] * (ROWS // 3)
    pd.DataFrame({"size": [0, 50, 90] * (ROWS // 3), "kind": kind}).to_csv("own.csv", index=False)
    run = train("data.file=own.csv", "data.target=kind")
    assert read(run / "schema.json")["classes"] == ["NA", "b", "c"]
    assert list(predicted(starter, "own.csv"))[1] == "probability_NA"


def test_classes_of_few_rows_are_in_each_part_or_it_is_said(
    train: Train, capsys: pytest.CaptureFixture[str]
) -> None:
    kind = ["a"] * 60 + ["b"] * 52 + ["three"] * 3 + ["two"] * 2
    pd.DataFrame({"size": range(len(kind)), "kind": kind}).to_csv("own.csv", index=False)
    train("data.file=own.csv", "data.target=kind")
    said = capsys.readouterr().out
    assert "note: validation has no row of 1 classes (two)" in said
    assert "note: test has no row of 1 classes (two)" in said
    assert "note: train has no row" not in said


def test_rows_in_two_parts_are_said(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.DataFrame({"size": range(60), "kind": ["a", "b"] * 30})
    pd.concat([table, table]).to_csv("own.csv", index=False)
    train("data.file=own.csv", "data.target=kind")
    assert "validation rows are among the training rows, too" in capsys.readouterr().out


def test_rows_without_a_target_are_left_out(
    train: Train, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pd.DataFrame({"size": range(ROWS), "kind": (["a", "b", ""] * ROWS)[:ROWS]})
    table.to_csv("own.csv", index=False)
    train("data.file=own.csv", "data.target=kind")
    assert f"note: {ROWS // 3} rows without 'kind' are left out" in capsys.readouterr().out


def test_a_group_is_in_one_part(starter: SimpleNamespace, train: Train) -> None:
    table = pd.DataFrame({"size": range(ROWS), "who": [f"p{n // 4}" for n in range(ROWS)]})
    table.assign(kind=["a", "b"] * (ROWS // 2)).to_csv("own.csv", index=False)
    train("data.file=own.csv", "data.target=kind", "data.split=group", "data.split_by=who")
    _, settings, schema, _ = starter._runs.load()
    parts = starter.data.load(settings, starter.data.PARTS)[1]
    groups = [set(table["who"].iloc[X.index]) for X, _ in parts.values()]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 30
    assert "who" not in schema.columns


def test_the_last_times_are_the_test(starter: SimpleNamespace, train: Train) -> None:
    when = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(ROWS)[::-1], unit="D")
    table = pd.DataFrame({"size": range(ROWS), "when": when, "kind": ["a", "b"] * (ROWS // 2)})
    table.to_csv("own.csv", index=False)
    train("data.file=own.csv", "data.target=kind", "data.split=time", "data.split_by=when")
    parts = starter.data.load(starter._runs.load()[1], starter.data.PARTS)[1]
    early, middle, late = (table["when"].iloc[X.index] for X, _ in parts.values())
    assert early.max() < middle.min() <= middle.max() < late.min()


def test_text_that_begins_far_down_is_text(
    starter: SimpleNamespace, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starter._tables, "FIRST", 40)
    code = [*range(100), *["x7", "x8"] * 10]
    table = pd.DataFrame({"code": code, "size": range(ROWS), "kind": ["a", "b"] * (ROWS // 2)})
    table.to_csv("own.csv", index=False)
    run = train("data.file=own.csv", "data.target=kind")
    assert "x7" in read(run / "schema.json")["columns"]["code"]
    assert len(predicted(starter, "own.csv")) == ROWS


def test_more_columns_than_the_run_knows_are_ignored(
    starter: SimpleNamespace, train: Train
) -> None:
    table = churn()
    table.to_csv("own.csv", index=False)
    train("data.file=own.csv", *CHURN)
    table.drop(columns="Kündigt im nächsten Monat?").assign(new=1).to_csv("new.csv", index=False)
    assert predicted(starter, "new.csv").equals(predicted(starter, "own.csv"))


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("first", [1, 1.5, -3, np.nan])  # a model of one's own may give scores
def test_shares_are_written_as_python_formats_them(
    first: float, classes: int, starter: SimpleNamespace
) -> None:
    table = np.random.default_rng(0).dirichlet([0.1] * classes, ROWS)
    table[0] = np.eye(classes)[0] * first
    texts = [",".join(f"{share:.6f}" for share in row) for row in table.tolist()]
    assert starter._tables.shares(table) == texts


def test_other_words_and_gaps_are_predicted_for(starter: SimpleNamespace, train: Train) -> None:
    table = churn()
    table.to_csv("own.csv", index=False)
    train("data.file=own.csv", *CHURN)
    table.assign(Stadt="Oslo", Alter=None, aktiv="perhaps").to_csv("new.csv", index=False)
    assert len(predicted(starter, "new.csv")) == ROWS


def test_text_where_numbers_were_learned_is_named(starter: SimpleNamespace, train: Train) -> None:
    table = churn()
    table.to_csv("own.csv", index=False)
    train("data.file=own.csv", *CHURN)
    table.astype({"Alter": object}).assign(Alter="old").to_csv("new.csv", index=False)
    with pytest.raises(SystemExit, match=r"'Alter' holds .*mend these rows"):
        starter.predict.main(["new.csv"])
    assert not Path("predictions.csv").exists()


def test_data_in_a_folder_that_cannot_be_written_to_is_used(train: Train, tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    churn().to_csv(folder / "own.csv", index=False)
    folder.chmod(0o555)
    train(f"data.file={folder / 'own.csv'}", *CHURN)
    assert [path.name for path in folder.iterdir()] == ["own.csv"]


def test_a_tilde_is_the_home(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    churn().to_csv("own.csv", index=False)
    assert read(train("data.file=~/own.csv", *CHURN) / "run.json")["data"]["rows"]["train"] == 72


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, "There is no data file own.csv", id="missing"),
        pytest.param(b"", "is no table in CSV", id="empty"),
        pytest.param(b"a,kind\n", "has a header and no rows", id="header only"),
        pytest.param(b"a,kind\n1,2\n1,2,3\n", "is no table in CSV", id="ragged"),
        pytest.param(b"a,kind\n7,1,2\n8,1,2\n", "more values in a line than names", id="unnamed"),
        pytest.param(b"a,kind\n\xff,2\n", "is not in UTF-8", id="not text"),
        pytest.param(b"a,a,kind\n1,2,3\n", "two columns 'a'", id="twice the same name"),
        pytest.param(b"a,b\n1,2\n", "has no column 'kind'. It has a, b", id="no target"),
        pytest.param(b"kind\nx\ny\n" * 9, "no column to learn from", id="no features"),
        pytest.param(b"a,kind\n" + b"1,2\n" * 40, "'kind' has 1 values", id="one class"),
        pytest.param(b"a,kind\n" + b"1,\n" * 40, "'kind' has 0 values", id="no class"),
        pytest.param(
            b"a,kind\n" + b"1e300,x\n2,y\n" * 9, "infinite numbers, or beyond", id="1e300"
        ),
        pytest.param(
            b"a,kind\n" + b"inf,x\n2,y\n" * 9, "infinite numbers, or beyond", id="infinite"
        ),
        pytest.param(
            b"a,kind\n" + b"".join(b"%d,x%d\n" % (n, n) for n in range(1500)),
            "'kind' has 1500 values: no classes",
            id="as many classes as rows",
        ),
    ],
)
def test_a_table_that_cannot_be_learned_from_is_named(
    train: Train, content: bytes | None, said: str
) -> None:
    if content is not None:
        Path("own.csv").write_bytes(content)
    with pytest.raises(SystemExit) as caught:
        train("data.file=own.csv", "data.target=kind")
    assert said in str(caught.value)
    assert not list(Path("runs").iterdir())
