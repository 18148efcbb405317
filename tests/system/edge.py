#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""windrose-edge and two real HAProxies: every state that a plan or a person can
bring about, proxies that are stopped, restarted, reloaded and meddled with, a
boot without Redis, and commands for the edge alone."""

import signal
import urllib.request

from edge_world import Client, HAProxy, World
from rig import Failed, Rig, main, note, until

FULL = {"us": 100, "eu": 100}

AGENT = """
global
    stats socket {socket} mode 600 level admin
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
frontend www
    bind 127.0.0.1:{port}
    default_backend www
backend www
    default-server weight 100 check agent-check agent-inter 200ms agent-addr 127.0.0.1 agent-port {agent}
    server us 127.0.0.1:{us} agent-send "www/us\\n"
    server eu 127.0.0.1:{eu} agent-send "www/eu\\n"
    server v2.us 127.0.0.1:{v2} agent-send "www/v2/us\\n"
"""


def expect(title, got, wanted):
    if got != wanted:
        raise Failed(f"{title}: {got}, not {wanted}")


def changes(world, proxies):
    world.person("drain", "us", "--for", "5m")
    for p in proxies:
        expect("a drained region, as the command returns", p.weights(), {"us": "drain", "eu": 100})
    world.person("undrain", "us")
    world.person("weight", "www/eu", "30", "--for", "5m")
    for p in proxies:
        until("a person's weight", 10, lambda p=p: p.weights() == {"us": 100, "eu": 30})
    world.person("cancel", world.commands()[-1]["id"])
    for p in proxies:
        until("it is over", 10, lambda p=p: p.weights() == FULL)


def restarts(world, proxies):
    """Whatever a proxy loses is brought back."""
    first = proxies[0]
    world.person("drain", "eu", "--for", "5m")
    first.ask("set server www/eu state ready")
    until("a meddled server is brought back", 5, lambda: first.weights()["eu"] == "drain")
    world.rig.stop(first.name)
    until("its absence is told", 5, lambda: first.socket in world.node().get("trouble", ""))
    expect("the other still has the drain", proxies[1].weights()["eu"], "drain")
    first.start()
    _, took = until("a restarted HAProxy drains again", 5, lambda: first.weights()["eu"] == "drain")
    note(f"HAProxy restarted: brought back {1000 * took:.0f} ms after it answered first")
    world.all_applied()
    until("HAProxy is some seconds old", 10, lambda: first.uptime_s() > 1)
    before = first.uptime_s()
    world.rig.running[first.name].send_signal(signal.SIGUSR2)
    until("HAProxy has reloaded", 10, lambda: first.uptime_s() < before)
    until("a reloaded HAProxy drains again", 5, lambda: first.weights()["eu"] == "drain")
    world.person("undrain", "eu")
    until("all is well again", 10, lambda: all(p.weights()["eu"] == 100 for p in proxies))


def maintenance(world, proxies):
    """A person's maintenance at the proxy is that person's."""
    first = proxies[0]
    first.ask("set server www/us state maint")
    world.person("drain", "us", "--for", "5m")
    expect("maintenance under a drain", first.weights()["us"], "maint")
    world.person("undrain", "us")
    expect("maintenance after it", first.weights()["us"], "maint")
    world.person("drain", "eu", "--for", "5m", check=False)
    until("it is not the last one that takes clients", 5, lambda: "no server" in world.node()["trouble"])
    expect("which stays", first.weights()["eu"], 100)
    first.ask("set server www/us state ready")
    until("now it goes", 5, lambda: first.weights()["eu"] == "drain")
    world.person("undrain", "eu")
    world.all_applied()


def break_glass(world, proxies):
    """A boot without Redis, and commands without it."""
    world.person("drain", "us", "--for", "1h")
    expect("drained", [p.weights()["us"] for p in proxies], ["drain"] * 2)
    before = world.node()
    world.rig.stop("edge")
    world.rig.stop("steer")
    world.rig.stop("redis", signal.SIGKILL)
    for p in proxies:
        world.rig.stop(p.name)
        p.start()
    expect("restarted proxies know nothing", proxies[0].weights()["us"], 100)
    world.start_edge()
    _, took = until("the last known good is applied without Redis", 10,
                    lambda: all(p.weights()["us"] == "drain" for p in proxies))
    note(f"an edge's boot without Redis: its proxies have the last plan after {1000 * took:.0f} ms")
    until("and acknowledged", 5, lambda: world.node().get("plan_sequence") == before["plan_sequence"])
    world.local("weight", "www/eu", "50", "--for", "1h")
    until("a local weight", 5, lambda: all(p.weights()["eu"] == 50 for p in proxies))
    status, _, err = world.local("drain", "us", "--for", "48h", check=False)
    if status == 0 or "(1d)" not in err:
        raise Failed(f"a drain of two days: {status} {err}")
    status, _, err = world.local("canary", "abort", "v2", check=False)
    if status == 0:
        raise Failed("an edge alone took a command that is for the agent")
    world.rig.stop("edge")
    for p in proxies:
        p.ask("set server www/eu weight 100")
    world.start_edge()
    until("it holds over a restart", 5, lambda: all(p.weights()["eu"] == 50 for p in proxies))
    expect("it is shown", "weight www/eu 50" in str(world.node()["local"]), True)
    world.start_redis()
    world.start_steer()
    world.all_applied(30)
    until("it is shown to all", 10, lambda: "weight www/eu 50" in world.windrose(
        "status", "--bus", world.bus, "--key", world.person_key)[1])


def mistakes(world, proxies):
    """What cannot be applied is named, once."""
    world.rig.stop("edge")
    map_of = ["--cohorts", proxies[0].map]
    world.start_edge("--haproxy", proxies[0].socket, "--backend", "www=nosuch")
    until("a backend that is not there", 5, lambda: 'no backend "nosuch"' in world.node().get("trouble", ""))
    world.rig.stop("edge")
    world.start_edge("--haproxy", proxies[0].socket, "--backend", "www=www", "--backend", "www/v2=www-v2",
                     "--cohorts", "/no/such.map")
    until("a map that is not there", 5, lambda: "Unknown map" in world.node().get("trouble", ""))
    world.rig.stop("edge")
    with open(world.rig.path("edge.log")) as f:
        told = [line for line in f if "Unknown map" in line]
    expect("lines in the log about it", len(told), 1)
    for argv, words in ((["--backend", "www/v2=x", *map_of], "--backend www=BACKEND"),
                        (["--backend", "www=www", "--backend", "www/v2=x"], "--cohorts"),
                        (["--backend", "www"], "SERVICE"), (["--backend", "www=www", "--at-zero", "gone"], "maint")):
        status, _, err = world.rig.run(world.rig.program("windrose-edge"), "--bus", world.bus, "--trust", world.plan_pub,
                                       "--haproxy", proxies[0].socket, *argv, check=False)
        if status != 1 or words not in err:
            raise Failed(f"{argv}: {status} {err}")


def agent_check(world, proxies):
    """HAProxy that asks, without a runtime socket for windrose-edge."""
    world.rig.stop("edge")
    before = world.edge_options
    asked, o = world.rig.port(), world.origins
    haproxy = HAProxy(world, "asking")
    world.rig.write("asking.cfg", AGENT.format(socket=haproxy.socket, port=haproxy.port, agent=asked, us=o["us"],
                                               eu=o["eu"], v2=o["v2.us"]))
    haproxy.start()
    world.start_edge("--agent", f"127.0.0.1:{asked}", "--serve", "www=us,eu,v2/us")
    world.all_applied()
    expect("no canary", haproxy.weights(), {"us": 100, "eu": 100, "v2.us": "maint"})
    world.person("drain", "us", "--for", "5m")
    expect("a drain, as the command returns", haproxy.weights(), {"us": "drain", "eu": 100, "v2.us": "maint"})
    world.person("undrain", "us")
    world.person("canary", "start", "v2")
    expect("a canary, as the command returns", haproxy.weights(), {"us": 99, "eu": 100, "v2.us": 1})
    world.person("canary", "abort", "v2")
    expect("aborted", haproxy.weights(), {"us": 100, "eu": 100, "v2.us": "maint"})
    world.rig.stop(haproxy.name)
    haproxy.start()
    until("a restarted HAProxy has asked again", 10, lambda: haproxy.weights()["v2.us"] == "maint")
    world.rig.stop("edge")
    world.person("drain", "us", "--for", "5m", "--wait", "1", check=False)
    expect("an edge that is gone changes nothing", haproxy.weights(), {"us": 100, "eu": 100, "v2.us": "maint"})
    world.start_edge()
    until("until it is back", 10, lambda: haproxy.weights()["us"] == "drain")
    world.person("undrain", "us")
    world.rig.stop(haproxy.name)
    until("one that does not ask is told", 30, lambda: "does not ask" in world.node().get("trouble", ""))
    world.rig.stop("edge")
    world.start_edge(*before)
    world.all_applied()


def watched(world, proxies):
    """What it tells to those who watch."""
    world.rig.stop("edge")
    port = world.rig.port()
    world.start_edge("--haproxy", proxies[0].socket, "--backend", "www=www", "--metrics", str(port))
    world.all_applied()

    def fetch(path):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.read().decode()

    expect("ready", fetch("/ready").strip(), "ready")
    before = fetch("/metrics")
    for name in ('windrose_edge_proxy_applies_total{kind="haproxy"', "windrose_edge_plan_sequence "):
        if name not in before:
            raise Failed(f"no {name} in {before}")
    until("it is at work each second", 10, lambda: fetch("/metrics") != before)


def test():
    with Rig() as rig:
        world = World(rig)
        world.start_redis()
        world.start_origins()
        proxies = [HAProxy(world), HAProxy(world, "haproxy2")]
        for p in proxies:
            p.start()
        world.start_steer()
        world.start_edge("--backend", "www=www", "--backend", "www/v2=www-v2", "--cohorts", proxies[0].map,
                         *[word for p in proxies for word in p.options])
        world.all_applied()
        expect("no canary yet", [p.thresholds() for p in proxies], [{"www/v2": 0}] * 2)
        expect("clients are served", Client(proxies[0].port).get()[0] in ("us", "eu"), True)
        for step in (changes, restarts, maintenance, agent_check, break_glass, watched, mistakes):
            step(world, proxies)
            note(step.__name__)


main(test)
