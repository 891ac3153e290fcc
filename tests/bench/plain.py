"""The same pages as a plain Jupyter Book: the engine's own settings, charts and tables as the last line of a cell.

What a page says stays: text, numbers, citations, every chart (Altair) and every table (pandas). What the book adds goes:
links of numbers to rows, still drawings, its style sheet and scripts.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from mscreview import open_review
from mscreview.charts import spec
from mscreview.exhibit import ROW
from mscreview.facts import fact

EXHIBIT = re.compile(r'review\.exhibit\("([^"]+)"\)')
WIDTH = 720
CONFIG = """title: {title}
author: mscreview contributors
only_build_toc_files: true
execute: {{execute_notebooks: force, timeout: 300}}
bibtex_bibfiles: [references.bib]
sphinx: {{config: {{bibtex_reference_style: author_year}}}}
"""


def _words(text: str) -> str:
    """Replace the book's own roles by what they show."""
    review = open_review()
    text = re.sub(r"\{fact\}`([^`]+)`", lambda m: fact(review, m[1]).text, text)
    text = re.sub(r"\{exhibit\}`([^`]+)`", "the exhibit below", text)
    text = re.sub(r"\{source\}`([^`]+)`", r"\1", text)
    text = re.sub(r"\{trial\}`([^`]+)`", r"[\1](https://clinicaltrials.gov/study/\1)", text)
    text = re.sub(r"\{term\}`([^<`]+?)(?: <[^>]*>)?`", r"\1", text)
    # A link to another page of the book has nowhere to lead.
    return re.sub(r"\[([^\]]+)\]\(#[^)]*\)", r"\1", text)


def _cell(folder: Path, id: str) -> str:
    """A cell that shows one exhibit the usual way; its chart or rows are written beside it."""
    content, _ = open_review().content(id)
    lines = [f'<p>{content.caption}</p>\n\n```{{code-cell}}\n:tags: [remove-input]']
    if content.draw is not None:
        (folder / f"{id}.json").write_text(json.dumps(spec(content.draw(WIDTH))), encoding="utf-8")
        return "\n".join([*lines, "import altair as alt", "from pathlib import Path", "alt.data_transformers.disable_max_rows()", f'alt.Chart.from_json(Path("{id}.json").read_text())', "```"])
    data = content.data.drop(columns=ROW, errors="ignore")
    data.map(lambda cell: ", ".join(map(str, cell)) if isinstance(cell, list) else cell).to_csv(folder / f"{id}.csv", index=False)
    return "\n".join([*lines, "import pandas as pd", 'pd.set_option("display.max_rows", None, "display.max_columns", None)', f'pd.read_csv("{id}.csv")', "```"])


def build(root: Path, docs: list[str], folder: Path) -> Path:
    """Write and build a plain book of some pages.

    Parameters
    ----------
    root : Path
        The checkout.
    docs : list of str
        Pages, without ``.md``, below `root`.
    folder : Path
        Empty; the book is written here.

    Returns
    -------
    Path
        Folder of the built pages, each named as the last part of its `docs`.

    Raises
    ------
    subprocess.CalledProcessError
        The engine failed.
    """
    names = [doc.rpartition("/")[2] for doc in docs]
    for doc, name in zip(docs, names, strict=True):
        head, body = re.fullmatch(r"(---\n.*?\n---\n)(.*)", (root / f"{doc}.md").read_text(encoding="utf-8"), re.S).groups()
        # Cells by cells, so that what an exhibit's caption holds is not taken for a role.
        parts = re.split(r"(```\{code-cell\}.*?```)", _words(body), flags=re.S)
        found = ["\n\n".join(_cell(folder, id_) for id_ in EXHIBIT.findall(part)) if part.startswith("```{code-cell}") else part for part in parts]
        (folder / f"{name}.md").write_text(head + "".join(found), encoding="utf-8")
    shutil.copyfile(root / "references.bib", folder / "references.bib")
    (folder / "papers.md").write_text("# Papers\n\n```{bibliography}\n```\n", encoding="utf-8")
    (folder / "_config.yml").write_text(CONFIG.format(title="mscreview"), encoding="utf-8")
    toc = {"format": "jb-book", "root": names[0], "chapters": [{"file": name} for name in [*names[1:], "papers"]]}
    (folder / "_toc.yml").write_text(json.dumps(toc), encoding="utf-8")
    book = Path(shutil.which("jupyter-book") or root / ".venv" / "bin" / "jupyter-book")
    subprocess.run([book, "build", "-q", folder], check=True, capture_output=True, text=True)
    return folder / "_build" / "html"
