"""`python -m devenv` is `mtd`."""

import sys

from devenv.cli import main

sys.exit(main())
