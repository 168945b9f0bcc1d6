"""`python -m ingest`."""

import sys

from ingest.script import main

sys.exit(main())
