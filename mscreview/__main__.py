"""Run the command as ``python -m mscreview``."""

import sys

from .cli import main

sys.exit(main())
