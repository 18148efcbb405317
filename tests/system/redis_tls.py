#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""A fleet that reaches Redis over TLS, each program with a client certificate,
with contrib/redis/tls.conf: commands work; a responder with the wrong CA, or
none of its own certificates, is refused and says why; another finds the server
by a sentinel that speaks TLS too, and wants a password; all certificates and
their CA are replaced while Redis restarts, and nobody needs a restart.  Clients
of DNS are asked throughout."""

import re

from bus_faults import commands_work, plan_of
from papers import authority, paper
from redis_servers import Reached, Servers, answers_alone, example, newer_everywhere, watched
from rig import Rig, main, note, until


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

        def commands():
            commands_work(f, "TLS")

        def wrong_ca():
            answers_alone(f, "dns3", url("dns", "?ca={0}/other.crt"), "name its CA with ca=FILE")
            answers_alone(f, "dns4", url("dns", ""), "name its CA with ca=FILE")
            answers_alone(f, "dns5", url("dns", "?ca={0}/ca.crt"), "wants a client certificate")
            answers_alone(f, "dns6", url("dns").replace("rediss", "redis").split("?")[0], "write rediss://")

        def sentinel_over_tls():
            """sentinel.conf with what it says for tls.conf."""
            at = rig.port()
            text = example("sentinel.conf").replace("127.0.0.1 6379 2", f"127.0.0.1 {tls} 1")
            head, lines = text.replace("port 26379\n", "", 1).split("# With tls.conf on the Redis servers:\n#\n")
            lines = re.sub("^# ", "", lines, flags=re.M).replace("/etc/redis/tls", rig.dir)
            conf = rig.write("sentinel.conf", head + lines.replace("tls-port 26379", f"tls-port {at}"))
            rig.start("sentinel", "redis-server", conf, "--sentinel", "--bind", "127.0.0.1", "--requirepass", "s3cr3t")
            until("the sentinel knows the master", 10, lambda: str(tls) in rig.run(
                "redis-cli", "-p", str(at), "--pass", "s3cr3t", "--no-auth-warning", *s.cli_extra,
                "sentinel", "get-master-addr-by-name", "windrose", check=False)[1])
            found = url("dns").replace("rediss:", "rediss+sentinel:").replace(
                f"localhost:{tls}/", f"localhost:{at}/windrose/") + "&sentinel=:"
            answers_alone(f, "dns7", found + "wrong", "refuses the user or password")
            f.dns_ports["dns8"] = rig.port()
            f.start_dns("dns8", found + "s3cr3t")
            _, took = until("a responder has the plan by a sentinel over TLS", 10, lambda: plan_of(f, "dns8") > (0, 0))
            note(f"by a sentinel over TLS: the plan after {took:.2f} s")
            rig.stop("dns8")
            del f.dns_ports["dns8"]
            rig.stop("sentinel")

        def everything_is_replaced():
            before = plan_of(f, "dns1")
            s.kill("redis")
            papers(rig)
            s.start("redis")
            took = newer_everywhere(f, before)
            note(f"Redis restarted, empty, with every certificate and the CA replaced: a newer plan everywhere after {took:.2f} s")
            commands_work(f, "new certificates")

        watched(f, (commands, wrong_ca, everything_is_replaced, sentinel_over_tls))


main(test)
