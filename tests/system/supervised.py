#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A responder under a service manager: sockets that were opened for it, what it
tells the manager, and which privileges it has left.  The manager is this test,
with sd_listen_fds(3)'s and sd_notify(3)'s protocols."""

import os
import select
import shutil
import signal
import socket
import subprocess

from rig import BUILD, ONE_SERVICE, Failed, Rig, addresses, ask, main, until

NAME = "www.gslb.example.com"


class Manager:
    """Starts the responder with sockets, listens to what it tells."""

    def __init__(self, rig):
        self.rig = rig
        rig.write("policy.yaml", ONE_SERVICE)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(rig.path("notify"))
        os.chmod(rig.path("notify"), 0o777)
        self.notify.settimeout(20)
        self.heard = []

    def argv(self, *more):
        return [os.path.join(BUILD, "windrose-dns"), "--policy", self.rig.path("policy.yaml"), *more]

    def start(self, sockets, *more, **environment):
        """The descriptors go in as 3, 4, ...; $LISTEN_PID is the child's."""
        fds = [s.fileno() for s in sockets]
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
        moves = " ".join(f"{3 + i}<&{fd}" for i, fd in enumerate(high))
        script = f"exec {moves}; LISTEN_PID=$$ LISTEN_FDS={len(fds)} exec \"$@\""
        env = dict(os.environ, NOTIFY_SOCKET=self.rig.path("notify"), **environment)
        log = open(self.rig.path("dns.log"), "ab")
        argv = ["bash", "-c", script, "bash", *self.argv(*more)] if fds else self.argv(*more)
        p = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=high)
        log.close()
        for fd in high:
            os.close(fd)
        self.rig.running["dns"] = p
        return p

    def hear(self, wanted):
        """Reads until a message has the line wanted; returns it as a dict."""
        while True:
            text = self.notify.recv(1000).decode()
            self.heard.append(text)
            if wanted in text.split("\n"):
                return dict(line.split("=", 1) for line in text.split("\n"))

    def log(self):
        with open(self.rig.path("dns.log")) as f:
            return f.read()


def bound(kind, port, address="127.0.0.1"):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
    s.bind((address, port))
    if kind == socket.SOCK_STREAM:
        s.listen()
    s.setblocking(False)
    return s


def answers(port, tcp):
    if addresses(ask(port, NAME, tcp=tcp)) != ["192.0.2.1"]:
        raise Failed(f"port {port}, tcp {tcp}: no answer")


def ends(rig):
    if rig.stop("dns") != 0:
        raise Failed("does not end with status 0")


def given_sockets(rig, manager):
    """Three threads on one UDP socket; the socket outlives the responder."""
    port = rig.port()
    sockets = [bound(socket.SOCK_DGRAM, port), bound(socket.SOCK_STREAM, port)]
    for _ in range(2):
        p = manager.start(sockets, "--workers", "3", WATCHDOG_USEC="200000")
        ready = manager.hear("READY=1")
        if ready["MAINPID"] != str(p.pid) or "policy" not in ready["STATUS"]:
            raise Failed(f"ready: {ready}")
        for tcp in (False, True):
            answers(port, tcp)
        names = [open(f"/proc/{p.pid}/task/{t}/comm").read().strip() for t in os.listdir(f"/proc/{p.pid}/task")]
        if names.count("windrose-udp") != 3:
            raise Failed(f"threads: {names}")
        manager.hear("WATCHDOG=1")
        manager.hear("WATCHDOG=1")
        p.send_signal(signal.SIGHUP)
        if int(manager.hear("RELOADING=1")["MONOTONIC_USEC"]) <= 0:
            raise Failed("no time of the reload")
        manager.hear("READY=1")
        p.send_signal(signal.SIGTERM)
        manager.hear("STOPPING=1")
        ends(rig)
        # Asked while nobody answers: the next one does.
        waiting = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        waiting.settimeout(10)
        waiting.sendto(bytes.fromhex("002a0000000100000000000003777777") +
                       b"\x04gslb\x07example\x03com\x00\x00\x01\x00\x01", ("127.0.0.1", port))
        manager.start(sockets)
        if waiting.recv(1000)[:2] != b"\x00\x2a":
            raise Failed("the query that waited has another answer")
        manager.hear("READY=1")
        ends(rig)


def taken_over(rig, manager):
    """The successor is the service; who ends says nothing of stopping."""
    port, control = rig.port(), rig.path("control")
    options = ["--listen", f"127.0.0.1:{port}", "--control", control, "--take-over"]
    manager.start([], *options)
    manager.hear("READY=1")
    rig.running["before"] = rig.running["dns"]
    p = manager.start([], *options)
    if manager.hear("READY=1")["MAINPID"] != str(p.pid):
        raise Failed("the successor is not the main process")
    if rig.stop("before", signal.SIGCONT) != 0 or select.select([manager.notify], [], [], 0)[0]:
        raise Failed("the one before does not end in silence")
    answers(port, False)
    if rig.stop("dns") != 0 or manager.hear("STOPPING=1") is None:
        raise Failed("the successor does not end well")


def unusable_socket(rig, manager):
    stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    manager.start([stream])
    until("it gives up", 10, lambda: not rig.alive("dns"))
    if rig.stop("dns") != 1 or "descriptor 3, which was given to listen on, is not" not in manager.log():
        raise Failed(f"a socket that does not listen: {manager.log()}")


def capabilities(pid):
    """Every set of every thread."""
    sets = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status") as f:
            for line in f:
                if line.startswith("Cap"):
                    name, value = line.split(":")
                    sets[name] = sets.get(name, 0) | int(value, 16)
    return sets


def low_port():
    for port in range(1023, 500, -1):
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                bound(kind, port).close()
            return port
        except OSError:
            continue
    raise Failed("no port below 1024 is free")


def privileges(rig, manager):
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        print("# not root, or no setpriv: privileges are not tried")
        return
    port = low_port()
    listen = ["--listen", f"127.0.0.1:{port}"]
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with_one = ["--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service"]
    rows = [
        ("root, then nobody", [], ["--user", "nobody"], {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}),
        ("nobody with one capability", as_nobody + with_one, [], {"CapInh", "CapPrm", "CapEff", "CapAmb"}),
    ]
    for title, before, more, empty in rows:
        print("# " + title)
        env = dict(os.environ, NOTIFY_SOCKET=rig.path("notify"))
        p = rig.start("dns", "env", *[f"{k}={v}" for k, v in env.items() if k == "NOTIFY_SOCKET"],
                      *before, *manager.argv(*listen, *more))
        manager.hear("READY=1")
        left = capabilities(p.pid)
        if any(left[name] for name in empty):
            raise Failed(f"{title}: {left}")
        answers(port, False)
        # A reload needs none of what was given up.
        p.send_signal(signal.SIGHUP)
        manager.hear("RELOADING=1")
        manager.hear("READY=1")
        if "reload-failed" in manager.log():
            raise Failed("the reload failed")
        answers(port, True)
        ends(rig)
    status, _, err = rig.run(*as_nobody, *manager.argv(*listen), check=False)
    if status != 1 or "CAP_NET_BIND_SERVICE" not in err:
        raise Failed(f"nobody without: {status} {err}")


def test():
    with Rig() as rig:
        manager = Manager(rig)
        given_sockets(rig, manager)
        taken_over(rig, manager)
        unusable_socket(rig, manager)
        privileges(rig, manager)


main(test)
