"""One contribution from the command line: known fields, a file or answers, and what is said at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields as names_of
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError, Problem, nearest
from ..format import counted
from ..store import read
from . import Added, Entry, add, chapter
from .affected import affected
from .complete import listed
from .files import read_fields, read_file
from .kinds import KINDS, choices, fields, label, missing, place, rows
from .prompt import ask

if TYPE_CHECKING:
    from ..watch.records import Record

HERE = "--set"


class Offer:
    """A contribution of one kind that grows until it is made.

    Parameters
    ----------
    root : Path
        A checkout, or a data folder.
    kind : str
        A name of `KINDS`, or ``chapter``.
    day : date
        Of the contribution.
    dry : bool
        Check everything, write nothing.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> offer = Offer(default_root() / "data", "study", date(2026, 11, 22), dry=True)
    >>> offer.set(["title=Cells", "authors=Example A", "year=2026", "studies.kind=review"])
    >>> offer.set(["new_evidence.kind=narrative review", "question=animals", "state_reason=An example.", "what_it_adds=Nothing."])
    >>> list(offer.make())[0]
    'would add studies/example2026'
    """

    def __init__(self, root: Path, kind: str, day: date, dry: bool = False):
        self.root, self.kind, self.day, self.dry = root, KINDS.get(kind), day, dry
        self.schema, self.raws = read(root)
        self._given: dict[tuple[str, str], str] = {}
        self._chapter: dict[str, str] = {}
        self._file = chapter.FILE
        self._entries: list[Entry] = []

    def set(self, words: Sequence[str]) -> None:
        """Take fields as ``field=value``.

        Raises
        ------
        DataError
            No such field.
        """
        problems = []
        for word in words:
            name, sign, value = word.partition("=")
            try:
                if not sign:
                    raise KeyError(f"{word!r} is no field (allowed: FIELD=VALUE)")
                self._take(name.strip(), value.strip())
            except KeyError as error:
                problems.append(Problem(HERE, 0, name or "-", error.args[0]))
        if problems:
            raise DataError(problems)

    def _take(self, name: str, value: str) -> None:
        if self.kind:
            self._given[place(self.kind, self.schema, name)] = value
        elif name in chapter.ASKS:
            self._chapter[name] = value
        else:
            raise KeyError(f"unknown field {name!r} (allowed: {', '.join(chapter.ASKS)}{nearest(name, chapter.ASKS)})")

    def prefill(self, doi: str = "", pmid: str = "", nct: str = "") -> Iterator[str]:
        """Fill fields from Europe PMC and ClinicalTrials.gov; what could not be had is said, and the identifier itself is kept.

        Raises
        ------
        DataError
            Contributions of this kind have no such identifier.
        """
        asked = {name: value for name, value in (("doi", doi), ("pmid", pmid), ("nct_id", nct)) if value}
        for name, value in asked.items():
            try:
                if self.kind is None:
                    raise KeyError(f"unknown field {name!r} (allowed: {', '.join(chapter.ASKS)})")
                self._given.setdefault(place(self.kind, self.schema, name), value)
            except KeyError as error:
                raise DataError([Problem(f"--{name.removesuffix('_id')}", 0, name, error.args[0])]) from error
        if not asked:
            return
        try:
            from ..watch.lookup import lookup
            from ..watch.records import WatchError
        except ModuleNotFoundError as error:
            yield f"not pre-filled: the package {error.name} is needed (pip install 'mscreview[watch]')"
            return
        for one in ((doi, pmid, ""), ("", "", nct)):
            try:
                for record in lookup(*one):
                    self._fill(record)
            except WatchError as error:
                yield f"not pre-filled: {error}"

    def _fill(self, record: Record) -> None:
        found = {
            ("studies", name): getattr(record, name)
            for name in ("title", "year", "journal", "doi", "pmid", "volume", "issue", "pages", "pmcid")
        } | {("studies", "authors"): listed(record.authors), ("studies", "confidence"): "verified"}
        if record.snapshot:
            found = {("registry", name): str(value) for name, value in record.snapshot.items()}
            found |= {("registry", "as_of"): self.day.isoformat(), ("registry", "as_of_basis"): "capture"}
            found |= {("registry", "read_at"): "registry service", ("registry", "nct_id"): record.nct_id or record.key}
        for at, value in found.items():
            if value and self.kind and at[0] in self.kind.tables and at[1] in self.schema.tables[at[0]].columns:
                self._given[at] = self._given.get(at) or value

    def read(self, path: Path) -> None:
        """Take what a file holds; fields that are known already fill what it leaves out.

        Raises
        ------
        DataError
            With every problem and its line.
        """
        if not self.kind:
            self._chapter |= read_fields(path, tuple(chapter.ASKS))
            self._file = path.name
            return
        self._entries = read_file(path, self.kind, self.schema)
        known = rows(self.kind, self._given)
        for entry in self._entries:
            entry.cells = known.get(entry.table, {}) | {c: v for c, v in entry.cells.items() if v}

    def ask(self) -> None:
        """Ask at the terminal for what is not known yet.

        Raises
        ------
        EOFError, KeyboardInterrupt
            The contributor stopped.
        """
        if self.kind:
            self._given = ask(fields(self.kind), self._given, self.raws)
            return
        for name, words in chapter.ASKS.items():
            if not self._chapter.get(name):
                self._chapter[name] = input(f"\n{words}\n{name}: ").strip()

    def make(self) -> Iterator[str]:
        """Make the contribution and say what was done.

        Raises
        ------
        DataError
            With every problem; nothing was written.
        StoreError
            The file system refused; nothing was written.
        """
        if not self.kind:
            known = {f.name for f in names_of(chapter.NewChapter)}
            new = chapter.NewChapter(**{name: self._chapter.get(name, "") for name in known})
            for file in chapter.create(self.root, new, self.day, self.dry, self._file):
                yield f"{'would write' if self.dry else 'wrote'} {file}"
            yield "next: make book, and look at it; then open a pull request"
            return
        entries = self._entries or [Entry(table, cells, f"answers for {table}") for table, cells in rows(self.kind, self._given).items()]
        problems = [p for entry in entries for p in missing(self.kind, self.schema, entry)]
        if problems:
            raise DataError(problems)
        yield from told(self.root, add(self.root, entries, self.day, self.dry), self.dry)

    def example(self) -> str:
        """Write a YAML file to be filled in: each field with its meaning, what is allowed, and a good example as a comment."""
        if not self.kind:
            return "".join(f"# {words}\n{name}:\n" for name, words in chapter.ASKS.items())
        lines = []
        asked = list(fields(self.kind))
        for table, name, must in asked:
            column = self.schema.tables[table].columns[name]
            values = choices(column, self.schema.tables[table], self.raws)
            offered = f" One of: {', '.join(values)}." if 0 < len(values) <= 30 else ""
            lines.append(f"# {'' if must else '(may be left out) '}{column.description} {column.rule}{offered} For instance: {column.good.rstrip('.')}\n")
            lines.append(f"{label(asked, table, name)}:\n")
        return "".join(lines)


def told(root: Path, added: Added, dry: bool) -> Iterator[str]:
    """Say in lines what was added, and on which pages a reader finds something else than before.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> rows = {"publication_counts": [{"count_id": "x"}]}
    >>> list(told(default_root(), Added(rows), dry=True))
    ['would add publication_counts/x', 'no table and no chart changes']
    """
    for table, made in added.rows.items():
        for row in made:
            yield f"{'would add' if dry else 'added'} {table}/{next(iter(row.values()))}"
    if added.opened:
        yield f"{added.opened} disagreement{'s' if added.opened > 1 else ''} with what stands {'would be' if dry else 'opened'} in adjudications, to be decided"
    pages = affected(root, added.tables, not dry)
    exhibits = sum(map(len, pages.values()))
    verb = "would change" if dry else "change"
    if pages:
        yield f"{counted(exhibits, 'exhibit')} on {counted(len(pages), 'page')} {verb}, and the sentences that quote them:"
        for page, ids in pages.items():
            yield f"  {page}: {', '.join(ids)}"
    elif (root / "_toc.yml").is_file():
        yield "no table and no chart changes"
    if not dry:
        yield "next: make book, and look at the pages; then make test, and open a pull request"
