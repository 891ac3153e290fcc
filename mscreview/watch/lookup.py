"""Looks one paper or one trial up by its identifier, to spare a contributor the typing."""

from __future__ import annotations

from .ctgov import CtGov
from .europepmc import EuropePmc
from .http import Http, addresses
from .records import Record, WatchError
from .words import doi as bare_doi
from .words import pmid as bare_pmid


def lookup(doi: str = "", pmid: str = "", nct: str = "", http: Http | None = None) -> list[Record]:
    """Ask Europe PMC for a paper and ClinicalTrials.gov for a trial.

    Parameters
    ----------
    doi, pmid, nct : str
        Identifiers; those not given are not asked for. A paper with both is asked for by its DOI.
    http : Http, optional
        Asks; by default one that gives up after a few seconds, since somebody is waiting.

    Returns
    -------
    list of Record
        The paper, then the trial.

    Raises
    ------
    WatchError
        No answer, or the service does not know the identifier; the message says which.

    Examples
    --------
    >>> lookup()
    []
    """
    if not (doi or pmid or nct):
        return []
    asking = http or Http(rate=2, timeout=10, wait=0.3, tries=2)
    at, found = addresses(), []
    try:
        if doi or pmid:
            found.append(_paper(EuropePmc(asking, at["europepmc"]), doi, pmid))
        if nct:
            answer = CtGov(asking, at["ctgov"]).known([nct])
            if not answer.records:
                raise WatchError(f"ClinicalTrials.gov does not know {nct}" if not answer.faulty else answer.faulty[0])
            found.append(answer.records[0])
    finally:
        if http is None:
            asking.close()
    return found


def _paper(service: EuropePmc, doi: str, pmid: str) -> Record:
    if doi:
        wanted, query = bare_doi(doi), f'DOI:"{bare_doi(doi)}"'
        if not wanted:
            raise WatchError(f"{doi!r} is no DOI (allowed: 10.…/…)")
        same = [r for r in service.search(query).records if r.doi.casefold() == wanted.casefold()]
    else:
        wanted, query = bare_pmid(pmid), f"EXT_ID:{bare_pmid(pmid)} AND SRC:MED"
        if not wanted:
            raise WatchError(f"{pmid!r} is no PMID (allowed: digits)")
        same = [r for r in service.search(query).records if r.pmid == wanted]
    if not same:
        raise WatchError(f"Europe PMC does not know {wanted}")
    return same[0]
