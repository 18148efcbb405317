#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""DNS over TLS: versions, ALPN, tickets, pipelining, ends of connections, a
certificate that is replaced by a good and by a bad one, clients that stall in
the handshake."""

import os
import re
import shutil
import signal
import socket
import ssl
import warnings

import dns.message

from rig import BUILD, ONE_SERVICE, Failed, Rig, framed, main, note, read_message, until

NAME = "www.gslb.example.com"
IDLE_TIMEOUT_S = 2
HANDSHAKE_S = 5
QUERY = dns.message.make_query(NAME, "A").to_wire()
FRAMED = framed(QUERY)


def make_certificate(rig, cn):
    rig.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-subj", f"/CN={cn}", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", rig.path("new.key"), "-out", rig.path("new.pem"))
    os.rename(rig.path("new.key"), rig.path("dot.key"))
    os.rename(rig.path("new.pem"), rig.path("dot.pem"))


def context(least=ssl.TLSVersion.TLSv1_2, most=ssl.TLSVersion.TLSv1_3, alpn=("dot",)):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    c.minimum_version, c.maximum_version = least, most
    if alpn:
        c.set_alpn_protocols(list(alpn))
    return c


def connect(port, **how):
    return context(**how).wrap_socket(socket.create_connection(("127.0.0.1", port), 5))


def read_answer(s):
    data = read_message(s)
    if data[-4:] != socket.inet_aton("192.0.2.1"):
        raise Failed(f"a wrong answer: {data!r}")
    return data


def subject(port):
    pem = ssl.get_server_certificate(("127.0.0.1", port))
    der = ssl.PEM_cert_to_DER_cert(pem)
    return re.search(rb"dot-\d", der).group().decode()


def versions(port):
    for least, most in ((ssl.TLSVersion.TLSv1_2,) * 2, (ssl.TLSVersion.TLSv1_3,) * 2):
        with connect(port, least=least, most=most) as s:
            s.sendall(FRAMED)
            read_answer(s)
    for alpn, wanted in ((("dot",), "dot"), (("h2", "dot"), "dot"), (("h2",), None), ((), None)):
        with connect(port, alpn=alpn) as s:
            if s.selected_alpn_protocol() != wanted:
                raise Failed(f"ALPN {alpn}: {s.selected_alpn_protocol()}")
            s.sendall(FRAMED)
            read_answer(s)
    warnings.simplefilter("ignore", DeprecationWarning)
    old = context()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        old.wrap_socket(socket.create_connection(("127.0.0.1", port), 5))
    except (ssl.SSLError, OSError):
        return
    raise Failed("TLS 1.1 is spoken")


def tickets(port):
    c = context(most=ssl.TLSVersion.TLSv1_2)
    with c.wrap_socket(socket.create_connection(("127.0.0.1", port), 5)) as s:
        s.sendall(FRAMED)
        read_answer(s)
        session = s.session
    with c.wrap_socket(socket.create_connection(("127.0.0.1", port), 5), session=session) as s:
        if not s.session_reused:
            raise Failed("the session is not resumed")


def pipelined(port):
    with connect(port) as s:
        s.sendall(FRAMED * 500)
        for _ in range(500):
            read_answer(s)
        for octet in FRAMED:
            s.sendall(bytes([octet]))
        read_answer(s)
        s.sendall(b"\x00\x00" + FRAMED)
        read_answer(s)


def half_closed(port):
    """close_notify right behind the queries: they are still answered."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context().wrap_bio(incoming, outgoing)
    with socket.create_connection(("127.0.0.1", port), 5) as s:
        def pump(step):
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    s.sendall(outgoing.read())
                    more = s.recv(65536)
                    if not more:
                        raise Failed("closed before the answers") from None
                    incoming.write(more)

        pump(tls.do_handshake)
        tls.write(FRAMED * 20)
        try:
            tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        s.sendall(outgoing.read())
        got = b""
        while len(got) < 20 * 40:
            more = s.recv(65536)
            if not more:
                break
            got += more
        if len(got) < 20 * 40:
            raise Failed(f"half closed: only {len(got)} octets came")


def handshake_stalls(port):
    """Says nothing, says half a hello, speaks something else: all end."""
    hello = bytes.fromhex("16030100c8010000c40303") + bytes(20)
    clients = []
    for sent in (b"", hello, FRAMED, b"GET / HTTP/1.0\r\n\r\n"):
        s = socket.create_connection(("127.0.0.1", port), 5)
        s.sendall(sent)
        clients.append(s)
    with connect(port) as s:
        s.sendall(FRAMED)
        read_answer(s)
    for s in clients:
        s.settimeout(4 * IDLE_TIMEOUT_S)
        try:
            while s.recv(4096):
                pass
        except ConnectionResetError:
            pass
        s.close()


def handshake_time(rig):
    """Half a handshake ends long before an idle connection."""
    port = rig.port()
    rig.start("patient", os.path.join(BUILD, "windrose-dns"), "--policy", rig.path("policy.yaml"), "--listen",
              f"127.0.0.1:{rig.port()}", "--dot", f"127.0.0.1:{port}", "--tls-cert", rig.path("dot.pem"),
              "--tls-key", rig.path("dot.key"), "--tcp-idle-timeout", "60")
    until("it answers", 10, lambda: subject(port))
    with connect(port) as idle, socket.create_connection(("127.0.0.1", port), 5) as silent:
        silent.settimeout(HANDSHAKE_S + 3)
        if silent.recv(1) != b"":
            raise Failed("half a handshake is answered")
        idle.sendall(FRAMED)
        read_message(idle)
    rig.stop("patient")


def replaced(rig, pid, port):
    with connect(port) as before:
        make_certificate(rig, "dot-2")
        os.kill(pid, signal.SIGHUP)
        until("the new certificate is shown", 10, lambda: subject(port) == "dot-2")
        before.sendall(FRAMED)
        read_answer(before)
    rig.write("dot.pem", "no certificate\n")
    os.kill(pid, signal.SIGHUP)

    def is_said():
        with open(rig.path("dns.log")) as f:
            return "event=certificate" in f.read()

    until("the bad one is named", 10, is_said)
    if subject(port) != "dot-2":
        raise Failed("a bad certificate replaced a good one")


def start(rig, *more):
    return rig.start("dns", os.path.join(BUILD, "windrose-dns"), "--policy", rig.path("policy.yaml"),
                     "--listen", f"127.0.0.1:{rig.port()}", *more)


def wrong_command_lines(rig):
    program = [os.path.join(BUILD, "windrose-dns"), "--policy", rig.path("policy.yaml"),
               "--listen", f"127.0.0.1:{rig.port()}", "--dot", f"127.0.0.1:{rig.port()}"]
    rows = [
        ([], "certificate and its key"),
        (["--tls-cert", rig.path("dot.pem")], "certificate and its key"),
        (["--tls-cert", rig.path("none.pem"), "--tls-key", rig.path("dot.key")], "none.pem: no certificate"),
        (["--tls-cert", rig.path("dot.pem"), "--tls-key", rig.path("policy.yaml")], "no private key"),
    ]
    for more, text in rows:
        status, _, err = rig.run(*program, *more, check=False)
        if status != 1 or text not in err:
            raise Failed(f"{more}: exit {status}, {err}")


def test():
    with Rig() as rig:
        rig.write("policy.yaml", ONE_SERVICE)
        make_certificate(rig, "dot-1")
        wrong_command_lines(rig)
        port = rig.port()
        pid = start(rig, "--dot", f"127.0.0.1:{port}", "--tls-cert", rig.path("dot.pem"),
                    "--tls-key", rig.path("dot.key"), "--tcp-idle-timeout", str(IDLE_TIMEOUT_S)).pid
        until("it answers", 10, lambda: subject(port) == "dot-1")
        for case in (versions, tickets, pipelined, half_closed, handshake_stalls):
            print("# " + case.__name__, flush=True)
            case(port)
        if shutil.which("kdig"):
            out = rig.run("kdig", "+tls", "+short", "@127.0.0.1", "-p", str(port), NAME)[1]
            if out.strip() != "192.0.2.1":
                raise Failed(f"kdig: {out}")
            note("kdig agrees")
        handshake_time(rig)
        replaced(rig, pid, port)
        if rig.stop("dns") != 0:
            raise Failed("does not end well")


main(test)
