"""`python -m ivr` is `tocsin`."""

import sys

from ivr.cli import main

sys.exit(main())
