#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""`windrose schema` against the parser: what the parser takes, the schema takes;
and of what the parser refuses for a key, a word or a form, the schema takes
nothing.  What one key says of another is the parser's alone."""
import json
import os
import re

import jsonschema
import yaml

from rig import SRC, Failed, Rig, main, note

# Mistakes that can be told from one value.
FORMS = re.compile(
    r'error: (.*?: )?(key ".*" is not known'
    r'|(?!the policy|verify has)\S+ has no key'
    r'|(steer|vote|verify|unknown_clients|type|sticky|none_healthy) ".*" is not known'
    r'|\S+ is ".*"; write (a map of keys|a whole number|a duration'
    r'|a whole percentage|a prefix length|a path|a decimal number|a port number'
    r'|an autonomous))')


class Loader(yaml.BaseLoader):
    """All scalars are text, as the policy language has them; nothing is null."""


def scalar(loader, node):
    empty = node.value in ("", "~", "null") and not node.style
    return None if empty else node.value


Loader.add_constructor("tag:yaml.org,2002:str", scalar)
Loader.add_constructor("tag:yaml.org,2002:null", scalar)
Loader.construct_scalar = scalar


def files(*parts):
    for folder, _, names in os.walk(os.path.join(SRC, *parts)):
        for name in sorted(names):
            if name.endswith(".yaml") and not name.startswith("."):
                yield os.path.join(folder, name)


def errors_in(path, validator):
    with open(path, "rb") as f:
        text = f.read().decode(errors="replace")
    document = yaml.load(text, Loader)
    return [f"{'.'.join(map(str, e.absolute_path))}: {e.message[:200]}"
            for e in validator.iter_errors(document)], text


def test():
    with Rig() as rig:
        schema = json.loads(rig.run(rig.program("windrose"), "schema")[1])
        jsonschema.Draft202012Validator.check_schema(schema)
        whole = jsonschema.Draft202012Validator(schema)
        good = (list(files("tests/data/policy/good")) + list(files("tests/data/policy/holes")) +
                [path for path in files("contrib") if "/prometheus/" not in path])
        for path in good:
            found, _ = errors_in(path, whole)
            # A file of several says part of what is required.
            found = [e for e in found if "is a required property" not in e]
            if found:
                raise Failed(f"{path}: the schema refuses what the parser "
                             f"takes: {found}")
        bad = 0
        for path in files("tests/data/policy/bad"):
            with open(path, "rb") as f:
                told = [line for line in f.read().decode(errors="replace").splitlines()
                        if line.startswith("# error") and FORMS.search(line)]
            if not told:
                continue
            try:
                found, _ = errors_in(path, whole)
            except yaml.YAMLError:
                continue  # nor is it YAML to anybody else
            bad += 1
            if not found:
                raise Failed(f"{path}: the schema takes what the parser "
                             f"refuses: {told}")
        if len(good) < 20 or bad < 20:
            raise Failed(f"only {len(good)} and {bad} files were compared")
        note(f"{len(good)} good files pass, {bad} bad ones do not")


main(test)
