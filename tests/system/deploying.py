#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""contrib/deploying.md as somebody follows it, on three machines and a desk: each
a network namespace with /etc, /run, /var/lib and users of its own, and the units
of contrib/systemd started as systemd would.  Every command runs as it is written
and must print what the guide says; then the machine that leads is lost."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import threading

from guide import must_show
from internet import Internet, inside
from rig import SRC, Failed, Skipped, main, note, until

GUIDE = os.path.join(SRC, "contrib/deploying.md")
MACHINES = {"ns1": "192.0.2.1", "ns2": "198.51.100.1", "ns3": "203.0.113.1"}
ENDPOINTS = {"us-east": "192.0.2.10", "eu-west": "198.51.100.10", "eu-central": "203.0.113.10"}
PROGRAMS = ("windrose-dns", "windrose-health", "windrose-steer")

# What a machine has for itself; the rest is this one's.
BOOT = """set -e
mount --make-rprivate /
mount -t tmpfs tmpfs {top}
for of in etc usr/sbin usr/bin var/lib; do
    mkdir -p {top}/$of.upper {top}/$of.work
    mount -t overlay overlay -o lowerdir=/$of,upperdir={top}/$of.upper,workdir={top}/$of.work /$of
done
mount -t tmpfs tmpfs /run
echo mounted
cp {dir}/hosts /etc/hosts
rm -rf /etc/windrose
for name in {programs}; do cp {build}/$name /usr/sbin/; done
cp --remove-destination {dir}/bin/machine-systemctl /usr/bin/systemctl
cp --remove-destination {dir}/bin/machine-poweroff /usr/sbin/poweroff
install -d -o redis -g redis -m 0750 /var/lib/redis
echo booted
exec cat
"""
CALL = """#!/usr/bin/python3
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect({path!r})
s.sendall(" ".join([{word!r}, {machine}, *sys.argv[1:]]).encode() + b"\\n")
said = s.makefile().readline()
sys.exit(said.strip() or None)
"""


class Unit:
    """A unit file, as far as it is obeyed here."""

    def __init__(self, text):
        self.rows = re.findall(r"^(\w+)=(.*)$", text.replace("\\\n", " "), re.M)

    def __getitem__(self, key):
        return next((value for name, value in reversed(self.rows) if name == key), "")

    def argv(self, environment):
        """Of ExecStart: a $WORD alone is as many words as its value has."""
        for word in self["ExecStart"].split():
            yield from environment.get(word[1:], "").split() if word.startswith("$") else [word]


class Machine:
    """A holder of its namespaces, and the units that run in them."""

    def __init__(self, net, name):
        self.net, self.name, self.enabled = net, name, []
        top = net.path("machine-" + name)
        os.makedirs(top)
        script = BOOT.format(top=top, dir=net.dir, build=os.path.dirname(net.program("windrose")), programs=" ".join(PROGRAMS))
        self.holder = subprocess.Popen((*inside(net.prefix + name), "unshare", "--mount", "--uts", "sh", "-c", script),
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        net.running["machine-" + name] = self.holder
        said = self.holder.stdout.readline()
        if said != "mounted\n":
            raise Skipped(f"no mount namespaces with overlays here: {said.strip()}")
        said = self.holder.stdout.readline()
        if said != "booted\n":
            raise Failed(f"{name}: {said}")
        self.run("hostname", name)

    def inside(self):
        return "nsenter", "--target", str(self.holder.pid), "--mount", "--net", "--uts"

    def run(self, *argv):
        return self.net.run(*self.inside(), *argv)[1]

    def start(self, unit):
        for folder in ("/etc/systemd/system", "/lib/systemd/system"):
            status, text, _ = self.net.run(*self.inside(), "cat", f"{folder}/{unit}.service", check=False)
            if status == 0:
                break
        else:
            raise Failed(f"{self.name}: no unit {unit}")
        u, environment = Unit(text), {}
        if u["EnvironmentFile"]:
            for line in self.run("cat", u["EnvironmentFile"].lstrip("-")).splitlines():
                key, _, value = line.partition("=")
                environment[key] = shlex.split(value)[0]
        for where, key in (("/run/", "RuntimeDirectory"), ("/var/lib/", "StateDirectory")):
            if u[key]:
                self.run("install", "-d", "-o", u["User"], "-g", u["Group"], "-m", u[key + "Mode"] or "0755", where + u[key])
        may = ",".join("+" + c[4:].lower() for c in u["AmbientCapabilities"].split())
        self.net.start(f"{self.name}.{unit}", *self.inside(), "setpriv", "--reuid", u["User"], "--regid", u["Group"],
                       "--init-groups", "--no-new-privs", "--bounding-set", "-all" + (may and "," + may),
                       "--inh-caps", "-all" + (may and "," + may), *(("--ambient-caps", may) if may else ()),
                       "env", "--chdir=/", *u.argv(environment))

    def switch_on(self):
        for unit in self.enabled:
            self.start(unit)

    def lose(self):
        """Without a word."""
        for unit in self.enabled:
            self.net.stop(f"{self.name}.{unit}", signal.SIGKILL)

    def systemctl(self, verb, *words):
        if verb == "enable":
            units = [w for w in words if w != "--now"]
            self.enabled += units
            for unit in units:
                self.start(unit)
        elif verb != "daemon-reload":
            raise Failed(f"systemctl {verb}?")


# Debian's unit of it, in a package that is not needed for more than this.
SENTINEL = """[Service]
ExecStart=/usr/bin/redis-server /etc/redis/sentinel.conf --sentinel --daemonize no
User=redis
Group=redis
RuntimeDirectory=sentinel
"""


class Place(Internet):
    """All machines, the desk, and what the guide takes for granted."""

    def build(self):
        self.write("hosts", "127.0.0.1 localhost\n" + "".join(f"{a} {n}.example.net\n" for n, a in MACHINES.items()))
        self.listen()
        for name, address in (*MACHINES.items(), ("desk", "192.0.2.99")):
            self.host(name, address)
        for region, address in ENDPOINTS.items():
            self.host(region, address)
            folder = self.path("web-" + region)
            os.makedirs(folder)
            self.write(f"web-{region}/healthz", "ok")
            self.start_on(region, "web-" + region, "/usr/bin/python3", "-m", "http.server", "80", "--bind", address,
                          "--directory", folder)
        self.machines = {name: Machine(self, name) for name in (*MACHINES, "desk")}
        self.write("sentinel.service", SENTINEL)
        for name in MACHINES:
            self.machines[name].run("mkdir", "-p", "/etc/systemd/system")
            self.machines[name].run("cp", self.path("sentinel.service"), "/etc/systemd/system/redis-sentinel.service")
        os.makedirs(self.path("desk"))
        os.symlink(os.path.join(SRC, "contrib"), self.path("desk/contrib"))
        self.machines["desk"].run("cp", self.program("windrose"), "/usr/bin/")
        self.machines["desk"].run("cp", self.path("bin/scp"), "/usr/bin/scp")

    def listen(self):
        """Machines tell what their systemctl and poweroff were told; the desk copies."""
        path = self.path("machines.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        for word in ("systemctl", "poweroff"):
            self.write("bin/machine-" + word, CALL.format(path=path, word=word, machine="socket.gethostname()"))
        self.write("bin/scp", CALL.format(path=path, word="scp", machine="'desk'"))
        for name in os.listdir(self.path("bin")):
            os.chmod(self.path("bin/" + name), 0o755)
        threading.Thread(target=self.obey, daemon=True).start()

    def obey(self):
        while True:
            call, _ = self.listener.accept()
            with call, call.makefile("rw") as f:
                word, machine, *words = f.readline().split()
                try:
                    if word == "systemctl":
                        self.machines[machine].systemctl(*words)
                    elif word == "poweroff":
                        self.machines[machine].lose()
                    else:
                        _, what, to = words
                        host, _, folder = to.rpartition("@")[2].partition(":")
                        self.machines[host.partition(".")[0]].run("cp", "-r", self.path("desk/" + what), folder)
                    f.write("\n")
                except Exception as e:  # the caller fails, and tells
                    f.write(repr(e).replace("\n", " ") + "\n")


class Shell:
    """Somebody's, on a machine; it keeps its variables, and ends when a command fails."""

    DONE = "done, all of it"

    def __init__(self, net, machine, folder):
        self.where = machine.name
        self.p = subprocess.Popen((*machine.inside(), "sh", "-eu"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        net.running["shell-" + machine.name] = self.p
        self.run(f"cd {folder}; export HOME={net.dir}\n")

    def run(self, text):
        """What the commands print."""
        self.p.stdin.write(f"{{\n{text}\n}} </dev/null\necho {self.DONE}\n")
        self.p.stdin.flush()
        said = []
        for line in self.p.stdout:
            if line.strip() == self.DONE:
                return "".join(said)
            said.append(line)
        raise Failed(f"{self.where}: exit {self.p.wait()}:\n{text}\n{''.join(said)}")


class Guide:
    """The guide, and who follows it."""

    STEP = (r"^On (each machine|your own machine|ns1):\n\n```sh\n(.*?)^```$|^```text\n(.*?)^```$|^<!-- rig: (.*?) -->$|"
            r"^```console\n.*?^```$|^(```.*?)$")

    def __init__(self, net):
        self.net = net
        self.shells = {name: Shell(net, m, net.path("desk") if name == "desk" else SRC) for name, m in net.machines.items()}
        self.commands = 0

    def follow(self, text):
        said = ""
        for step in re.finditer(self.STEP, text, re.M | re.S):
            place, block, wanted, event, stray = step.groups()
            if stray:
                raise Failed(f"{GUIDE}: nobody knows where to do this: {stray}")
            if event:
                getattr(self, event.replace(" ", "_"))()
            elif wanted:
                must_show(GUIDE, said, wanted)
            elif block:
                places = {"each machine": MACHINES, "your own machine": ["desk"], "ns1": ["ns1"]}[place]
                said = "".join(self.shells[name].run(block) for name in places)
                self.commands += len(block.splitlines()) * len(places)

    # What happens meanwhile, by the names in its comments.

    def status(self):
        return json.loads(self.shells["desk"].run("windrose status --json 2>/dev/null || :"))

    def all_have(self, count):
        """Until so many have the newest plan, and so many vantages say of every endpoint that it is up."""
        def have():
            s = self.status()
            return s["fleet"]["have"] == count and all(e["up"] == count for service in s["services"] for e in service["endpoints"])
        return until(f"{count} have the newest plan, and say that all is up", 60, have)[1]

    def the_databases_are_there(self):
        self.net.geo(self.net.path("desk/policy"))
        for family in ("v4", "v6"):
            os.rename(self.net.path(f"desk/policy/city-ip{family}.mmdb"), self.net.path(f"desk/policy/dbip-city-ip{family}.mmdb"))

    def all_is_well(self):
        """Who follows this by hand needs longer for a word than this takes."""
        with open(GUIDE) as f:
            block = re.search(r"^tls=.*?^(windrose bus doctor .*?)$", f.read(), re.M | re.S)
        self.shells["desk"].run(block[0].replace(block[1], ""))
        doctor = until("the doctor finds nothing", 60, lambda: "nothing is wrong" in self.shells["desk"].run(block[1] + " || :"))[1]
        note(f"all programs are started: Redis is well after {doctor:.1f} s, and {self.all_have(3):.1f} s later all else")

    def the_others_have_taken_over(self):
        note(f"ns1 and all on it is lost: the others go on with a new plan after {self.all_have(2):.1f} s")

    def ns1_is_switched_on(self):
        self.net.machines["ns1"].switch_on()
        note(f"ns1 is switched on: it has the newest plan after {self.all_have(3):.1f} s")


def test():
    with Place() as net:
        net.build()
        guide = Guide(net)
        with open(GUIDE) as f:
            guide.follow(f.read())
        note(f"{guide.commands} lines of commands, each as it is written")


main(test)
