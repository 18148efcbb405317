#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How far one redis-server carries plans and acknowledgements.

  tests/bench/followers.py [--followers N] [--publications N] [--shares N] [--verify]

Starts a redis-server on loopback and bench_followers against it (make benches),
and prints what it says, with the CPU of both: see followers.c.
"""

import os
import resource
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))
from rig import BUILD, Failed, Rig, main, note  # noqa: E402


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rsplit(") ", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def info(rig, port, section):
    text = rig.run("redis-cli", "-p", str(port), "info", section)[1]
    return dict(line.split(":", 1) for line in text.split() if ":" in line)


def test():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with Rig() as rig:
        port = rig.port()
        rig.redis(port, "--maxclients", str(most - 100))
        server = rig.running["redis"].pid
        began = time.monotonic()
        p = subprocess.run([os.path.join(BUILD, "tests/bench/bench_followers"), "--bus", f"redis://127.0.0.1:{port}/bench",
                            *sys.argv[1:]], timeout=900)
        took = time.monotonic() - began
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        stats = info(rig, port, "stats")
        note(f"{took:.1f} s; CPU of redis {cpu_s(server):.1f} s ({100 * cpu_s(server) / took:.0f} % of a core), "
             f"of the followers and the agent {usage.ru_utime + usage.ru_stime:.1f} s")
        note(f"redis: {int(stats['total_commands_processed']) / took:.0f} commands/s, "
             f"{int(stats['total_net_output_bytes']) / took / 1e6:.1f} MB/s out, "
             f"{info(rig, port, 'memory')['used_memory_peak_human']} at most")
        if p.returncode != 0:
            raise Failed("not every publication was acknowledged")


main(test)
