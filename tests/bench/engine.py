"""The engine as it comes, without what this book does to hasten it, for comparison: ``python engine.py floor|cold``, in a checkout.

``floor``: pages only, with nothing executed and nothing written around them (execution is off in the configuration).
``cold``: no reference is used, so that the engine executes every chapter, one after the other, as an ordinary book does.
"""

import sys

from jupyter_book.cli.main import main

from mscreview import sphinxext
from mscreview.sphinxext.sidebar import Sidebars

if __name__ == "__main__":
    sphinxext.collect_seldom = lambda: None
    sphinxext.hasten = lambda app, executing: None
    Sidebars.of = lambda self, page, make, **asked: make(**asked)
    sphinxext.held = lambda pages: ([], list(pages))
    if sys.argv[1] == "floor":
        sphinxext.pages.finish_site = lambda app, error: None
    sys.argv = ["jupyter-book", "build", "-n", "."]
    main()
