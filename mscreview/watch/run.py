"""The command ``mscreview watch``: runs the strategies one after another, stores each on its own, and says what came of it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..schema import BLANKS
from ..store import StoreError, recover
from .desk import Desk, Memory, Paper, turn
from .engine import GROUPS, Asked, Outcome, Services, ask, failed, settle, strategies
from .merge import Row
from .records import Silent, WatchError

# Searches in a row that a service may leave without an answer before the others are not asked.
PATIENCE = 3

GOOD, PROBLEMS, WRONG_USE, STOPPED = 0, 1, 2, 130
OFTEN = 1.0
SHOWN = ("search_id", "database", "state", "hits", "new", "pending", "alarm", "reason")


@dataclass(frozen=True)
class Clients:
    """The clients of the real services, or of those whose addresses the environment names."""

    ctgov: Any
    europepmc: Any
    pubmed: Any
    crossref: Any
    http: Any

    def close(self) -> None:
        """Give the connections back."""
        self.http.close()


class Console:
    """Says on standard error how far a run is: with a bar on a terminal, in plain lines elsewhere."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._label = ""
        self._told = 0.0

    def begin(self, total: int) -> None:
        """Show a bar for so many strategies, on a terminal."""
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit="search", file=sys.stderr, dynamic_ncols=True, leave=False)

    def search(self, strategy: Row) -> None:
        """Say whom is asked now."""
        self._label, self._told = strategy["search_id"], 0.0
        self.tell(f"asking {strategy['database']}")

    def tell(self, text: str) -> None:
        """Say how far the present strategy is; as lines, not more often than once in `OFTEN` seconds."""
        told = f"{self._label}: {text}"
        if self._bar is not None:
            self._bar.set_postfix_str(told)
        elif time.monotonic() - self._told >= OFTEN:
            self._told = time.monotonic()
            print(told, file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        """Say something that stays on the screen."""
        if self._bar is None:
            print(text, file=sys.stderr, flush=True)
        else:
            self._bar.write(text, file=sys.stderr)

    def step(self) -> None:
        """One strategy is done."""
        if self._bar is not None:
            self._bar.update()

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        self._label = ""


def run(
    what: str,
    root: Path,
    since: date | None = None,
    dry_run: bool = False,
    as_json: bool = False,
    *,
    now: datetime | None = None,
    services: Services | None = None,
) -> int:
    """Ask the registry and the literature what is new, and store it.

    Each strategy is stored on its own together with its row of `search_log`, in one piece: a run that dies leaves whole strategies,
    and the next one of the same kind within 24 hours goes on with the rest.

    Parameters
    ----------
    what : {"registry", "literature", "retractions", "all"}
    root : Path
        A checkout, or a data folder.
    since : date, optional
        Only records that entered on this day or later; the whole of each strategy when not given.
    dry_run : bool
        Ask, and say what would be stored; touch no file.
    as_json : bool
        Print one JSON object on standard output instead of lines.
    now : datetime, optional
        With a time zone; the clock when not given.
    services : Services, optional
        The clients; made from the environment when not given.

    Returns
    -------
    int
        0 = good, 1 = a source failed, its answer should be doubted, or nothing could be stored, 2 = wrong use, 130 = interrupted.

    Examples
    --------
    >>> run("everything", Path("."))
    2
    """
    console = Console()
    if what not in (*GROUPS, "all"):
        console.say(f"{what!r} cannot be watched (allowed: {', '.join(GROUPS)}, all)")
        return WRONG_USE
    asked = Asked(now or datetime.now(UTC), since.isoformat() if since else "")
    if asked.since > asked.day:
        console.say(f"since {asked.since} lies in the future (allowed: a day up to {asked.day})")
        return WRONG_USE
    try:
        clients = connect(console) if services is None else None
    except ModuleNotFoundError as error:
        if error.name not in ("httpx", "tenacity", "tqdm"):
            raise
        console.say(f"{error.name} is missing: pip install 'mscreview[watch]'")
        return WRONG_USE
    except WatchError as error:
        console.say(str(error))
        return WRONG_USE
    asking: Any = services or clients
    done: list[Outcome] = []
    code, trouble = PROBLEMS, ""
    try:
        if dry_run:
            _work(what, root, Paper(root, asked.day), None, asking, asked, console, done)
        else:
            with turn(root, console.say):
                memory = Memory.recall(root, asked.now, what, asked.since)
                _work(what, root, Desk(root, asked.day), memory, asking, asked, console, done)
        code = PROBLEMS if not done or any(_bad(o.log) for o in done) else GOOD
        trouble = "" if done else f"data/searches.csv has no search of kind watch for {what}"
    except KeyboardInterrupt:
        stored = "" if dry_run else "; what was complete is stored, and the same command goes on with the rest"
        code, trouble = STOPPED, f"interrupted{stored}"
    except StoreError as error:
        trouble = f"cannot write {error}; searches that were stored before stay stored, nothing else was"
    except DataError as error:
        trouble = str(error)
    finally:
        console.end()
        if clients is not None:
            clients.close()
    if trouble:
        console.say(trouble)
    told = _as_json if as_json else _as_lines
    for line in told(what, asked, dry_run, done, code, trouble):
        print(line)
    return code


def connect(console: Console) -> Clients:
    """Make the clients from the environment.

    Raises
    ------
    ModuleNotFoundError
        A package that only the watch needs is not there.
    WatchError
        A variable of the environment holds what cannot be used.
    """
    from .crossref import Crossref
    from .ctgov import CtGov
    from .europepmc import EuropePmc
    from .http import Http, addresses
    from .pubmed import PubMed

    at, http = addresses(), Http.from_environment(console.say)
    pubmed = PubMed(http, at["eutils"], os.environ.get("NCBI_API_KEY", "").strip())
    return Clients(CtGov(http, at["ctgov"]), EuropePmc(http, at["europepmc"]), pubmed, Crossref(http, at["crossref"]), http)


def _work(
    what: str,
    root: Path,
    desk: Desk,
    memory: Memory | None,
    services: Services,
    asked: Asked,
    console: Console,
    done: list[Outcome],
) -> None:
    """Run what is left to run; ``done`` grows by one outcome a strategy, whatever happens next."""
    if memory:
        told = recover(root)
        if told:
            console.say(f"{told} (of a run that was cut off)")
    desk.check()
    todo = strategies(desk.read(), what)
    if memory and memory.done:
        left = sum(s["search_id"] not in memory.done for s in todo)
        console.say(f"going on with the run of {memory.started}: {left} of {len(todo)} searches are left")
        _cut_off(todo, desk, memory, asked)
    silent: Counter[str] = Counter()
    console.begin(len(todo))
    for strategy in todo:
        search_id = strategy["search_id"]
        if memory and search_id in memory.done:
            before = memory.done[search_id]
            done.append(Outcome(before["log"], {}, before["added"]))
        else:
            console.search(strategy)
            ours = memory.ours if memory else [k for o in done for k in o.added.get("new_evidence", [])]
            outcome = _one(strategy, desk, services, asked, console, ours, silent)
            done.append(outcome)
            if memory:
                memory.ours += outcome.added.get("new_evidence", [])
                if outcome.log["state"] != "failed":
                    memory.done[search_id] = {"log": outcome.log, "added": outcome.added}
                memory.keep()
        console.step()
    if memory:
        memory.forget()


def _cut_off(todo: list[Row], desk: Desk, memory: Memory, asked: Asked) -> None:
    """Log the search at which the run before was cut off: it began then, and gave nothing."""
    strategy = next((s for s in todo if s["search_id"] not in memory.done), None)
    if strategy:
        then = replace(asked, now=datetime.fromisoformat(memory.started))
        desk.commit(lambda cells: failed(strategy, WatchError("the run was cut off before this search was stored"), cells, then))


def _one(
    strategy: Row, desk: Desk, services: Services, asked: Asked, console: Console, ours: list[str], silent: Counter[str]
) -> Outcome:
    """Ask, and store what came of it; whatever goes wrong becomes a row of the log."""
    try:
        if silent[strategy["database"]] >= PATIENCE:
            raise WatchError(f"not asked: {strategy['database']} gave no answer to {PATIENCE} searches before")
        findings = ask(strategy, services, desk.read(), asked, console.tell)
    except (DataError, StoreError):
        raise
    except Exception as error:  # noqa: BLE001
        # Also what nobody thought of: one strange answer must not take the other strategies with it.
        trouble = error
    else:
        try:
            return desk.commit(lambda cells: settle(strategy, findings, cells, asked, ours))
        except DataError as error:
            trouble = WatchError(f"what it gave does not fit the tables: {'; '.join(map(str, error.problems[:3]))}")
        except StoreError as error:
            # The rows did not fit on the disk; the one line that says so may.
            with suppress(DataError, StoreError):
                said = WatchError(f"could not be stored: {error}")
                desk.commit(lambda cells: failed(strategy, said, cells, asked))
            raise
        except Exception as error:  # noqa: BLE001 - as above
            trouble = error
    if isinstance(trouble, Silent):
        silent[strategy["database"]] += 1
    return desk.commit(lambda cells: failed(strategy, trouble, cells, asked))


def _bad(log: Row) -> bool:
    return log["state"] == "failed" or log["alarm"] not in BLANKS


def _added(done: Iterable[Outcome]) -> dict[str, int]:
    return dict(sum((Counter({t: len(keys) for t, keys in o.added.items()}) for o in done), Counter()))


def _as_json(what: str, asked: Asked, dry_run: bool, done: list[Outcome], code: int, trouble: str) -> list[str]:
    def cell(log: Row, name: str) -> str | int | None:
        value = log[name]
        return None if value in BLANKS else int(value) if name in ("hits", "new", "pending") else value

    said = {
        "run_at": asked.run_at,
        "what": what,
        "since": asked.since or None,
        "dry_run": dry_run,
        "strategies": [{name: cell(o.log, name) for name in SHOWN} for o in done],
        "added": _added(done),
        "error": trouble or None,
        "exit": code,
    }
    return [json.dumps(said, ensure_ascii=False, indent=1)]


def _as_lines(what: str, asked: Asked, dry_run: bool, done: list[Outcome], code: int, trouble: str) -> list[str]:
    lines = []
    for outcome in done:
        log = outcome.log
        alarm, reason = ("" if log[c] in BLANKS else log[c] for c in ("alarm", "reason"))
        if log["state"] == "failed":
            told = f"failed: {alarm or reason}"
        else:
            told = f"{int(log['hits']):,} hit{'s' if log['hits'] != '1' else ''}, {log['new']} new, {log['pending']} to screen"
            told += (f"; alarm: {alarm}" if alarm else "") + (f"; {reason}" if reason else "")
        lines.append(f"{log['search_id']} ({log['database']}): {told}")
        if dry_run:
            lines += [f"  would add {table}/{key}" for table, keys in outcome.added.items() for key in keys]
    bad = sum(_bad(o.log) for o in done)
    added = ", ".join(f"{number:,} rows of {table}" for table, number in _added(done).items()) or "nothing"
    asked_for = f"{len(done)} searches" if len(done) != 1 else "1 search"
    lines.append(f"{asked_for}, {bad} to be looked at; {'would add' if dry_run else 'added'} {added}")
    return lines
