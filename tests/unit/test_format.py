"""Numbers to words."""

import pytest

from mscreview import format as fmt


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"),
    (-0.0, "0"),
    (7, "7"),
    (-7, "−7"),
    (-0.5, "−0.5"),
    (0.1 + 0.2, "0.3"),
    (8.80, "8.8"),
    (999, "999"),
    (1000, "1,000"),
    (1234.5, "1,234.5"),
    (999_999, "999,999"),
    (1_000_000, "1 million"),
    (13_000_000, "13 million"),
    (1_500_000, "1.5 million"),
    (-2_000_000, "−2 million"),
    (999_000_000, "999 million"),
    (1e9, "1 billion"),
    (1e10, "10 billion"),
    (2.5e12, "2,500 billion"),
])  # fmt: skip
def test_number(value, text):
    """Comma from a thousand, words from a million, a true minus sign, no noise of binary fractions."""
    assert fmt.number(value) == text


@pytest.mark.parametrize(("low", "high", "text"), [
    ("50", "70", "50–70"),
    ("0.3", "3", "0.3–3"),
    ("400 million", "600 million", "400–600 million"),
    ("900 million", "1 billion", "900 million–1 billion"),
    ("1,000", "2 million", "1,000–2 million"),
    ("−7", "0", "−7 to 0"),
    ("−7", "−4", "−7 to −4"),
    ("0", "−4", "0 to −4"),
    ("10 thousand million", "20 thousand million", "10 thousand–20 thousand million"),
])  # fmt: skip
def test_between(low, high, text):
    """An en dash, unless a minus sign would stand next to it; a shared word once."""
    assert fmt.between(low, high) == text


@pytest.mark.parametrize(("cells", "text"), [
    (300_000, "0.3 × 10⁶"),
    (2_000_000, "2 × 10⁶"),
    (1_500_000.0, "1.5 × 10⁶"),
    (99_000_000, "99 × 10⁶"),
    (100_000_000, "1 × 10⁸"),
    (300_000_000, "3 × 10⁸"),
])  # fmt: skip
def test_dose(cells, text):
    """Powers of ten: 10⁶, and 10⁸ from there on."""
    assert fmt.dose(cells) == text


@pytest.mark.parametrize(("partial", "text"), [
    ("2008-01", "January 2008"),
    ("2008-12", "December 2008"),
    ("2010", "2010"),
    ("not_reported", "not reported"),
])  # fmt: skip
def test_month(partial, text):
    """Month and year, a year alone, or the blank in words."""
    assert fmt.month(partial) == text


@pytest.mark.parametrize(("schedule", "text"), [
    ([0], "day 0"),
    ([0, 14], "day 0, 14"),
    ([-7, 0, 7, 14], "day −7, 0, 7, 14"),
    ([[-7, 0], [-4, 0]], "day −7, 0 or day −4, 0"),
    ([[-7], [-1], [-7, -1]], "day −7 or day −1 or day −7, −1"),
])  # fmt: skip
def test_days(schedule, text):
    """One schedule, or alternatives joined by "or"."""
    assert fmt.days(schedule) == text


@pytest.mark.parametrize(("items", "text"), [
    ([], ""),
    (["a"], "a"),
    (["a", "b"], "a and b"),
    (["a", "b", "c"], "a, b and c"),
])  # fmt: skip
def test_words(items, text):
    """Commas and one "and"; any sequence."""
    assert fmt.words(items) == fmt.words(tuple(items)) == text


def test_words_joined_by_another_word():
    """The last joint can be "or"."""
    assert fmt.words(["a", "b", "c"], "or") == "a, b or c"


@pytest.mark.parametrize(
    ("code", "text"), [("no_difference", "no difference"), ("not_applicable", "not applicable"), ("rat", "rat"), (3, "3")]
)
def test_plain(code, text):
    """Codes lose their underscores."""
    assert fmt.plain(code) == text


@pytest.mark.parametrize(("arguments", "text"), [
    ((40, None, None, ("~%", "~%")), "40%"),
    ((1, None, None, ("~ trial", "~ trials")), "1 trial"),
    ((0, None, None, ("~ trial", "~ trials")), "0 trials"),
    ((2, None, None, ("~ trial", "~ trials")), "2 trials"),
    ((None, 50, 70, ("~%", "~%")), "50–70%"),
    ((None, 0, 1, ("~ hour", "~ hours")), "0–1 hours"),
    ((None, None, 31, ("~%", "~%")), "up to 31%"),
    ((None, None, 1, ("~ hour", "~ hours")), "up to 1 hour"),
    ((None, None, 2, ("~ hour", "~ hours")), "up to 2 hours"),
    ((None, 10e9, None, ("US$~", "US$~")), "more than US$10 billion"),
    ((None, -7, 0, ("day ~", "day ~")), "day −7 to 0"),
    ((8.8, None, None), "8.8"),
])  # fmt: skip
def test_quantity(arguments, text):
    """A value, a range or a bound, with the unit's singular for one and plural else."""
    assert fmt.quantity(*arguments) == text


def test_quantity_of_a_year():
    """Calendar years take no comma, in ranges and decades too."""
    assert fmt.quantity(2008, None, None, year=True) == "2008"
    assert fmt.quantity(None, 1960, 1970, ("~s", "~s"), year=True) == "1960–1970s"


def test_quantity_of_nothing():
    """Neither value nor bound is refused."""
    with pytest.raises(ValueError, match=r"^a quantity needs a value or a bound$"):
        fmt.quantity(None, None, None)


@pytest.mark.parametrize(("value", "ratio", "text"), [
    (0.8051, True, "0.81"),
    (0, True, "0.00"),
    (0.0049, True, "<0.01"),
    (0.005, True, "0.01"),
    (0.004, False, "0.00"),
    (-0.004, False, "0.00"),
    (-0.4, False, "−0.40"),
    (9.994, True, "9.99"),
    (9.995, True, "10.0"),
    (26.53, True, "26.5"),
    (99.94, True, "99.9"),
    (99.95, True, "100"),
    (999.4, True, "999"),
    (999.5, True, ">999"),
    (1234.5, False, "1,234.50"),
    (10.5, False, "10.50"),
])  # fmt: skip
def test_effect(value, ratio, text):
    """Two decimals, fewer for a large ratio; one that is too small or too large stands as a bound, and nothing is minus nought."""
    assert fmt.effect(value, ratio) == text
    assert fmt.effect(0.5) == "0.50" and fmt.effect(1000) == ">999"


@pytest.mark.parametrize(("p", "text"), [
    (None, "–"), (1.0, "1"), (0.0385742, "0.039"), (0.2, "0.2"), (0.00024414, "0.00024"), (0.0001, "0.0001"), (0.00009999, "<0.0001"), (0.999, "1"),
])  # fmt: skip
def test_p_value(p, text):
    """Two digits that count, a bound below 0.0001, a dash without one."""
    assert fmt.p_value(p) == text


@pytest.mark.parametrize(("partial", "text"), [("2028-02-29", "29 February 2028"), ("2008-08", "August 2008"), ("2010", "2010"), ("2010-12-05", "5 December 2010")])
def test_date_words(partial, text):
    """As exactly as it is known, the day without its nought."""
    assert fmt.date_words(partial) == text
    assert fmt.month(partial) == text.removeprefix("29 ").removeprefix("5 ")


@pytest.mark.parametrize(("arguments", "text"), [
    ((1, "study", "studies"), "1 study"), ((2, "study", "studies"), "2 studies"), ((0, "arm"), "0 arms"), ((1200, "arm"), "1,200 arms"),
])  # fmt: skip
def test_counted(arguments, text):
    """One, or as many."""
    assert fmt.counted(*arguments) == text


@pytest.mark.parametrize(("year", "text"), [(2016, "Luk 2016"), (None, "Luk, year not known")])
def test_author_year(year, text):
    """A year that nobody has read is not made up."""
    assert fmt.author_year("Luk", year) == text
