"""The `till` command."""


def main() -> None:
    """Placeholder until the command line lands."""
    raise SystemExit("till: the command line is not here yet")
