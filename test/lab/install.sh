#!/usr/bin/env bash
# Installs what the lab needs from the Debian (or Ubuntu) archive; only what is missing, and nothing at all when all is there.
set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"

# program (looked for first, so a machine that has it from elsewhere is left as it is) and the package that brings it
needs='
etcd etcd-server
containerd containerd
ctr containerd
runc runc
/usr/lib/cni/bridge containernetworking-plugins
busybox busybox-static
ip iproute2
openssl openssl
ssh-keygen openssh-client
python3 python3-minimal
setsid util-linux
curl curl
nft nftables
iptables-save iptables
conntrack conntrack
bpftool bpftool
getfattr attr
ps procps
xz xz-utils
zstd zstd
'

packages=()
while read -r program package; do
  [ -n "$program" ] || continue
  command -v "$program" >/dev/null || packages+=("$package")
done <<<"$needs"

# An image has nothing but busybox in it: one linked to the machine's libraries would not run there.
if command -v busybox >/dev/null && ! static_busybox >/dev/null; then packages+=(busybox-static); fi

[ ${#packages[@]} -gt 0 ] || exit 0
command -v apt-get >/dev/null || die "this machine has no apt-get; install by hand: ${packages[*]}"
[ "$(id -u)" = 0 ] || die "must be root to install: ${packages[*]}"
say "installing ${packages[*]}"
export DEBIAN_FRONTEND=noninteractive
# RUNLEVEL=1 keeps the packages from starting services of their own: the lab brings its own etcd and containerd up.
quiet_apt() { RUNLEVEL=1 apt-get -qq -o=Dpkg::Use-Pty=0 "$@" >/dev/null; }
quiet_apt install -y --no-install-recommends "${packages[@]}" 2>/dev/null || {
  quiet_apt update
  quiet_apt install -y --no-install-recommends "${packages[@]}"
}
