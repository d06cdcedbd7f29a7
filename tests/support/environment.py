"""An environment under test for tests of the program: a process of its own, ready when it says so.

``python environment.py FOLDER [how]``. It answers ``/health`` as long as there is no file ``FOLDER/down``, ``/version``
where there is one named ``FOLDER/version`` with what that says (in turn, a line an answer), and
says what it did in ``FOLDER/said``. ``how``: ``garbage``, ``fails``, ``silent``, ``long``, ``deaf`` (heeds neither
the end of its standard input nor TERM), ``child`` (leaves a process behind), ``late`` (is ready when there is
``FOLDER/go``), ``dies`` (ends when there is ``FOLDER/die``).
"""

from __future__ import annotations

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

PASSWORD = "hunter2-of-the-ready-line"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if (FOLDER / "down").exists():
            self.close_connection = True  # without a word
            return
        body = _version() if self.path == "/version" else b""
        self.send_response(503 if self.path == "/sick" or (self.path == "/version" and not body) else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        sys.stderr.write(f"asked for {self.path}\n")


def _version() -> bytes:
    global _answers
    file = FOLDER / "version"
    lines = file.read_text().splitlines() if file.exists() else []
    if not lines:
        return b""
    _answers += 1
    return json.dumps({"revision": lines[_answers % len(lines)]}).encode()


_answers = -1


def _until(name: str) -> None:
    while not (FOLDER / name).exists():
        time.sleep(0.01)


def main(how: str) -> None:
    (FOLDER / "pid").write_text(str(os.getpid()))
    sys.stderr.write(f"starting with {os.environ.get('API_TOKEN', 'no token')}\n")
    if how == "fails":
        sys.exit("no licence, and the key is " + os.environ.get("API_TOKEN", "none"))
    if how == "garbage":
        sys.stdout.write("Listening on port 80\n")
    if how == "long":
        sys.stdout.write("x" * 100_000 + "\n")
    if how == "silent":
        sys.stdin.read()
        return
    if how in ("deaf", "child"):
        code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
        subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    if how == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if how == "late":
        _until("go")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    target = {"base_url": base, "ws_url": base.replace("http", "ws"), "health_url": f"{base}/health"}
    if (FOLDER / "version").exists():
        target["version_url"] = f"{base}/version"
    env = {"STAGING_PASSWORD": PASSWORD, "STAGING_USER": "ann-of-the-ready-line", "SHOP": "from-the-ready-line"}
    sys.stdout.write(json.dumps({"target": target, "env": env}) + "\n")
    sys.stdout.flush()
    print("more on standard output, with", PASSWORD, flush=True)
    if how == "dies":
        _until("die")
        sys.stderr.write("out of memory\n")
        sys.stderr.flush()
        os._exit(7)
    sys.stdin.read()
    (FOLDER / "said").write_text("its standard input has ended")
    if how == "deaf":
        time.sleep(300)


if __name__ == "__main__":
    FOLDER = Path(sys.argv[1])
    main(sys.argv[2] if len(sys.argv) > 2 else "")
