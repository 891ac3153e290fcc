"""Builds the last commit twice, in two folders and on two days, and compares every byte: ``make reproduce``."""

import json
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

from clone import DAY, ELSEWHERE, Clone, differences, files


def main() -> int:
    """Print how many files are the same, or which are not; 1 when one differs."""
    with tempfile.TemporaryDirectory() as name:
        one, other = Clone(Path(name, "one")), Clone(Path(name, "another place", "two"))
        print(f"building in {one.folder.name}/ …", file=sys.stderr, flush=True)
        one.build()
        print(f"building in {other.folder.parent.name}/{other.folder.name}/, on {DAY}, in {ELSEWHERE['TZ']} …", file=sys.stderr, flush=True)
        other.build_on_another_day()
        found = differences(one.site, other.site)
        if found:
            print("\n".join(found))
            print(f"{len(found)} files are not the same", file=sys.stderr)
            return 1
        sums = files(one.site)
        print(f"{len(sums):,} files, byte for byte the same; SHA-256 of their list {sha256(json.dumps(sums).encode()).hexdigest()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
