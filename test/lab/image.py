#!/usr/bin/env python3
"""Writes a container image with nothing but busybox in it, as the tar that `docker save` would write.

usage: image.py BUSYBOX NAME:TAG OUT.tar COMMAND [ARGUMENT...]

The same busybox gives the same bytes, so an image's digest says which busybox it was made from.
"""
import hashlib
import io
import json
import platform
import subprocess
import sys
import tarfile

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
FOLDERS = {"bin": 0o755, "dev": 0o755, "etc": 0o755, "proc": 0o755, "root": 0o700, "sys": 0o755, "tmp": 0o1777, "var": 0o755, "var/log": 0o755}
ACCOUNTS = {"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n", "etc/group": "root:x:0:\nnogroup:x:65534:\n"}


def add(archive, name, content=None, mode=0o644, kind=tarfile.REGTYPE, target=""):
    entry = tarfile.TarInfo(name)
    entry.mode, entry.type, entry.linkname = mode, kind, target
    entry.size = len(content) if content is not None else 0
    archive.addfile(entry, io.BytesIO(content) if content is not None else None)


def layer(busybox):
    applets = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, mode in FOLDERS.items():
            add(archive, name, mode=mode, kind=tarfile.DIRTYPE)
        with open(busybox, "rb") as program:
            add(archive, "bin/busybox", program.read(), mode=0o755)
        for applet in sorted(set(applets) - {"busybox"}):
            add(archive, "bin/" + applet, mode=0o777, kind=tarfile.SYMTYPE, target="busybox")
        for name, text in ACCOUNTS.items():
            add(archive, name, text.encode())
    return out.getvalue()


def main(busybox, name, path, *command):
    files = layer(busybox)
    diff = hashlib.sha256(files).hexdigest()
    machine = platform.machine()
    config = json.dumps({
        "architecture": ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": {"Cmd": command, "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff]},
    }).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": [diff + "/layer.tar"]}]).encode()
    with tarfile.open(path, "w") as image:
        for entry, content in ((config_name, config), (diff + "/layer.tar", files), ("manifest.json", manifest)):
            add(image, entry, content)


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
