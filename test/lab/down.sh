#!/usr/bin/env bash
# Ends every process the lab started, and removes its namespaces, control groups and work folder. Nothing else is touched.
# usage: down.sh      (see README.md for the environment)
set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/processes.sh"

if external; then
  say "LAB_EXTERNAL=1: the cluster of KUBECONFIG is left as it is"
  exit 0
fi
[ "$(id -u)" = 0 ] || die "must be root, as for up.sh"

exec 9>/run/exhibit-lab.lock
flock 9
only_one_lab
clean_up
if [ -f "$LAB_HOME/.exhibit-lab" ]; then rm -rf "$LAB_HOME"; fi
# made as mount points for the nodes' own; kept if the machine uses them itself
for folder in /var/lib/kubelet /var/lib/containerd; do rmdir "$folder" 2>/dev/null || true; done
say "down"
