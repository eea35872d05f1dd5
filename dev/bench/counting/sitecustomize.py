"""Count the HTTP requests of a process and those it starts: put this folder in PYTHONPATH.

Appends the method of each request by botocore to the file that BENCH_REQUESTS names, a line each.
"""

import os
from functools import wraps
from typing import Any

from botocore.httpsession import URLLib3Session

_send = URLLib3Session.send
_counted = os.open(os.environ["BENCH_REQUESTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


@wraps(_send)
def send(self: URLLib3Session, request: Any) -> Any:
    os.write(_counted, f"{request.method}\n".encode())
    return _send(self, request)


URLLib3Session.send = send  # type: ignore[method-assign]
