"""Stand in for a Python process: a fork of one that has imported everything already.

    python tests/support/forked.py ARGUMENTS ...

sends its arguments, environment, folder and output to the socket that the variable FORKS names,
and ends as the fork does. It passes no signals on. Such a child costs a tenth of a new process.
"""

import json
import os
import signal
import socket
import sys

VARIABLE = "FORKS"
MOST_BYTES = 1 << 20  # of arguments and environment


def run_forked() -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(os.environ[VARIABLE])
        given = [sys.argv[1:], dict(os.environ), os.getcwd()]
        socket.send_fds(server, [json.dumps(given).encode() + b"\n"], [1, 2])
        status = int(server.makefile().readline() or 1)
    if status < 0:
        os.kill(os.getpid(), -status)
    sys.exit(status)


def serve(main) -> None:  # type: ignore[no-untyped-def]  # typing alone takes 10 ms to import
    """Call `main` in a fork of this process for every client, with the client's surroundings."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    path = os.environ[VARIABLE]
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{path}.new")
        server.listen()
        os.rename(f"{path}.new", path)
        while True:
            client, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _report(client, main)
            client.close()


def _report(client, main) -> None:  # type: ignore[no-untyped-def]
    """Run `main` in a fork, and tell the client how that ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message, outputs, _, _ = socket.recv_fds(client, MOST_BYTES, 2)
    while not message.endswith(b"\n"):
        message += client.recv(MOST_BYTES)
    child = os.fork()
    if child == 0:
        arguments, environ, folder = json.loads(message)
        _run(arguments, environ, folder, outputs, main)
    _, ended = os.waitpid(child, 0)
    client.sendall(f"{os.waitstatus_to_exitcode(ended)}\n".encode())
    os._exit(0)


def _run(arguments, environ, folder, outputs, main) -> None:  # type: ignore[no-untyped-def]
    status = 1
    try:
        for number, output in zip((1, 2), outputs, strict=True):
            os.dup2(output, number)
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(folder)
        sys.argv[1:] = arguments
        status = main()
    except SystemExit as exc:
        status = int(exc.code or 0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    run_forked()
