"""Numbers to words: the only place of the project that rounds or writes a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float) -> str:
    """Write a number as running text does: thousands with a comma, millions in words.

    Parameters
    ----------
    value : float
        Any finite number.

    Examples
    --------
    >>> number(13_000_000), number(10e9), number(4000), number(8.8), number(-7)
    ('13 million', '10 billion', '4,000', '8.8', '−7')
    """
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if abs(value) >= size:
            return f"{number(value / size)} {word}"
    text = f"{value:,.10g}" if value != int(value) else f"{int(value):,}"
    return text.replace("-", "−")


def between(low: str, high: str) -> str:
    """Join two written numbers into a range; a shared last word is written once.

    Examples
    --------
    >>> between("50", "70"), between("400 million", "600 million"), between("−7", "0")
    ('50–70', '400–600 million', '−7 to 0')
    """
    if low.startswith("−") or high.startswith("−"):
        return f"{low} to {high}"
    head, _, word = low.rpartition(" ")
    if head and high.endswith(f" {word}"):
        return f"{head}–{high}"
    return f"{low}–{high}"


def quantity(
    value: float | None, low: float | None, high: float | None, unit: tuple[str, str] = ("~", "~"), year: bool = False
) -> str:
    """Write a value, a range or a bound, with its unit.

    Parameters
    ----------
    value, low, high : float or None
        A single number, or the bounds of a range; a range with one bound is open.
    unit : (str, str)
        How the unit is written with one and with any other number; ``~`` stands for the number.
    year : bool
        Calendar years take no thousands comma.

    Raises
    ------
    ValueError
        All three are None.

    Examples
    --------
    >>> quantity(None, 50, 70, ("~%", "~%")), quantity(None, 10e9, None, ("US$~", "US$~"))
    ('50–70%', 'more than US$10 billion')
    >>> quantity(1, None, None, ("~ trial", "~ trials")), quantity(2008, None, None, year=True)
    ('1 trial', '2008')
    """

    def write(x: float) -> str:
        return str(int(x)) if year else number(x)

    if value is not None:
        return unit[0 if value == 1 else 1].replace("~", write(value))
    if low is not None and high is not None:
        return unit[1].replace("~", between(write(low), write(high)))
    if low is not None:
        bound, words_before = low, "more than"
    elif high is not None:
        bound, words_before = high, "up to"
    else:
        raise ValueError("a quantity needs a value or a bound")
    return f"{words_before} {unit[0 if bound == 1 else 1].replace('~', write(bound))}"


def dose(cells: float) -> str:
    """Write a number of cells in powers of ten.

    Examples
    --------
    >>> dose(2_000_000), dose(300_000), dose(1_500_000)
    ('2 × 10⁶', '0.3 × 10⁶', '1.5 × 10⁶')
    """
    power = 6 if cells < 1e8 else 8
    return f"{cells / 10**power:g} × 10{str(power).translate(_SUPERSCRIPT)}"


def month(partial: str) -> str:
    """Write a date in words, to the month where it is known.

    Examples
    --------
    >>> month("2008-08"), month("2021-03-16"), month("2010"), month("not_reported")
    ('August 2008', 'March 2021', '2010', 'not reported')
    """
    year, _, part = partial[:7].partition("-") if partial[:1].isdigit() else (partial, "", "")
    return f"{MONTHS[int(part) - 1]} {year}" if part else year.replace("_", " ")


def date_words(partial: str) -> str:
    """Write a date in words, as exactly as it is known.

    Examples
    --------
    >>> date_words("2028-02-29"), date_words("2008-08"), date_words("2010")
    ('29 February 2028', 'August 2008', '2010')
    """
    known = month(partial)
    return f"{int(partial[8:])} {known}" if partial[8:].isdigit() else known


def days(schedule: Sequence[Any]) -> str:
    """Write infusion days, alternatives joined by "or".

    Examples
    --------
    >>> days([0, 14]), days([[-7, 0], [-4, 0]])
    ('day 0, 14', 'day −7, 0 or day −4, 0')
    """
    options = schedule if isinstance(schedule[0], (list, tuple)) else [schedule]
    return " or ".join("day " + ", ".join(number(d) for d in option) for option in options)


def words(items: Sequence[str], last: str = "and") -> str:
    """Join items as a sentence does.

    Examples
    --------
    >>> words(["rats"]), words(["rats", "mice"]), words(["rats", "mice", "pigs"], "or")
    ('rats', 'rats and mice', 'rats, mice or pigs')
    """
    items = list(items)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def author_year(author: str, year: int | None) -> str:
    """Name a paper by its first author and year; a year that nobody has read is said to be unknown.

    Parameters
    ----------
    author : str
        Surname of the first author.
    year : int or None
        Year of publication, if known.

    Examples
    --------
    >>> author_year("Ge", 2010), author_year("Luk", None)
    ('Ge 2010', 'Luk, year not known')
    """
    return f"{author}, year not known" if year is None else f"{author} {year}"


def counted(n: int, one: str, many: str = "") -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> counted(1, "study", "studies"), counted(3, "arm")
    ('1 study', '3 arms')
    """
    return f"{number(n)} {one if n == 1 else many or one + 's'}"


def plain(code: object) -> str:
    """Write a coded term for readers: underscores away, blanks spelled out.

    Examples
    --------
    >>> plain("no_difference"), plain("not_reported"), plain(3)
    ('no difference', 'not reported', '3')
    """
    return str(code).replace("_", " ")


def effect(value: float, ratio: bool = True) -> str:
    """Write an effect with two decimals, a large ratio with fewer; one way for sentences, tables and charts.

    Parameters
    ----------
    value : float
        On the reader's scale: a ratio, not its logarithm.
    ratio : bool
        Ratios below 0.005 and from 1,000 on are written as bounds.

    Examples
    --------
    >>> effect(0.8051), effect(0.003), effect(26.53), effect(446034.2), effect(-0.4, ratio=False)
    ('0.81', '<0.01', '26.5', '>999', '−0.40')
    """
    if ratio and 0 < value < 0.005:
        return "<0.01"
    if ratio and value >= 999.5:
        return ">999"
    digits = 2 if abs(value) < 9.995 or not ratio else 1 if value < 99.95 else 0
    text = f"{value:,.{digits}f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")


def p_value(p: float | None) -> str:
    """Write a P value with two digits that count; a dash without one.

    Examples
    --------
    >>> p_value(0.0385742), p_value(0.00024414), p_value(1.0), p_value(1e-9), p_value(None)
    ('0.039', '0.00024', '1', '<0.0001', '–')
    """
    return "–" if p is None else "<0.0001" if p < 0.0001 else number(float(f"{p:.2g}"))
