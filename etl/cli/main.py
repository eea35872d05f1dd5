"""The command line: the list of commands, how signals stop them, and their exit statuses."""

import os
import signal
import sys
import threading
from collections.abc import Iterable, Sequence
from functools import partial
from subprocess import Popen
from types import FrameType
from typing import NoReturn

import click

from config import load_settings
from etl import VERSION, log
from etl.cli.commands import SECTIONS, Commands
from etl.errors import ConfigError, EtlError, MachineError, escaped, lacks_room
from etl.worker.children import PROGRAM
from etl.worker.signals import STOPS, ignore_stops

STOP_GRACE_S = 3.0  # for threads in mid-upload; a run may end anywhere without harm
STOP_AGAIN_S = 0.01
WHOLE = 200  # characters of a short help, which is never cut: it wraps
COMPLETION = "_CLOUD_ETL_COMPLETE"  # set by shells that ask click what may follow
HELP = {"-h", "--help"}
ONCE = {*HELP, "--policy"}
# commands that run once for each of SOURCES
FOR_EACH = ("run", "status", "history", "report", "doctor", "setup", "prune", "inbox")
# commands whose errors go into the log
RUNS = ("run", "demo", "record-failure", "monthly-tasks", "tell-pending", "read-inbox")


class Sectioned(click.Group):
    """A group whose help lists the commands by purpose."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.obj = list(args)  # for_each passes them on as they were typed
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(map(len, self.commands))
        for title, names in SECTIONS.items():
            commands = [self.commands[name] for name in names]
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (f"{command.name:{widest}}", command.get_short_help_str(limit=WHOLE))
                        for command in commands
                        if not command.hidden
                    ]
                )


@click.group(
    cls=Sectioned,
    commands=Commands(),
    context_settings={"help_option_names": sorted(HELP), "max_content_width": 96},
    epilog="Without a command, `python app.py` starts the worker: one run a day, until it is "
    "stopped. Settings come from the environment and from .env; .env.example lists them all.",
)
@click.version_option(VERSION, prog_name="Cloud ETL")
@click.option("--source", metavar="NAME", help="Which source, if SOURCES names several.")
@click.pass_context
def cli(context: click.Context, source: str | None) -> None:
    """Publish a third-party dataset to your S3 bucket every day: cleaned, checked, versioned."""
    arguments: list[str] = context.obj
    if source or context.invoked_subcommand not in FOR_EACH or ONCE & set(arguments):
        return
    names = load_settings().sources
    if len(names) > 1:
        raise SystemExit(for_each(names, arguments))


class Stopped(SystemExit):
    """SIGTERM or SIGINT arrived; the exit status is 128 and the signal's number."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self._signal = signal.Signals(number).name
        self._is_logged = False

    def log(self) -> None:
        """Log it, once."""
        if not self._is_logged:
            self._is_logged = True
            log.warning("run.stopped", signal=self._signal)

    def end_at_once(self) -> None:
        """End the process without waiting for threads or other processes."""
        self.log()
        os._exit(int(self.code or 1))


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """End at once: a run may stop anywhere, since it publishes either a whole version or none.

    It only raises. To log here would fail if the signal arrived in the middle of a log line.
    """
    ignore_stops()  # the signal may come twice, from the platform and from the worker
    stopped = Stopped(number)
    killer = threading.Timer(STOP_GRACE_S, stopped.end_at_once)
    killer.daemon = True
    killer.start()
    sys.unraisablehook = _stop_again
    signal.signal(signal.SIGALRM, partial(_raise, stopped))
    raise stopped


def _raise(stopped: Stopped, number: int, frame: FrameType | None) -> NoReturn:
    raise stopped


def _stop_again(unraisable: "sys.UnraisableHookArgs") -> None:
    """Raise Stopped a moment later if it was raised in a destructor, where Python drops it.

    What else destructors raise is not shown, since the process ends.
    """
    if isinstance(unraisable.exc_value, Stopped):
        signal.setitimer(signal.ITIMER_REAL, STOP_AGAIN_S)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return the exit status: 0 done, 1 an error, 2 wrong usage or settings."""
    arguments = sys.argv[1:] if arguments is None else arguments
    _open_closed_streams()
    for number in STOPS:
        signal.signal(number, _stop)
    log.set_up("INFO")
    in_log = bool(set(RUNS) & set(arguments)) and not sys.stderr.isatty()
    try:
        # a shell completes the words after deploy/cloud-etl; it can't after `python app.py`
        name = "cloud-etl" if COMPLETION in os.environ else "python app.py"
        cli.main(arguments, prog_name=name, complete_var=COMPLETION, standalone_mode=False)
        sys.stdout.flush()
    except Stopped as stopped:
        stopped.log()
        return int(stopped.code or 1)
    except SystemExit as ended:  # the command has said why
        return int(ended.code or 0)
    except BrokenPipeError:  # the reader of our output is gone
        _give_up_output()
        return 1
    except click.Abort:
        click.echo("cancelled; nothing was changed", err=True)
        return 1
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except EtlError as exc:
        return _show_error(exc, in_log=in_log)
    except Exception as exc:
        if why := lacks_room(exc):  # the disk that the output goes to, for example
            _give_up_output()
            return _show_error(MachineError(why), in_log=in_log)
        # a defect of ours: one line in the log, with the traceback
        log.error("run.crashed", exc=exc, kind=type(exc).__name__, error=exc)
        return 1
    return 0


def _give_up_output() -> None:
    """Let Python write no more of the output at exit, if that can't be written."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_error(error: EtlError, *, in_log: bool) -> int:
    """Show an error in the log or, in the form of click's own, to a person; return the status."""
    wrong_settings = isinstance(error, ConfigError)
    faults = error.faults if isinstance(error, ConfigError) else [str(error)]
    for fault in faults:
        if not in_log:
            click.ClickException(escaped(fault)).show()
        elif wrong_settings:
            log.error("settings.wrong", error=fault)
        else:
            log.error("run.failed", kind=type(error).__name__, error=error)
    return 2 if wrong_settings else 1


def _open_closed_streams() -> None:
    """Put the null device in the place of standard streams that are closed.

    Python has None for them, and the next file opened would take their numbers.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115  for good


def for_each(names: Iterable[str], arguments: Sequence[str]) -> int:
    """Run the command once for each source, one after the other, and return the worst status."""
    worst = 0
    for name in names:
        print(f"{name}:", file=sys.stderr, flush=True)
        command = [sys.executable, str(PROGRAM), "--source", name, *arguments]
        with Popen(command) as child:  # noqa: S603  our own program
            try:
                status = child.wait()
            except BaseException:  # this process is stopped, so the child has to stop too
                child.terminate()
                raise
        worst = max(worst, status if status >= 0 else 128 - status)
    return worst
