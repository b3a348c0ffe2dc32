"""One dbt command: hands all that it was given to the server, and ends as the process does that the server
forks for it."""

import array
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

with socket.socket(socket.AF_UNIX) as server:
    deadline = time.monotonic() + 600
    while server.connect_ex(PATH_OF_THE_SERVER):  # type: ignore[name-defined]  # noqa: F821 - put in by `warm_dbt`
        if time.monotonic() > deadline:
            sys.exit("the server of the tests' dbt does not answer")
        time.sleep(0.05)
    request = {"arguments": sys.argv[1:], "environment": dict(os.environ), "folder": str(Path.cwd())}
    content = json.dumps(request).encode()
    streams = array.array("i", [0, 1, 2])
    server.sendmsg([b"%10d" % len(content)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
    server.sendall(content)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda given, _: server.sendall(bytes([given])))
    answer = b""
    while part := server.recv(1):  # to the end of the process: what it wrote is then all there is
        answer = part
sys.exit(answer[0] if answer else 1)
