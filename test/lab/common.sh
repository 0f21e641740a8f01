# shellcheck shell=bash disable=SC2034
# Names and small functions the lab's scripts share; sourced, never run.

LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
KUBE_VERSION=$(awk '$1 == "k8s.io/kubernetes" && $2 ~ /^v/ {print $2}' "$LAB_DIR/binaries/go.mod")
LAB_CACHE=${EXHIBIT_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/exhibit-lab}
LAB_BIN=$LAB_CACHE/kubernetes-$KUBE_VERSION
LAB_HOME=$(realpath -m "${EXHIBIT_LAB_HOME:-/var/tmp/exhibit-lab}")

LAB_NODES=(node1 node2)
LAB_GUEST=node3               # one more, which guest-node.sh makes for a test and removes again
LAB_NET=10.213.77             # the machine is .1 on this network, node N is .(10+N)
LAB_POD_NET=10.214            # pods of node N are in LAB_POD_NET.N.0/24
LAB_SERVICE_NET=10.215
LAB_SERVER=https://$LAB_NET.1:16443
LAB_ETCD=http://127.0.0.1:12379
LAB_BRIDGE=exhibit0
LAB_GROUP=exhibit-lab         # control group every process of the lab is in
LAB_OWNER=/run/exhibit-lab.home # which work folder the lab running on this machine belongs to

say() { echo "lab: $*" >&2; }
die() { echo "lab: $*" >&2; exit 1; }
external() { [ "${LAB_EXTERNAL:-}" = 1 ]; }

# wait_for SECONDS WHAT COMMAND...: until COMMAND succeeds
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || { say "gave up waiting for $what"; return 1; }
    sleep 0.2
  done
}

static_busybox() {
  local candidate
  for candidate in /bin/busybox /usr/bin/busybox /bin/busybox.static; do
    [ -x "$candidate" ] || continue
    if ! ldd "$candidate" >/dev/null 2>&1; then echo "$candidate"; return 0; fi
  done
  return 1
}

node_number() { echo "${1#node}"; }
node_ip() { echo "$LAB_NET.$((10 + $(node_number "$1")))"; }
node_netns() { echo "exhibit-$1"; }
