# Owned by the template.
"""Pages that are one file each, for a screen, light or dark, and for print."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from record import Record, figure, read

STYLE = """\
:root { color-scheme: light dark; --text: #1d2329; --quiet: #5d6873; --line: #d9dfe5;
  --paper: #ffffff; --shade: #f4f6f8; --accent: #1f5fa8; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e8ec; --quiet: #98a3ae; --line: #343c45;
  --paper: #14181d; --shade: #1c2229; --accent: #7db4f0; }
  img { filter: invert(1) hue-rotate(180deg); } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 62rem; background: var(--paper);
  color: var(--text); font: 15px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
body.wide { max-width: none; }
h1 { font-size: 1.55rem; line-height: 1.25; margin: 0 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2.2rem 0 .6rem; }
p { margin: .3rem 0; } p.quiet, summary, caption { color: var(--quiet); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .32rem .9rem .32rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { color: var(--quiet); font-weight: 500; white-space: nowrap; }
tbody th { font-weight: 500; white-space: nowrap; }
.number { text-align: right; padding-right: 0; padding-left: 1.4rem; white-space: nowrap; }
tr.first td, tr.first th { font-weight: 650; color: var(--accent); }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
.pictures img { max-width: 100%; max-height: 27rem; mix-blend-mode: multiply; }
@media (prefers-color-scheme: dark) { .pictures img { mix-blend-mode: screen; } }
.notes { border-left: 3px solid var(--accent); background: var(--shade); padding: .5rem .9rem; }
code { font: .92em/1.4 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }
details { margin-top: 1rem; } details table { margin-top: .4rem; }
@media print { body { padding: 0; max-width: none; font-size: 11px; } h2 { margin-top: 1.2rem; }
  :root { color-scheme: light; --text: #000; --quiet: #444; --line: #bbb; --paper: #fff;
  --shade: #fff; --accent: #000; } img { filter: none !important; }
  .pictures img { max-height: 9cm; }
  h2, tr, img { break-inside: avoid; } h2 { break-after: avoid; } details { display: none; } }
"""


def of_run(folder: Path) -> str:
    """The report of a finished run."""
    record = read(folder)
    info, data = record.info, record.info.get("data", {})
    rows = data.get("rows", {})
    parts = "".join(f"<p>{escape(note)}</p>" for note in info.get("notes", ()))
    sizes = ", ".join(f"{name} {size:,}" for name, size in rows.items())
    pictures = "".join(picture(path) for path in sorted(folder.glob("*.png")))
    body = [
        f"<h1>{escape(str(record.settings.get('data.target', '')))}</h1>",
        f"<p class=quiet>{escape(folder.name)}, {record.seconds:.1f} s</p>",
        f"<p>{escape(str(data.get('file', '')))}: {sum(rows.values()):,} rows ({sizes})</p>",
        f"<div class=notes>{parts}</div>" if parts else "",
        "<h2>Figures</h2>",
        _figures(record),
        f"<h2>Validation rows</h2><div class=pictures>{pictures}</div>" if pictures else "",
        "<h2>Settings</h2>",
        pairs(record.settings),
        "<h2>Origin</h2>",
        pairs(origin(info)),
        "<details><summary>All packages</summary>",
        pairs(info.get("libraries", {})),
        "</details>",
    ]
    return document(f"{record.settings.get('data.target', '')} {folder.name}", body)


def of_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Runs side by side."""
    return document("Runs", ["<h1>Runs</h1>", table(head, rows)], "wide")


def _figures(record: Record) -> str:
    order = [name for name in ("validation", "test", "baseline", "train") if name in record.figures]
    names = list(dict.fromkeys(name for part in order for name in record.figures[part]))
    rows = [[part, *(record.figures[part].get(name) for name in names)] for part in order]
    return table(["", *(name.replace("_", " ") for name in names)], rows, "first")


def origin(info: dict[str, Any]) -> dict[str, Any]:
    git, machine = info.get("git", {}), info.get("machine", {})
    changed = " and changes.patch" if git.get("dirty") else ""
    found = {
        "commit": f"{git['commit']}{changed}" if git.get("commit") else None,
        "template": info.get("template_version"),
        "data": info.get("data", {}).get("sha256"),
        "lock": info.get("lock", {}).get("sha256"),
        "environment": info.get("environment", {}).get("fingerprint"),
        "Python": info.get("python"),
        "system": machine.get("platform"),
        "processors": machine.get("cpus"),
        "GPU": ", ".join(machine.get("gpus") or ()) or None,
    }
    for number, part in enumerate(info.get("parts", ()), 1):
        command = " ".join(part.get("command", ()))
        found[f"part {number}"] = f"{part.get('started')}, {part.get('seconds')} s: {command}"
    return {key: value for key, value in found.items() if value is not None}


def picture(path: Path) -> str:
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    name = escape(path.stem.replace("_", " "))
    return f'<img alt="{name}" src="data:image/png;base64,{content}">'


def pairs(found: dict[str, Any]) -> str:
    row = "<tr><th scope=row>{}</th><td><code>{}</code></td></tr>"
    rows = "".join(row.format(escape(key), escape(text(each))) for key, each in found.items())
    return f"<table><tbody>{rows}</tbody></table>"


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], first: str = "") -> str:
    rows = list(rows)
    kinds = ["number" if all(_number(row[at]) for row in rows) else "" for at in range(len(head))]
    top = "".join(f'<th class="{kind}">{escape(name)}</th>' for kind, name in zip(kinds, head))
    lines = []
    for at, row in enumerate(rows):
        cells = zip(kinds[1:], row[1:])
        texts = "".join(f'<td class="{kind}">{escape(text(value))}</td>' for kind, value in cells)
        mark = f' class="{first}"' if first and at == 0 else ""
        lines.append(f"<tr{mark}><th scope=row>{escape(text(row[0]))}</th>{texts}</tr>")
    content = f"<thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f"<div class=scroll><table>{content}</table></div>"


def _number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return figure(value) if isinstance(value, float) else str(value)


def document(title: str, body: Sequence[str], kind: str = "") -> str:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<title>{escape(title)}</title>'
        f'<style>{STYLE}</style></head>\n<body class="{kind}">{"".join(body)}</body></html>\n'
    )
