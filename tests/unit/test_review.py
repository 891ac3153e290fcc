"""Opening the evidence, its tables and its blanks."""

import pytest

from mscreview import DataError, open_review
from mscreview.review import check, default_root


def test_default_root_is_opened_once():
    """Without a root the same object comes back; with one, a fresh one each time."""
    assert open_review() is open_review()
    assert open_review(default_root()) is not open_review(default_root())


def test_root_as_text_or_path_or_data_folder(copy):
    """A root may be text or a path, a checkout or its data folder."""
    lengths = {len(open_review(root).table("studies")) for root in (copy.root, str(copy.root), copy.root / "data")}
    assert lengths == {len(copy.rows("studies")) - 1}


def test_root_without_data(tmp_path):
    """A root without data raises the error that names the missing descriptor."""
    with pytest.raises(DataError, match=r"1 problem in the data\ndata/datapackage\.json:0:-: file is missing"):
        open_review(tmp_path)


def test_check_returns_problems_instead_of_raising(copy, tmp_path):
    """`check` lists what `open_review` would raise, the unreadable descriptor included."""
    assert check(copy.root) == check(str(copy.root)) == []
    (copy.root / "data/datapackage.json").write_text("{", encoding="utf-8")
    assert [p.file for p in check(copy.root)] == ["data/datapackage.json"]


def test_table_is_a_copy(review):
    """What a chapter does to a table does not reach the next chapter."""
    table = review.table("reviews")
    table["year"] = 0
    table.drop(columns="doi", inplace=True)
    assert review.table("reviews").year.tolist() == [2020, 2018, 2020]
    assert "doi" in review.table("reviews")


def test_no_such_table(review):
    """An unknown table is named with the nearest one."""
    with pytest.raises(KeyError, match=r"no table 'experiment' \(there are: reviews, .*; nearest: experiments\)"):
        review.table("experiment")


def test_blanks_are_kept_apart(review):
    """`blank` tells the three codes from each other and from a value, also where a typed column shows <NA> for all."""
    codes = review.blank("trial_reports", "dose_fixed_cells")
    keys = review.table("trial_reports").report_id
    by_row = dict(zip(keys, codes, strict=True))
    assert by_row["ki2020-T1-r01"] == "not_applicable"
    assert by_row["ki2020-T1-r04"] == "not_reported"
    assert by_row["ki2020-T1-r06"] == ""
    assert review.blank("reviews", "pmid").tolist() == ["not_extracted", "", ""]


def test_written_cells(review):
    """`written` gives cells as in the file: no .0, lists as one text, blanks as codes."""
    assert review.written("trial_reports", "dose_fixed_cells")[5] == "300000000"
    assert review.written("controlled_trials", "randomized").tolist() == ["true", "false", "true", "false"]
    assert review.written("controlled_trials", "timing_days").tolist() == ["0;14", "0;30", "0", "3"]


@pytest.mark.parametrize("method", ["blank", "written"])
def test_blank_and_written_of_no_table(method, review):
    """Both name the nearest table, as `table` does."""
    with pytest.raises(KeyError, match="nearest: reviews"):
        getattr(review, method)("review", "pmid")


def test_no_such_exhibit(review):
    """An unknown exhibit is named with the nearest one."""
    with pytest.raises(KeyError, match=r"no exhibit 'tbl-zhao2018-t11'.*nearest: tbl-zhao2018-t1"):
        review.exhibit("tbl-zhao2018-t11")


def test_exhibit_names_the_tables_it_was_made_from(review):
    """Sources are the tables that the builder read, not those read before."""
    review.table("mechanisms")
    assert "mechanisms" not in review.exhibit("tbl-zhao2018-t1").sources
    assert "trial_reports" in review.exhibit("tbl-zhao2018-t1").sources
