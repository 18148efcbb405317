# SPDX-License-Identifier: Apache-2.0
"""measure -- what is asked of one running server: is it right, how fast, how
much CPU, memory, how many instructions.
"""

import glob
import os
import re
import select
import socket
import subprocess
import time

import dns.edns
import dns.message
import dns.query
import dns.rcode

import peers
import world
from rig import Failed, addresses

SERVER_CORE, LOAD_CORE = "0", "1"

# Countries whose clients have one nearest region, or one of two, whoever judges.
EXPECTED = {"DE": ("eu-central",), "GB": ("eu-west",), "BR": ("sa-east",), "SG": ("ap-east",), "AU": ("ap-east",),
            "JP": ("ap-east",), "US": ("us-east", "us-west")}


def pinned(argv, core=SERVER_CORE):
    """On one core, and ahead of whatever else this machine does, where that is allowed."""
    ahead = ["nice", "-n", "-15"] if os.geteuid() == 0 else []
    if os.environ.get("BENCH_REALTIME"):
        ahead = ["chrt", "--rr", "20"]
    return ["taskset", "-c", core, *ahead, *argv]


def parents():
    """Every process's parent."""
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as f:
                pid, rest = f.read().split(" (", 1)
        except OSError:
            continue  # it has just ended
        yield int(pid), int(rest.rsplit(") ", 1)[1].split()[1])


def pids_of(pid):
    """pid and all that descend from it."""
    family, found = list(parents()), [pid]
    for parent in found:  # which grows meanwhile
        found += [child for child, its_parent in family if its_parent == parent]
    return found


def resident_mib(pids):
    """Resident memory; of pages that several share each counts its part."""
    octets = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            octets += int(re.search(r"^Pss:\s+(\d+) kB", f.read(), re.M).group(1)) << 10
    return octets / (1 << 20)


def question_of(name, subnet=None):
    query = dns.message.make_query(name, "A", use_edns=0, payload=1232)
    if subnet is not None:
        address, bits = subnet.split("/")
        query.use_edns(0, 0, 1232, options=[dns.edns.ECSOption(address, int(bits))])
    return query


def first_question(steered, subnet):
    return question_of(f"www.{world.ZONE}", subnet) if steered else question_of(f"host-000007.{world.ZONE}")


def ask(server, name, subnet=None):
    """One query; the response message."""
    return dns.query.udp(question_of(name, subnet), server.address, timeout=2, port=server.port)


def clients(subnets):
    """A few client subnets of each country in EXPECTED and family: [(subnet, country)]."""
    wanted, found = {}, []
    with open(subnets) as f:
        for line in f:
            subnet, country = line.split()
            key = (country, ":" in subnet)
            if country in EXPECTED and wanted.get(key, 0) < 2:
                wanted[key] = wanted.get(key, 0) + 1
                found.append((subnet, country))
    return found


def wrong_steered(server, kind, subnets):
    if kind == "steered-no-ecs":
        got = addresses(ask(server, f"www.{world.ZONE}"))
        known = {a for region in world.REGIONS.values() for a in region[3]}
        return None if got and set(got) <= known else f"www without a subnet: {got}"
    for subnet, country in clients(subnets):
        if (":" in subnet) != (kind == "steered-v6"):
            continue
        right = {a for name in EXPECTED[country] for a in world.REGIONS[name][3]}
        got = addresses(ask(server, f"www.{world.ZONE}", subnet))
        if not got or not set(got) <= right:
            return f"www for {subnet} ({country}): {got}, not of {sorted(right)}"
    return None


def wrong(server, kind, subnets):
    """What the server answers wrongly; None when all is as it should be."""
    if isinstance(server, peers.Echo):
        return None
    if "steered" in kind:
        return wrong_steered(server, kind, subnets)
    if "nxdomain" in kind:
        got = ask(server, f"0123456789abcdef.{world.ZONE}").rcode()
        return None if got == dns.rcode.NXDOMAIN else f"a name that is not there: {dns.rcode.to_text(got)}"
    for i in (0, 7, world.HOSTS - 1):
        got = addresses(ask(server, f"host-{i:06}.{world.ZONE}"))
        if got != [world.host_address(i)]:
            return f"host-{i:06}: {got}"
    return None


def is_answer(server, octets):
    """Anything from an echo; from others, addresses."""
    if isinstance(server, peers.Echo):
        return True
    answer = dns.message.from_wire(octets)
    return answer.rcode() == dns.rcode.NOERROR and addresses(answer) != []


def first_answer(server, question, alive, deadline_s=60):
    """Seconds until the server answers question; asks every millisecond."""
    wire, began = question.to_wire(), time.monotonic()
    while time.monotonic() - began < deadline_s and alive():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect((server.address, server.port))
            try:
                s.send(wire)
                if select.select([s], [], [], 0.001)[0] and is_answer(server, s.recv(4096)):
                    return time.monotonic() - began
            except ConnectionRefusedError:
                time.sleep(0.0005)  # nobody is there to wait for yet
    raise Failed(f"{server.name}: no answer within {deadline_s} s")


def load_argv(server, kind, subnets, *options):
    argv = [os.path.join(world.BUILD, "tests/bench/bench_load"), "--kind", kind, "--zone", world.ZONE,
            "--hosts", str(world.HOSTS), "--subnets", subnets, "--address", server.address,
            "--port", str(server.port), *options]
    return argv + (["--echo"] if isinstance(server, peers.Echo) else [])


def load(server, kind, subnets, pids, *options, core=LOAD_CORE):
    """One run of bench_load against server; what it tells, by key."""
    argv = load_argv(server, kind, subnets, *options)
    for pid in pids:
        argv += ["--pid", str(pid)]
    run = subprocess.run(pinned(argv, core), capture_output=True, text=True, timeout=300)
    if run.returncode != 0:
        raise Failed(f"{' '.join(argv)}: {run.stdout}{run.stderr}")
    told = dict(word.split("=") for word in run.stdout.split())
    return {key: value if key == "kind" else float(value) for key, value in told.items()}


def dnsperf(server, queries, seconds):
    """Answers a second by Debian's dnsperf with the same queries, from a file that bench_load wrote."""
    run = subprocess.run(
        pinned(["dnsperf", "-s", server.address, "-p", str(server.port), "-B", "-d", queries, "-l", str(seconds),
                "-c", "8", "-T", "1", "-q", "256", "-b", "4096", "-t", "1"], LOAD_CORE),
        capture_output=True, text=True, timeout=120)
    rate = re.search(r"Queries per second:\s+([\d.]+)", run.stdout)
    if not rate:
        raise Failed(f"dnsperf: {run.stdout}{run.stderr}")
    return float(rate.group(1))


def callgrind_argv(argv, out, at_start="no"):
    return ["valgrind", "--tool=callgrind", "--fair-sched=yes", "--instr-atstart=" + at_start,
            "--callgrind-out-file=" + out + ".%p", *argv]


def dumped(out):
    """Instructions in all dumps there are, which are removed."""
    total = 0
    for path in glob.glob(out + ".*"):
        with open(path) as f:
            for line in f:
                if line.startswith("totals:"):
                    total += int(line.split()[1])
        os.remove(path)
    return total


def control(pid, *order):
    subprocess.run(["callgrind_control", *order, str(pid)], capture_output=True, timeout=60, check=True)


def ask_slowly(server, kind, subnets, count):
    """count queries of a server under callgrind; how many answers it gave, late ones too."""
    told = load(server, kind, subnets, [], "--limit", str(count), "--window", str(server.patience),
                "--milliseconds", "60000", "--timeout", "2000")
    answers = told["answered"] + told["stray"]
    if answers < count * 0.9 or told["wrong"] > 0:
        raise Failed(f"{server.name} {kind} under callgrind: {told}")
    return answers


def instructions(server, kind, subnets, pid, out, count):
    """User instructions an answer of a server that runs under callgrind: of count after as many before."""
    control(pid, "-i", "on")
    for _ in range(2):  # the first brings code and caches in
        answers = ask_slowly(server, kind, subnets, count)
        control(pid, "-d")
        total = dumped(out)
    return total / answers
