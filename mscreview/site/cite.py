"""How a page is cited: tags for reference managers and previews of links, "cite this page", CITATION.cff.

No part of the book has a DOI, so none is given: a page is cited by its address, the version of the data and the day it was read.
"""

from __future__ import annotations

from datetime import date
from html import escape
from pathlib import Path
from posixpath import dirname, relpath
from typing import TYPE_CHECKING, Any

from ..review import Review
from ..state import day_words
from ..store.files import put
from . import preview
from .linked import AUTHOR, LICENCES, ROOT, data_block, doubt, released, version
from .sitemap import page_address, repository, site_address

if TYPE_CHECKING:
    from . import Site

NAME = "mscreview"
# Heading of the landing page; the file CITATION.cff is made where no page is.
BOOK = "Mesenchymal stromal cells for the kidney: a living review"
CITATION = "CITATION.cff"
# Stands where the reader's day belongs until a script or the reader puts it there: form → gap.
GAPS = {"words": "[the day you read it]", "iso": "YYYY-MM-DD", "ris": "YYYY/MM/DD"}


def head(site: Site, page: str, description: str) -> str:
    """Write what machines read in the head of a page: citation tags, a preview of links, and linked data.

    Parameters
    ----------
    site : Site
    page : str
        Without ``.html``.
    description : str
        One sentence on the page; left out where empty.

    Returns
    -------
    str
        HTML; empty for a page that is not in the contents (search, index), which nobody cites.

    References
    ----------
    Inclusion guidelines of Google Scholar (Highwire Press tags); The Open Graph protocol; schema.org; JSON-LD 1.1.

    Examples
    --------
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> site = Site(open_review(), Path(), "https://example.org/book/", {"chapters/index": "Book", "chapters/methods": "Methods"}, {}, str)
    >>> '<meta name="citation_title" content="Methods" />' in head(site, "chapters/methods", "How it was made.")
    True
    >>> head(site, "search", "")
    ''
    """
    if page not in site.titles:
        return ""
    review, title, url = site.review, site.titles[page], page_address(site, page)
    inside = () if page == ROOT else (("citation_inbook_title", site.titles[ROOT]),)
    named = (
        ("citation_title", title),
        ("citation_author", AUTHOR),
        *inside,
        ("citation_publication_date", _slashes(review.as_of)),
        ("citation_online_date", _slashes(released(review))),
        ("citation_language", "en"),
        ("citation_public_url", url),
        ("citation_fulltext_html_url", url),
        ("twitter:card", "summary_large_image"),
    )
    graph = (
        ("og:title", title),
        ("og:description", description),
        ("og:type", "website" if page == ROOT else "article"),
        ("og:url", url),
        ("og:site_name", NAME),
        ("og:locale", "en_GB"),
        ("og:image", f"{site.address}{preview.PREVIEW}"),
        ("og:image:type", "image/png"),
        ("og:image:width", str(preview.WIDTH)),
        ("og:image:height", str(preview.HEIGHT)),
        ("og:image:alt", preview.alt(review)),
    )
    tags = [f'<meta name="{name}" content="{escape(text)}" />' for name, text in named]
    tags += [f'<meta property="{name}" content="{escape(text)}" />' for name, text in graph if text]
    return "\n".join([*tags, data_block(site, page, description)])


def key(page: str) -> str:
    """Name of a page in a list of references.

    Examples
    --------
    >>> key("chapters/zhao2018/hypoxia"), key("chapters/index")
    ('mscreview-zhao2018-hypoxia', 'mscreview')
    """
    return NAME if page == ROOT else f"{NAME}-{page.removeprefix('chapters/').replace('/', '-')}"


def text(site: Site, page: str) -> str:
    """Write the citation of a page as a sentence; ``GAPS["words"]`` stands for the day it was read.

    Parameters
    ----------
    site : Site
    page : str
        A page of the contents.

    Examples
    --------
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> site = Site(open_review(), Path(), "https://example.org/book/", {"chapters/index": "Book", "chapters/methods": "Methods"}, {}, str)
    >>> text(site, "chapters/methods").partition(" Version")[0]
    'mscreview contributors. Methods. In: Book.'
    """
    day = day_words(site.review.as_of)
    inside = "" if page == ROOT else f" In: {site.titles[ROOT]}."
    stand = f"Version {version(site.review)}, data as of {day}."
    title = site.titles[page]
    stop = "" if title.endswith(("?", "!", ".")) else "."
    return f"{AUTHOR}. {title}{stop}{inside} {stand} {page_address(site, page)} (accessed {GAPS['words']})."


def bibtex(site: Site, page: str) -> str:
    """Write the citation of a page for BibTeX and BibLaTeX; ``GAPS["iso"]`` stands for the day it was read.

    Parameters
    ----------
    site : Site
    page : str
        A page of the contents.

    Examples
    --------
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> site = Site(open_review(), Path(), "https://example.org/book/", {"chapters/index": "Book", "chapters/methods": "Methods"}, {}, str)
    >>> bibtex(site, "chapters/methods").splitlines()[0]
    '@incollection{mscreview-methods,'
    """
    from pybtex.database import BibliographyData, Entry, Person
    from pybtex.database.output.bibtex import Writer

    review = site.review
    day = review.as_of
    # Braces keep a style from splitting the name and from lowering "MSC".
    fields = {"title": f"{{{site.titles[page]}}}"}
    if page != ROOT:
        fields["booktitle"] = f"{{{site.titles[ROOT]}}}"
    fields |= {
        "year": str(day.year),
        "month": str(day.month),
        "note": f"Version {version(review)}, data as of {day_words(day)}",
        "url": page_address(site, page),
        "urldate": GAPS["iso"],
    }
    entry = Entry("misc" if page == ROOT else "incollection", fields=fields, persons={"author": [Person(f"{{{AUTHOR}}}")]})
    return str(Writer().to_string(BibliographyData({key(page): entry}))).strip() + "\n"


def ris(site: Site, page: str) -> str:
    """Write the citation of a page as RIS; ``GAPS["ris"]`` stands for the day it was read.

    Parameters
    ----------
    site : Site
    page : str
        A page of the contents.

    References
    ----------
    RIS format specifications: a tag, two blanks, a hyphen and a blank; ``TY`` first, ``ER`` last. The comma behind the name makes all
    of it a last name.

    Examples
    --------
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> site = Site(open_review(), Path(), "https://example.org/book/", {"chapters/index": "Book", "chapters/methods": "Methods"}, {}, str)
    >>> ris(site, "chapters/methods").splitlines()[:2]
    ['TY  - CHAP', 'AU  - mscreview contributors,']
    """
    review = site.review
    lines = [("TY", "ELEC" if page == ROOT else "CHAP"), ("AU", f"{AUTHOR},"), ("TI", site.titles[page])]
    if page != ROOT:
        lines.append(("T2", site.titles[ROOT]))
    lines += [
        ("PY", str(review.as_of.year)),
        ("DA", _slashes(review.as_of)),
        ("ET", f"Version {version(review)}"),
        ("LA", "en"),
        ("N1", f"Data as of {day_words(review.as_of)}"),
        ("UR", page_address(site, page)),
        ("Y2", GAPS["ris"]),
    ]
    return "".join(f"{tag}  - {value}\n" for tag, value in [*lines, ("ER", "")])


def box(site: Site, page: str) -> str:
    """Write "Cite this page": the citation as a sentence, for BibTeX and as RIS, with version, licences and CITATION.cff.

    Complete without a script but for the day of reading, which a labelled gap is kept for; ``cite.js`` fills it in and adds buttons.

    Parameters
    ----------
    site : Site
    page : str
        Without ``.html``.

    Returns
    -------
    str
        HTML; empty for a page that is not in the contents.

    Examples
    --------
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> site = Site(open_review(), Path(), "https://example.org/book/", {"chapters/index": "Book", "chapters/methods": "Methods"}, {}, str)
    >>> "@incollection{mscreview-methods," in box(site, "chapters/methods")
    True
    """
    if page not in site.titles:
        return ""
    name = key(page)
    blocks = [
        _block("Text", f'<p class="cite-source">{_gap(text(site, page), "words")}</p>'),
        _block("BibTeX", f'<pre class="cite-source">{_gap(bibtex(site, page), "iso")}</pre>', f"{name}.bib", "application/x-bibtex"),
        _block("RIS", f'<pre class="cite-source">{_gap(ris(site, page), "ris")}</pre>', f"{name}.ris", "application/x-research-info-systems"),
    ]
    terms = ", ".join(f'{what} <a rel="license" href="{at}">{words}</a>' for what, (_, words, at) in LICENCES.items())
    file = relpath(CITATION, dirname(page) or ".")
    return (
        f'<details class="cite-page" id="cite-this-page"><summary>Cite this page</summary>{"".join(blocks)}'
        f'<p class="cite-note">Put the day you read the page in place of {GAPS["iso"]} and {GAPS["ris"]}.</p>'
        f'<p class="cite-terms">The book changes: a citation needs the version and that day. '
        f'The whole book and its data: <a href="{file}" download>{CITATION}</a>. Licences: {terms}.</p></details>'
    )


def _block(label: str, inner: str, file: str = "", kind: str = "") -> str:
    save = f' data-file="{file}" data-kind="{kind}"' if file else ""
    return f'<div class="cite-block" data-label="{label}"{save}><p class="cite-head">{label}</p>{inner}</div>'


def _gap(written: str, form: str) -> str:
    return escape(written, quote=False).replace(GAPS[form], f'<span class="cite-accessed" data-form="{form}">{GAPS[form]}</span>')


def _slashes(day: date) -> str:
    return f"{day:%Y/%m/%d}"


def citation_file(review: Review, repository: str) -> str:
    """Write CITATION.cff: how to cite the data, and as the preferred citation the book.

    Parameters
    ----------
    review : Review
    repository : str
        Address of the repository, as ``_config.yml`` gives it.

    Returns
    -------
    str
        YAML; the same data give the same text.

    References
    ----------
    Citation File Format 1.2.0, https://citation-file-format.github.io/1.2.0/schema.json

    Examples
    --------
    >>> from mscreview import open_review
    >>> "cff-version: 1.2.0" in citation_file(open_review(), "https://github.com/someone/book")
    True
    """
    import yaml

    descriptor, day = review.schema.descriptor, released(review)
    common = {"version": version(review), "date-released": day.isoformat(), "url": site_address(repository)}
    content = {
        "cff-version": "1.2.0",
        "message": "Please cite the page you used: every page of the book says how, under “Cite this page”. This file is for the book and its data as a whole.",
        "type": "dataset",
        "title": descriptor["title"],
        "abstract": descriptor["description"],
        "authors": [{"name": AUTHOR}],
        **common,
        "repository-code": repository,
        # Only the data: several licences in one entry would mean that a reader may choose among them.
        "license": LICENCES["data"][0],
        "keywords": descriptor["keywords"],
        "preferred-citation": {
            "type": "book", "title": BOOK, "authors": [{"name": AUTHOR}], "year": day.year, **common, "license": LICENCES["text"][0],
        },
        "references": [_reference(review, id_) for id_ in review.table("reviews").review_id],
    }  # fmt: skip
    made = "# Made from data/ by `mscreview release`: change the data, not this file.\n"
    return made + yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=130)


def _reference(review: Review, review_id: str) -> dict[str, Any]:
    paper = review.table("reviews").set_index("review_id").loc[review_id]
    start, _, end = str(paper.pages).partition("-")
    unsure = doubt(review, review_id)
    return {
        "type": "article",
        "title": paper.title,
        # Only the first author is encoded; "others" is what BibTeX writes for the rest.
        "authors": [{"family-names": paper.first_author}, {"name": "others"}],
        "journal": paper.journal,
        "year": int(paper.year),
        "volume": str(paper.volume),
        "start": start,
        **({"end": end} if end else {}),
        "doi": paper.doi,
        **({"notes": unsure} if unsure else {}),
    }


def update(root: Path) -> Path | None:
    """Write CITATION.cff of a checkout anew, from the data as they stand on disk.

    Parameters
    ----------
    root : Path
        A checkout; a folder of data alone has no repository to name and gets no file.

    Returns
    -------
    Path or None

    Raises
    ------
    DataError
        The data have problems.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     update(Path(folder)) is None
    True
    """
    home = repository(root)
    if not home:
        return None
    path = root / CITATION
    # Not open_review: that hands out what was read before a release changed it.
    text = citation_file(Review(root), home)
    put(path, text)
    return path


def write(site: Site) -> Path:
    """Put CITATION.cff of the checkout beside the pages, which link to it.

    Parameters
    ----------
    site : Site

    Raises
    ------
    FileNotFoundError
        The checkout has none.

    Examples
    --------
    >>> import tempfile
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Site(open_review(), Path(folder), "https://example.org/book/", {}, {}, str)).name
    'CITATION.cff'
    """
    path = site.out / CITATION
    path.write_bytes((site.review.root / CITATION).read_bytes())
    return path
