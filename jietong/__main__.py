"""`python -m jietong` is the `jietong` command."""

from jietong.cli import main

main()
