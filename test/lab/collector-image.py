#!/usr/bin/env python3
"""Writes an image like that of templates/collector-image from the programs of this machine, as an OCI archive.

usage: collector-image.py NAME OUT.tar          prints the digest of the manifest

No Docker and no registry is needed: each program comes with the libraries that the loader names for it, at their own paths. The image
is known as NAME:1 and by its digest (NAME@sha256:...), so that a pod can be pinned to it though nobody ever pulled it. The same programs
give the same bytes.
"""
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PROGRAMS = """
sh cat head tail tee cut sort uniq tr wc od base64 printf echo sleep env id uname date stat readlink realpath dirname basename ls test
true false mkdir rm mktemp dd sha256sum md5sum nice timeout expr seq split comm paste
tar find xargs grep sed awk gzip zstd xz
getfattr ps renice nsenter lsns mount umount findmnt losetup ionice lsblk blkid dmesg
ip ss nft iptables-save ip6tables-save conntrack bpftool perl
""".split()
# Loaded by name while they run, where the loader cannot foretell them.
EXTRA = ["/lib/{triplet}/libnss_files.so.2", "/etc/protocols", "/etc/services"]
FOLDERS = {"dev": 0o755, "etc": 0o755, "host": 0o755, "proc": 0o755, "root": 0o700, "sys": 0o755, "tmp": 0o1777, "var": 0o755}
ACCOUNTS = {"etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\n"}


def libraries(program):
    found = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return set(re.findall(r"(/\S+) \(0x", found))


def real(path):
    """The path with links of its folders resolved: /bin may be /usr/bin. Its last part stays as it is called."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def wanted():
    triplet = f"{platform.machine()}-linux-gnu"
    paths = set()
    for name in PROGRAMS:
        found = shutil.which(name, path=PATH)
        if found is None:
            continue
        paths.add(found)
        paths |= libraries(os.path.realpath(found))
    paths |= {path.format(triplet=triplet) for path in EXTRA if os.path.exists(path.format(triplet=triplet))}
    xtables = "/usr/lib/%s/xtables" % triplet
    if os.path.isdir(xtables):
        for name in sorted(os.listdir(xtables)):
            paths.add(os.path.join(xtables, name))
            paths |= libraries(os.path.join(xtables, name))
    return sorted({real(path) for path in paths})


def add(archive, name, content=None, mode=0o644, kind=tarfile.REGTYPE, target=""):
    entry = tarfile.TarInfo(name)
    entry.mode, entry.type, entry.linkname = mode, kind, target
    entry.size = len(content) if content is not None else 0
    archive.addfile(entry, io.BytesIO(content) if content is not None else None)


def layer():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        folders = dict(FOLDERS)
        files = {}
        for path in wanted():
            # A link becomes the program it leads to: nothing in this image leads anywhere.
            with open(path, "rb") as file:
                files[path.lstrip("/")] = (file.read(), 0o755 if os.access(path, os.X_OK) else 0o644)
            folder = os.path.dirname(path).lstrip("/")
            while folder:
                folders.setdefault(folder, 0o755)
                folder = os.path.dirname(folder)
        for name in sorted(folders):
            add(archive, name, mode=folders[name], kind=tarfile.DIRTYPE)
        for link in ("bin", "sbin", "lib", "lib64"):
            if os.path.islink("/" + link) and link not in folders:
                add(archive, link, mode=0o777, kind=tarfile.SYMTYPE, target="usr/" + link)
        for name in sorted(files):
            add(archive, name, files[name][0], mode=files[name][1])
        for name, text in ACCOUNTS.items():
            add(archive, name, text.encode())
    return out.getvalue()


def descriptor(kind, content, **more):
    return {"mediaType": kind, "digest": "sha256:" + hashlib.sha256(content).hexdigest(), "size": len(content), **more}


def main(name, path):
    machine = platform.machine()
    files = layer()
    layer_descriptor = descriptor("application/vnd.oci.image.layer.v1.tar", files)
    config = json.dumps({
        "architecture": ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": {"Cmd": ["sleep", "0"], "Env": ["PATH=" + PATH, "LC_ALL=C"]},
        "rootfs": {"type": "layers", "diff_ids": [layer_descriptor["digest"]]},
    }).encode()
    manifest = json.dumps({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [layer_descriptor],
    }).encode()
    kind = "application/vnd.oci.image.manifest.v1+json"
    digest = "sha256:" + hashlib.sha256(manifest).hexdigest()
    names = [f"{name}:1", f"{name}@{digest}"]
    index = json.dumps({
        "schemaVersion": 2,
        "manifests": [descriptor(kind, manifest, annotations={"io.containerd.image.name": one}) for one in names],
    }).encode()
    with tarfile.open(path, "w") as image:
        add(image, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        for content in (config, manifest, files):
            add(image, "blobs/sha256/" + hashlib.sha256(content).hexdigest(), content)
        add(image, "index.json", index)
    print(digest)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
