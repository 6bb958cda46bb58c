#!/usr/bin/env python3
"""The bridge to Firefox: a worker of the protocol in docs/worker-protocol.md whose engine is a page.

It starts Firefox without a window on a profile of its own, serves a page with worker.js to it, and passes lines on:
what it reads goes to the page through a web socket, and what comes back is written. Firefox, its profile and this
process end together, however this process ends: a guardian, which is a process of its own, sees to it.

    python3 firefox.py [--firefox PROGRAM] [--option pref:NAME=VALUE]... [--option version=V]

Linux only, where the death of a parent can be heard of.
"""

import base64
import ctypes
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading

FOLDER = os.path.dirname(os.path.abspath(__file__))
# How long Firefox may take to open the page.
START_SECONDS = 50
# How long Firefox may take to end when it is asked to.
END_SECONDS = 2
READ_BYTES = 1 << 18

PREFERENCES = {
    # One process for pages, and none kept ready for more.
    "dom.ipc.processCount": 1,
    "dom.ipc.processPrelaunch.enabled": False,
    "fission.autostart": False,
    "browser.tabs.remote.separatePrivilegedContentProcess": False,
    # Nobody is there to be asked whether a script may go on.
    "dom.max_script_run_time": 0,
    "dom.max_chrome_script_run_time": 0,
    "dom.ipc.processHangMonitor": False,
    # Clocks as fine as they are.
    "privacy.reduceTimerPrecision": False,
    "privacy.reduceTimerPrecision.unconditional": False,
    # A page behind another is not slowed down.
    "dom.min_background_timeout_value": 0,
    "network.http.active_tab_priority": False,
    # No word to anybody.
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.region.network.url": "",
    "browser.search.update": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "browser.newtabpage.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.update.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.proxy.type": 0,
    "network.websocket.max-message-size": 2147483647,
    "services.settings.server": "data:,",
    "toolkit.telemetry.server": "",
    "toolkit.telemetry.enabled": False,
}

PAGE = b'<!doctype html><meta charset="utf-8"><title>Wassay</title><script src="worker.js"></script>\n'


class Failure(Exception):
    """Why there is no worker: a sentence."""


def main():
    program, preferences, version = read_arguments(sys.argv[1:])
    profile = tempfile.mkdtemp(prefix="wassay-firefox-")
    guardian = Guardian(profile)
    try:
        write_preferences(profile, preferences)
        listener = socket.create_server(("127.0.0.1", 0))
        # Other programs of this machine can reach the port, and do not know this name.
        name = secrets.token_hex(16)
        firefox = start_firefox(program, profile, listener.getsockname()[1], name, version or version_of(program))
        guardian.watch(firefox.pid)
        page = wait_for_page(listener, name, firefox)
        listener.close()
        pass_on(page)
    except Failure as failure:
        print(failure, file=sys.stderr, flush=True)
        guardian.end(2)
    guardian.end(0)


def read_arguments(arguments):
    """The program, the preferences beside the usual ones, and the version where it is given."""
    program = "firefox-esr" if shutil.which("firefox-esr") else "firefox"
    preferences, version = {}, None
    for name, value in zip(arguments[::2], arguments[1::2] + [None] * (len(arguments) % 2)):
        if name == "--firefox" and value is not None:
            program = value
        elif name == "--option" and value is not None and value.startswith("version="):
            version = value[len("version="):]
        elif name == "--option" and value is not None and value.startswith("pref:") and "=" in value:
            key, text = value[len("pref:"):].split("=", 1)
            try:
                preferences[key] = json.loads(text)
            except ValueError:
                preferences[key] = text
        else:
            print(f"what is not understood: {name} {value or ''}", file=sys.stderr)
            sys.exit(2)
    return program, preferences, version


def version_of(program):
    try:
        words = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=START_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise Failure(f"{program} cannot be started: {error}") from error
    return words.stdout.strip().removeprefix("Mozilla ") or "unknown"


def write_preferences(profile, preferences):
    with open(os.path.join(profile, "user.js"), "w", encoding="utf-8") as file:
        for name, value in {**PREFERENCES, **preferences}.items():
            file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")


def die_with_parent():
    """Asks the system to kill this process when the one that started it ends."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start_firefox(program, profile, port, name, version):
    address = f"http://127.0.0.1:{port}/{name}/#{percent(version)}"
    command = [program, "--headless", "--no-remote", "--new-instance", "--profile", profile, address]
    # What a profile's folder does not hold: caches and crash reports would outlive it in the user's own folder.
    environment = {**os.environ, "HOME": profile, "XDG_CACHE_HOME": profile, "XDG_CONFIG_HOME": profile,
                   "MOZ_CRASHREPORTER_DISABLE": "1", "MOZ_HEADLESS": "1"}
    try:
        # A session of its own: the guardian ends all of it, pages' processes as well.
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment,
                                start_new_session=True, preexec_fn=die_with_parent)
    except OSError as error:
        raise Failure(f"{program} cannot be started: {error}") from error


def percent(text):
    return "".join(chr(byte) if chr(byte).isalnum() or chr(byte) == "." else f"%{byte:02x}" for byte in text.encode())


class Guardian:
    """A process that waits for the end of this one, then ends Firefox and removes the profile.

    It reads a pipe whose other end this process holds: that end closes however this process dies.
    """

    def __init__(self, profile):
        read_end, self.pipe = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            # Whoever kills this process's group means Firefox, not who cleans up.
            os.setsid()
            for stream in (0, 1, 2):
                os.dup2(os.open(os.devnull, os.O_RDWR), stream)
            try:
                guard(read_end, profile)
            finally:
                os._exit(0)
        os.close(read_end)

    def watch(self, group):
        os.write(self.pipe, struct.pack("<i", group))

    def end(self, status):
        """Ends this process when the guardian has done its work."""
        os.close(self.pipe)
        os.waitpid(self.pid, 0)
        sys.stdout.flush()
        os._exit(status)


def guard(pipe, profile):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    data = os.read(pipe, 4)
    while os.read(pipe, 1):
        pass
    if len(data) == 4:
        (group,) = struct.unpack("<i", data)
        # Firefox has nothing to lose: its profile goes with it.
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for _ in range(20):
        # A process that is still dying may write once more.
        shutil.rmtree(profile, ignore_errors=True)
        if not os.path.exists(profile):
            return
        threading.Event().wait(0.1)


def wait_for_page(listener, name, firefox):
    """Serves the page, and returns the socket that it opens."""
    listener.settimeout(1)
    for _ in range(START_SECONDS):
        if firefox.poll() is not None:
            raise Failure(f"Firefox ended with status {firefox.returncode} before it opened the page")
        while True:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                break
            connection.settimeout(10)
            try:
                page = serve(connection, name)
            except (OSError, ValueError):
                page = None
            if page is not None:
                return page
            connection.close()
    raise Failure(f"Firefox did not open the page within {START_SECONDS} s")


def serve(connection, name):
    """Answers one request of HTTP; returns a Page where it asked for the web socket."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(READ_BYTES)
        if not piece or len(data) > 1 << 16:
            return None
        data += piece
    head = data.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    path = head[0].split(" ")[1]
    fields = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in head[1:] if ":" in line}
    if path == f"/{name}/" and fields.get("upgrade", "").lower() == "websocket":
        key = fields.get("sec-websocket-key", "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        connection.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode())
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Page(connection)
    status, kind, body = "200 OK", "text/html", PAGE
    if path == f"/{name}/worker.js":
        with open(os.path.join(FOLDER, "worker.js"), "rb") as file:
            kind, body = "text/javascript", file.read()
    elif path != f"/{name}/":
        status, body = "404 Not Found", b""
    # The isolation that memories with threads ask for.
    connection.sendall((f"HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
                        "Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Embedder-Policy: require-corp\r\n"
                        "Connection: close\r\n\r\n").encode() + body)
    return None


class Page:
    """The web socket to the page (RFC 6455), as the side that serves."""

    TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

    def __init__(self, connection):
        self.connection = connection
        self.buffer = bytearray()

    def send(self, payload, kind=TEXT):
        head = bytes([0x80 | kind])
        if len(payload) < 126:
            head += bytes([len(payload)])
        elif len(payload) < 1 << 16:
            head += struct.pack(">BH", 126, len(payload))
        else:
            head += struct.pack(">BQ", 127, len(payload))
        self.connection.sendall(head + payload)

    def take(self, count):
        while len(self.buffer) < count:
            piece = self.connection.recv(max(READ_BYTES, min(count - len(self.buffer), 1 << 24)))
            if not piece:
                raise Failure("the page is gone: its process ended")
            self.buffer += piece
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def receive(self):
        """The bytes of the next message."""
        message = b""
        while True:
            first, second = self.take(2)
            length = second & 127
            if length == 126:
                (length,) = struct.unpack(">H", self.take(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self.take(8))
            mask = self.take(4) if second & 128 else b"\0\0\0\0"
            payload = unmask(self.take(length), mask)
            kind = first & 15
            if kind == self.CLOSE:
                # Firefox closes the socket itself where the page's process dies.
                raise Failure(f"the page is gone: {payload[2:].decode('utf-8', 'replace') or 'it was closed'}")
            if kind == self.PING:
                self.send(payload, self.PONG)
            elif kind != self.PONG:
                message += payload
                if first & 128:
                    return message


def unmask(payload, mask):
    # One long number instead of a loop over bytes.
    length = len(payload)
    pattern = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(pattern, "little")).to_bytes(length, "little")


def pass_on(page):
    """Passes the hello, then a line to the page and its answers back, until the input ends."""
    write(page.receive())
    reader = sys.stdin.buffer
    for line in iter(reader.readline, b""):
        text = line.rstrip(b"\n")
        page.send(text)
        while True:
            answers = page.receive()
            write(answers)
            # The last line of the last message is {"done":...}.
            if b'{"done":' in answers[answers.rfind(b"\n", 0, -1) + 1:][:8]:
                break


def write(data):
    view = memoryview(data)
    while len(view) > 0:
        view = view[os.write(1, view):]


if __name__ == "__main__":
    main()
