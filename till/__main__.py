"""The `till` command: runs it, and turns what went wrong into one plain sentence."""

from __future__ import annotations

import os
import signal
import sys

from configuration.errors import EXIT_FAILED, PlainError, StopAsked


def _stop(*_: object) -> None:
    raise StopAsked


def main() -> None:
    """Run the command line; exits 0 fine, 1 failed, 2 wrong usage or configuration, 3 busy."""
    # Typer would make "Aborted!" of a KeyboardInterrupt, and wait for loads that are under way.
    signal.signal(signal.SIGINT, _stop)
    from till.command_line import app

    if "--debug" in sys.argv:
        sys.argv.remove("--debug")
        app()
        return
    try:
        app()
    except PlainError as error:
        _say(str(error))
        raise SystemExit(error.exit_code) from None
    except StopAsked:
        _say("Stopped. The next run takes up where this one was.")
        # Loads that are under way would else be waited for; whatever they leave, the next run sweeps.
        sys.stdout.flush()
        os._exit(EXIT_FAILED)
    except Exception as error:  # the last border: nobody should have to read a traceback
        _say(
            f"Something unexpected happened ({type(error).__name__}: {error}). "
            "Run it again with --debug for the details; the current release is as it was."
        )
        raise SystemExit(EXIT_FAILED) from None


def _say(text: str) -> None:
    """To standard error, without control characters that data may have brought along."""
    clean = "".join(one if one.isprintable() or one == "\n" else "?" for one in text)
    sys.stderr.write(f"{clean}\n")


if __name__ == "__main__":
    main()
