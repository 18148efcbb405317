# SPDX-License-Identifier: Apache-2.0
"""guide -- what documents say that commands print."""

import re

from rig import Failed


def must_show(where, said, wanted):
    """Its lines, in their order; any blanks are one, and … is anything."""
    at = 0
    for line in filter(None, (w.strip() for w in wanted.splitlines())):
        words = ".*?".join(r"\s+".join(map(re.escape, part.split())) for part in line.split("…"))
        match = re.compile(words).search(said, at)
        if not match:
            raise Failed(f"{where}: no \"{line}\" in what is printed:\n{said}")
        at = match.end()
