#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""A fleet that reaches Redis over TLS, each program with a client certificate,
with contrib/redis/tls.conf: commands work; a responder with the wrong CA, or
none of its own certificates, is refused and says why; all certificates and
their CA are replaced while Redis restarts, and nobody needs a restart.  Clients
of DNS are asked throughout."""

from bus_faults import commands_work, plan_of
from redis_servers import Reached, Servers, answers_alone, example, newer_everywhere, watched
from rig import Rig, main, note

CURVE = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def authority(rig, name):
    rig.run("openssl", "req", "-x509", "-newkey", *CURVE, "-keyout", rig.path(name + ".key"), "-out",
            rig.path(name + ".crt"), "-days", "2", "-subj", "/CN=" + name)


def paper(rig, name, ca, names, use):
    """A certificate and its key."""
    rig.run("openssl", "req", "-newkey", *CURVE, "-keyout", rig.path(name + ".key"), "-out", rig.path(name + ".csr"),
            "-subj", "/CN=" + name)
    extensions = rig.write(name + ".ext", f"subjectAltName={names}\nextendedKeyUsage={use}\n")
    rig.run("openssl", "x509", "-req", "-in", rig.path(name + ".csr"), "-CA", rig.path(ca + ".crt"), "-CAkey",
            rig.path(ca + ".key"), "-CAcreateserial", "-out", rig.path(name + ".crt"), "-days", "2",
            "-extfile", extensions)


def papers(rig):
    """All of them, of a new CA; over those that were there."""
    authority(rig, "ca")
    paper(rig, "redis", "ca", "DNS:localhost,IP:127.0.0.1", "serverAuth,clientAuth")
    paper(rig, "program", "ca", "DNS:program", "clientAuth")


def test():
    with Rig() as rig:
        papers(rig)
        authority(rig, "other")
        s = Servers(rig)
        conf = rig.write("tls.conf", example("tls.conf").replace("/etc/redis/tls", rig.dir))
        tls = rig.port()
        s.cli_extra = ("--tls", "--cacert", rig.path("ca.crt"), "--cert", rig.path("program.crt"),
                       "--key", rig.path("program.key"))
        s.start("redis", "--include", conf, "--port", "0", "--tls-port", str(tls), port=tls)

        def url(role, query="?ca={0}/ca.crt&cert={0}/program.crt&key={0}/program.key"):
            return f"rediss://{role}:change-me-{role}@localhost:{tls}/default" + query.format(rig.dir)

        f = Reached(rig, url)
        f.start_all()

        def wrong_ca():
            answers_alone(f, "dns3", url("dns", "?ca={0}/other.crt"), "name its CA with ca=FILE")
            answers_alone(f, "dns4", url("dns", ""), "name its CA with ca=FILE")
            answers_alone(f, "dns5", url("dns", "?ca={0}/ca.crt"), "wants a client certificate")
            answers_alone(f, "dns6", url("dns").replace("rediss", "redis").split("?")[0], "write rediss://")

        def everything_is_replaced():
            before = plan_of(f, "dns1")
            s.kill("redis")
            papers(rig)
            s.start("redis")
            took = newer_everywhere(f, before)
            note(f"Redis restarted, empty, with every certificate and the CA replaced: a newer plan everywhere after {took:.2f} s")
            commands_work(f, "new certificates")

        watched(f, (lambda: commands_work(f, "TLS"), wrong_ca, everything_is_replaced))


main(test)
