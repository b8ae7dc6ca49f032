"""`python -m tui_label.cli`."""

import sys

from tui_label.cli import main

sys.exit(main())
