# SPDX-License-Identifier: Apache-2.0
"""tables -- what the benchmark found, as Markdown."""

import os
import platform
import time


def table(heads, rows):
    """One table; the first column is text, the others are figures."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max([len(head)] + [len(row[i]) for row in rows]) for i, head in enumerate(heads)]
    lines = ["| " + " | ".join(h.ljust(w) if i == 0 else h.rjust(w) for i, (h, w) in enumerate(zip(heads, widths))) + " |",
             "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|"]
    for row in rows:
        lines.append("| " + " | ".join(
            c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))) + " |")
    return "\n".join(lines) + "\n"


def number(value, digits=0):
    return "" if value is None else f"{value:,.{digits}f}"


def percent(share):
    return "0" if share == 0 else f"{share * 100:.3f} %"


def machine():
    model = "?"
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, {time.strftime('%Y-%m-%d')}"


def rate(bench):
    heads = ["server", "answers/s", "busy", "CPU µs", "× udp-echo", "p50 µs", "p99 µs", "p999 µs", "lost", "octets", "MiB"]
    for work, by_row in bench.medians("rate").items():
        yield f"\n## {work}\n\n" + table(heads, [
            [row, number(f["rate"]), f"{f['busy'] * 100:.0f} %", number(f["cpu_us"], 2), number(f.get("ratio"), 2), number(f["p50"]),
             number(f["p99"]), number(f["p999"]), percent(f["loss"]), number(f["octets"]), number(f.get("mib"))]
            for row, f in by_row.items()])


def start(bench):
    for title, by_row in bench.medians("start").items():
        yield f"\n## Start: {title}\n\n" + table(["server", "seconds", "MiB"], [
            [row, number(f["seconds"], 3), number(f["mib"], 1)] for row, f in by_row.items()])


def workers(bench):
    for _, by_row in bench.medians("workers").items():
        yield "\n## Two workers, 100,000 queries/s, everything on both cores\n\n" + table(
            ["server, workers", "CPU µs", "× one worker", "lost"],
            [[row, number(f["cpu_us"], 2), number(f["cpu_us"] / by_row[row.split(",")[0] + ", 1"]["cpu_us"], 2),
              percent(f["loss"])] for row, f in by_row.items()])


def dnsperf(bench):
    for work, by_row in bench.medians("dnsperf").items():
        yield f"\n## Cross-check: {work}, answers/s by bench_load and by dnsperf\n\n" + table(
            ["server", "bench_load", "dnsperf"],
            [[row, number(f["ours"]), number(f["dnsperf"])] for row, f in by_row.items()])


def instructions(bench):
    works = bench.medians("instructions")
    rows = {}
    for work, by_row in works.items():
        for row, f in by_row.items():
            rows.setdefault(row, {})[work] = f["whole"]
    if rows:
        yield "\n## User instructions an answer (callgrind)\n\n" + table(
            ["server", *works], [[row, *[number(f.get(work)) for work in works]] for row, f in rows.items()])


def xdp(bench):
    heads = ["server", "answers/s", "CPU µs", "p50 µs", "p99 µs", "lost"]
    for work, by_row in bench.medians("xdp").items():
        yield f"\n## Over veth: {work}\n\n" + table(heads, [
            [row, number(f["rate"]), number(f["cpu_us"], 2), number(f["p50"]), number(f["p99"]), percent(f["loss"])]
            for row, f in by_row.items()])


def write(bench, seconds):
    parts = ["# Windrose and its peers\n\n", machine(),
             f"; {bench.args.rounds} rounds of {bench.args.milliseconds} ms, in {seconds:.0f} s.\n"
             "One worker on one core, the load on the other; medians. Latency and loss are at half of the rate\n"
             "at which each saturates.\n"]
    for part in (rate, start, workers, dnsperf, instructions, xdp):
        parts += part(bench)
    if bench.troubles:
        parts.append("\n## Not as it should be\n\n" + "".join(f"- {t}\n" for t in dict.fromkeys(bench.troubles)))
    return "".join(parts)
