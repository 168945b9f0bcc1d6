"""`python -m ingest`."""

import os
import sys

# Python has put the folder that it was started in first, where a `json.py` may lie.
if not sys.flags.safe_path and sys.path[0] != os.path.dirname(os.path.dirname(__file__)):  # noqa: PTH120
    del sys.path[0]

from ingest.script import main

sys.exit(main())
