# SPDX-License-Identifier: Apache-2.0
"""papers -- certificates, and authorities that sign them, made for one test."""

CURVE = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def authority(rig, name):
    rig.run("openssl", "req", "-x509", "-newkey", *CURVE, "-keyout", rig.path(name + ".key"), "-out",
            rig.path(name + ".crt"), "-days", "2", "-subj", "/CN=" + name)


def paper(rig, name, ca, names, use, days=2):
    """A certificate and its key; days -1: it ended yesterday."""
    rig.run("openssl", "req", "-newkey", *CURVE, "-keyout", rig.path(name + ".key"), "-out", rig.path(name + ".csr"),
            "-subj", "/CN=" + name)
    extensions = rig.write(name + ".ext", f"subjectAltName={names}\nextendedKeyUsage={use}\n")
    rig.run("openssl", "x509", "-req", "-in", rig.path(name + ".csr"), "-CA", rig.path(ca + ".crt"), "-CAkey",
            rig.path(ca + ".key"), "-CAcreateserial", "-out", rig.path(name + ".crt"), "-days", str(days),
            "-extfile", extensions)
