"""Overlap of the reviews and agreement of two readers: published and hand-made examples, and exhibits against direct computation."""

import re

import numpy as np
import pytest

from mscreview.exhibits import agreement, overlap
from mscreview.schema import BLANKS
from mscreview.synthesis import overlap as area
from mscreview.synthesis.agreement import alpha, cohen
from mscreview.synthesis.direction import interval
from mscreview.synthesis.errors import SynthesisError


class TestOverlapExhibits:
    def test_matrix(self, review):
        """The matrix holds the pairs of the table of citations, no more; unresolved references are the rest."""
        c = overlap.matched(review)
        cites = review.table("citations").merge(review.table("studies"), on="study_id")
        cites = cites[~cites.kind.isin(overlap.SECONDARY)]
        known = cites[cites.confidence != "unresolved"].drop_duplicates(["review_id", "study_id"])
        assert sum(map(sum, c.cited)) == len(known) > 40
        assert len(c.studies) == known.study_id.nunique()
        assert sum(c.unresolved) == len(cites) - len(known)

    def test_structural_zeros(self, review):
        """Impossible are the studies of later years, and those only."""
        c = overlap.matched(review)
        late = [
            (s.study_id, r.review_id)
            for s, line in zip(c.studies.itertuples(), c.possible, strict=True)
            for r, can in zip(c.reviews.itertuples(), line, strict=True)
            if not can
        ]
        until, years = c.reviews.set_index("review_id").until, c.studies.set_index("study_id").year
        assert late
        assert all(years[s] > until[r] for s, r in late)

    def test_figure_marks(self, review):
        """One linked mark a citation or structural zero, at both widths."""
        c, shown = overlap.matched(review), review.exhibit("fig-citation-matrix")
        marks = sum(map(sum, c.cited)) + sum(not can for line in c.possible for can in line)
        assert len(re.findall(r"<a [^>]*href=", shown.body)) == 2 * marks
        assert len(shown.data) == len(c.studies)

    def test_table(self, review):
        """Each line is the formula over its columns."""
        c, data = overlap.matched(review), review.exhibit("tbl-overlap").data
        cited, possible = np.array(c.cited), np.array(c.possible)
        sets = [(0, 1, 2), (0, 1), (0, 2), (1, 2)]
        assert len(data) == len(sets)
        for columns, row in zip(sets, data.to_dict("records"), strict=True):
            part = cited[:, columns]
            kept = part.any(axis=1)
            n, r, k = part.sum(), kept.sum(), len(columns)
            zeros = (~possible[:, columns][kept]).sum()
            assert (row["N"], row["r"], row["c"], row["structural zeros"]) == (n, r, k, zeros)
            assert float(row["CCA"].rstrip("%")) == pytest.approx(100 * (n - r) / (r * k - r), abs=0.051)
            adjusted = (n - r) / (r * k - r - zeros)
            assert float(row["adjusted for zeros"].rstrip("%")) == pytest.approx(100 * adjusted, abs=0.051)
            assert row["overlap"] == area.size(adjusted)
            unknown = sum(c.unresolved[i] for i in columns)
            assert float(row["least"].rstrip("%")) == pytest.approx(100 * (n - r) / ((r + unknown) * (k - 1) - zeros), abs=0.051)
            assert float(row["least"].rstrip("%")) <= 100 * adjusted + 0.051 <= float(row["greatest"].rstrip("%")) + 0.051

    def test_shared(self, review):
        """Every study of two reviews, and which of them the matrix counts."""
        data, cites = review.exhibit("tbl-shared-studies").data, review.table("citations")
        reviews = cites.groupby("study_id").review_id.nunique()
        assert data.study.tolist() == reviews[reviews > 1].index.tolist()
        assert (data.counted == "yes").sum() == sum(sum(line) > 1 for line in overlap.matched(review).cited)


class TestAgreementExhibits:
    def test_kinds_come_from_the_schema(self, review):
        """Terms of a list or a vocabulary are categories, quantities numbers, lists and texts neither."""
        kinds = {(r.table, r.column): r.kind for r in agreement.readings(review)}
        assert kinds["experiments", "species"] == kinds["trial_reports", "phase"] == kinds["findings", "direction"] == "category"
        assert kinds["controlled_trials", "randomized"] == "category"
        assert kinds["results", "events"] == kinds["trial_reports", "dose_fixed_cells"] == "number"
        assert {kinds["experiments", c] for c in ("ref_no", "agent", "timing_days")} == {"other"}

    def test_shares(self, review):
        """Cells, agreement and interval of each column, and no cell left out."""
        data, cells = review.exhibit("tbl-agreement").data, review.table("extractions")
        assert data.cells.sum() == len(cells)
        assert data.agreed.sum() == cells.agrees.sum()
        for row in data.to_dict("records"):
            part = cells[(cells.table == row["table"].replace(" ", "_")) & (cells.column == row["column"].replace(" ", "_"))]
            assert (row["cells"], row["agreed"]) == (len(part), part.agrees.sum())
            low, high = (100 * bound for bound in interval(row["agreed"], row["cells"], "wilson"))
            assert row["interval"] == f"{low:.0f}–{high:.0f}%"
            assert len(row["row"].split(";")) == len(part)

    @pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
    def test_coefficients(self, review):
        """Kappa and alpha equal the library's, called on the table; undefined where it refuses."""
        data, cells = review.exhibit("tbl-agreement").data, review.table("extractions")
        seen = {"kappa": 0, "alpha": 0, "undefined": 0}
        for row, reading in zip(data.to_dict("records"), agreement.readings(review), strict=True):
            part = cells[(cells.table == reading.table) & (cells.column == reading.column)]
            first, second = part.value_first.tolist(), part.value_second.tolist()
            if reading.kind == "category":
                terms = sorted(set(first + second))
                counts = np.zeros((len(terms), len(terms)), int)
                for a, b in zip(first, second, strict=True):
                    counts[terms.index(a), terms.index(b)] += 1
                try:
                    assert row["kappa"].startswith(f"{cohen(counts.tolist()).kappa:.2f} (")
                    seen["kappa"] += 1
                except SynthesisError:
                    assert row["kappa"] == "undefined: one category only"
                    seen["undefined"] += 1
                assert row["alpha"] == "–"
            elif reading.kind == "number":
                readers = [[None if x in BLANKS else float(x) for x in reader] for reader in (first, second)]
                assert row["alpha"] == f"{alpha(readers, 'interval'):.2f}"
                assert row["kappa"] == "–"
                seen["alpha"] += 1
            else:
                assert row["kappa"] == row["alpha"] == "–"
        assert min(seen.values()) >= 1 and seen["kappa"] > 8

    def test_kappa_interval(self, review):
        """Where the readers differ, the interval is the library's, cut at 1."""
        reading = next(r for r in agreement.readings(review) if (r.table, r.column) == ("appraisals", "judgement"))
        k = cohen(reading.counts)
        row = review.exhibit("tbl-agreement").data.query("column == 'judgement'").iloc[0]
        assert row.kappa == f"{k.kappa:.2f} ({k.low:.2f} to {min(k.high, 1):.2f})"

    @pytest.mark.parametrize(("first", "second", "reason"), [
        (["3", "3"], ["3", "3"], "one value only"),
        (["3", "not_reported"], ["not_reported", "4"], "no cell where both read a number"),
    ])  # fmt: skip
    def test_alpha_undefined(self, review, first, second, reason):
        """The reason is given, not a number."""
        cells = review.table("extractions").iloc[:2].assign(value_first=first, value_second=second)
        reading = agreement.Reading("results", "n", "number", cells)
        with pytest.raises(SynthesisError, match=reason):
            reading.alpha()
        assert agreement._written(reading)["alpha"] == f"undefined: {reason}"

    def test_figure_marks(self, review):
        """One interval and one mark a column, linked, at both widths."""
        shown = review.exhibit("fig-agreement")
        assert len(shown.data) == len(agreement.readings(review))
        assert len(re.findall(r"<a [^>]*href=", shown.body)) == 4 * len(shown.data)

    def test_unread(self, review):
        """Cells without a second reading, counted one by one."""
        data, seen = review.exhibit("tbl-unread").data, review.table("extractions")
        seen = set(zip(seen.table, seen.row_id, seen.column, strict=True))
        for name in agreement.EVIDENCE:
            keys = review.table(name)[review.schema.tables[name].key]
            missing = [(k, c) for k in keys for c in agreement.asked(review.schema, name) if (name, k, c) not in seen]
            part = data[data.table == name.replace("_", " ")]
            assert part.cells.sum() == len(missing)
            assert part["values"].sum() == sum(
                int((review.blank(name, c)[[k in {m for m, x in missing if x == c} for k in keys]] == "").sum())
                for c in agreement.asked(review.schema, name)
            )
        assert not data.duplicated(["table", "place", "columns"]).any()
