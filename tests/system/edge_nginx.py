#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""windrose-edge and a real nginx, and a program of one's own: every change that
a plan can bring, files that nginx refuses, reloads that fail, a boot without
Redis, an nginx that comes later or restarts, commands that fail."""

import collections
import json
import os
import signal
import stat
import urllib.error
import urllib.request

from edge_world import Client, Nginx, World
from rig import Failed, Rig, main, note, until


def expect(title, got, wanted):
    if got != wanted:
        raise Failed(f"{title}: {got}, not {wanted}")


def served(nginx, count=400):
    """Who answers so many sessions."""
    client = Client(nginx.port)
    got = collections.Counter(client.get(f"s-{i}")[0] for i in range(count))
    client.close()
    return got


def changes(world, nginx):
    if not 120 < served(nginx)["us"] < 280:
        raise Failed(f"two equal halves: {served(nginx)}")
    world.person("drain", "us", "--for", "5m")
    expect("as the command returns", served(nginx), collections.Counter(eu=400))
    world.person("undrain", "us")
    world.all_applied()
    world.person("weight", "www/eu", "300", "--for", "5m")
    world.all_applied()
    got = served(nginx, 1000)
    if not 180 < got["us"] < 320:
        raise Failed(f"one in four, then: {got}")
    world.person("cancel", world.commands()[-1]["id"])
    world.all_applied()


def refused(world, nginx):
    """Whatever nginx refuses changes nothing, and is told; then it is mended."""
    before, good = nginx.text(), open(nginx.config).read()
    with open(nginx.config, "a") as f:
        f.write("nonsense here;\n")
    world.person("drain", "eu", "--for", "5m", "--wait", "3", check=False)
    _, took = until("the refusal is told in nginx's words", 10, lambda: 'unknown directive "nonsense"' in
                    world.node().get("trouble", ""))
    expect("the old file is back", nginx.text(), before)
    if served(nginx)["eu"] == 0:
        raise Failed("nginx took what it refused")
    expect("it is not acknowledged", world.node()["plan_sequence"] < world.node("steer")["plan_sequence"], True)
    with open(nginx.config, "w") as f:
        f.write(good)
    _, took = until("mended, it goes through", 20, lambda: not world.node().get("trouble") and served(nginx)["eu"] == 0)
    note(f"a mended nginx.conf: applied {took:.1f} s later")
    world.person("undrain", "eu")
    world.all_applied()


def reload_fails(world, nginx):
    """nginx's test is well, but its master cannot do it: a port in use."""
    before, good = nginx.text(), open(nginx.config).read()
    with open(nginx.config, "w") as f:
        f.write(good.replace("\n\tserver {", f"\n\tserver {{ listen 127.0.0.1:{world.redis_port}; }}\n\tserver {{", 1))
    test = world.edge_options[world.edge_options.index("--nginx-test") + 1]
    world.rig.write("no-test", "#!/bin/sh\nexit 0\n")
    os.chmod(world.rig.path("no-test"), stat.S_IRWXU)
    world.rig.stop("edge")
    world.edge_options = [world.rig.path("no-test") if o == test else o for o in world.edge_options]
    world.start_edge()
    world.all_applied()
    status, _, err = world.person("drain", "eu", "--for", "5m", "--wait", "1", check=False)
    if status != 4:
        raise Failed(f"a drain that the edge cannot do: exit {status}: {err}")
    until("it is told", 20, lambda: "did not serve the new file" in world.node().get("trouble", ""))
    expect("the old file is back", nginx.text(), before)
    if served(nginx)["eu"] == 0:
        raise Failed("nginx took what it could not")
    with open(nginx.config, "w") as f:
        f.write(good)
    until("mended, it goes through", 30, lambda: not world.node().get("trouble") and served(nginx)["eu"] == 0)
    world.rig.stop("edge")
    world.edge_options = [test if o == world.rig.path("no-test") else o for o in world.edge_options]
    world.start_edge()
    world.person("undrain", "eu")
    world.all_applied()


def boots(world, nginx):
    """Without Redis; before nginx; after it."""
    world.person("drain", "us", "--for", "1h")
    expect("drained", served(nginx)["us"], 0)
    for name in ("edge", "steer", "nginx"):
        world.rig.stop(name)
    world.rig.stop("redis", signal.SIGKILL)
    os.unlink(nginx.include)
    world.start_edge()
    until("the last plan is there for nginx to start from", 10, lambda: os.path.exists(nginx.include))
    until("and it is told that nginx is not", 5, lambda: "does not answer" in world.node().get("trouble", ""))
    nginx.start()
    expect("nginx starts with it", served(nginx)["us"], 0)
    _, took = until("and is at the plan", 5, lambda: world.node().get("plan_sequence", 0) > 0)
    nginx.rig.stop("nginx")
    nginx.start()
    expect("a restarted nginx has it", served(nginx)["us"], 0)
    world.start_redis()
    world.start_steer()
    world.person("undrain", "us")
    world.all_applied()
    expect("and goes on", served(nginx)["us"] > 0, True)


def gradual(world, nginx):
    """A ramp does not reload nginx each second."""
    def reloads():
        with open(world.rig.path("nginx-error.log")) as f:
            return f.read().count("reconfiguring")
    before = reloads()
    for weight in (90, 80, 70):
        world.person("weight", "www/eu", str(weight), "--for", "5m", "--wait", "1", check=False)
    until("the last of three quick changes is applied", 20, world.is_applied)
    expect("reloads of three quick changes, at most", reloads() - before <= 2, True)
    world.person("drain", "eu", "--for", "5m")
    expect("one that takes all clients does not wait", served(nginx)["eu"], 0)
    for command in world.commands():
        world.person(*(("undrain", "eu") if command["kind"] == "drain" else ("cancel", command["id"])))
    world.all_applied(20)


def any_program(world, nginx):
    """A file and a command."""
    world.rig.stop("edge")
    heard, script = world.rig.path("heard"), world.rig.path("hear")
    world.rig.write("hear", f"#!/bin/sh\ncat \"$1\" >>{heard}\n[ ! -e {world.rig.path('broken')} ] || "
                            "{ echo 'error: the pump is broken'; exit 4; }\n")
    os.chmod(script, stat.S_IRWXU)
    sheet = world.rig.path("plan.json")
    world.start_edge("--file", sheet, "--command", f"{script} {sheet}", "--serve", Nginx.SERVE)
    world.all_applied()
    world.person("drain", "us", "--for", "5m")
    with open(heard) as f:
        last = json.loads(f.readlines()[-1])
    expect("what the command read", {e["name"]: e["fraction"] for e in last["services"][0]["endpoints"]},
           {"us": 0, "eu": 1, "v2/us": 0, "v2/eu": 0})
    world.rig.write("broken", "")
    world.person("undrain", "us", "--wait", "1", check=False)
    until("its failure is told", 10, lambda: "exit 4: error: the pump is broken" in world.node().get("trouble", ""))
    expect("and not acknowledged", world.node()["plan_sequence"] < world.node("steer")["plan_sequence"], True)
    os.unlink(world.rig.path("broken"))
    world.all_applied(30)
    os.unlink(sheet)
    until("a file that is gone is written again", 5, lambda: os.path.exists(sheet))


def counted(world, nginx):
    """What users met, by endpoint, failures too; over a restart of the edge."""
    log = world.rig.path("nginx.log.sock")
    with open(nginx.config) as f:
        text = f.read()
    form = ('log_format windrose "www|$windrose_www|$upstream_status|$upstream_response_time";\n\t'
            f"access_log syslog:server=unix:{log},nohostname,tag=windrose windrose;\n\t")
    with open(nginx.config, "w") as f:
        f.write(text.replace("access_log off;\n", form, 1))
    world.rig.stop("edge")
    world.rig.stop("nginx")
    world.start_edge(*nginx.options, "--nginx-log", log)
    nginx.start()
    world.all_applied()

    def document():
        keys = world.rig.run("redis-cli", "-p", str(world.redis_port), "--scan", "--pattern", "*served*edge")[1].split()
        text = world.rig.run("redis-cli", "-p", str(world.redis_port), "get", keys[0])[1] if len(keys) == 1 else ""
        return json.loads(text) if text.strip() else {}

    def rows():
        return {(r["endpoint"], r.get("canary", "")): r for r in document().get("rows", [])}

    got = served(nginx, 300)
    until("all are counted", 10, lambda: sum(r["requests"] for r in rows().values()) == 300)
    expect("by endpoint", {k[0]: r["requests"] for k, r in rows().items()}, dict(got))
    expect("none failed", sum(r.get("errors", 0) for r in rows().values()), 0)
    world.rig.stop("origin")
    failed = sum(status_of(nginx.port, f"s-{i}") == 502 for i in range(50))
    expect("failures", failed, 50)
    until("they are counted", 10, lambda: sum(r.get("errors", 0) for r in rows().values()) == 50)
    world.start_origins()
    began = document()["wall_start_ms"]
    world.rig.stop("edge")
    world.start_edge()
    world.all_applied()
    until("nginx finds the new socket", 10, lambda: served(nginx, 20) and document().get("wall_start_ms", began) != began
          and sum(r["requests"] for r in rows().values()) >= 20)


def status_of(port, session):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Cookie": f"session={session}"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as e:
        return e.code


def test():
    with Rig() as rig:
        world = World(rig)
        nginx = Nginx(world)
        world.start_redis()
        world.start_origins()
        world.start_steer()
        world.start_edge(*nginx.options)
        until("nginx's file is written before it starts", 10, lambda: os.path.exists(nginx.include))
        nginx.start()
        world.all_applied()
        for step in (changes, refused, reload_fails, gradual, boots, counted, any_program):
            step(world, nginx)
            note(step.__name__)


main(test)
