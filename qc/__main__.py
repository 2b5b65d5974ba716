"""``python -m qc``: the command line without an installed script."""

from .cli.app import main

raise SystemExit(main())
