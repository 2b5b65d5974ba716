"""``python -m qc``: the command line without an installed script."""

from qc.cli import main

raise SystemExit(main())
