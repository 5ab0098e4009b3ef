"""`python -m deploy.cli` is `motcua`."""

from deploy.cli import main

main()
