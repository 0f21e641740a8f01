#!/usr/bin/env bash
# One more node, for a test that needs one it can tie to a machine of a cloud: spec.providerID can be set once in a node's life.
# usage: guest-node.sh add PROVIDER-ID     node3, made anew if it is there
#        guest-node.sh remove              with its pods, and everything of it on this machine
set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/processes.sh"
. "$here/pki.sh"
. "$here/node.sh"

usage() { sed -n '3,4s/^# //p' "$0" >&2; exit 2; }

admin() { "$LAB_BIN/kubectl" --kubeconfig "$LAB_HOME/admin.conf" "$@"; }
ready() { admin wait --for=condition=Ready --timeout=5s node "$LAB_GUEST"; }
guest_pids() { pids_under "$(tracking_group)/$LAB_GUEST-system" && pids_under "$(tracking_group)/$LAB_GUEST"; }

end_guest() {
  local pid
  for pid in $(guest_pids); do kill -KILL "$pid" 2>/dev/null || true; done
  [ -z "$(guest_pids)" ]
}

remove_guest() {
  local mount
  wait_for 20 "the processes of $LAB_GUEST to end" end_guest
  leave_network "$LAB_GUEST"
  for mount in $(group_mounts); do
    find "$mount/$LAB_GROUP/$LAB_GUEST" "$mount/$LAB_GROUP/$LAB_GUEST-system" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  admin delete node "$LAB_GUEST" --ignore-not-found >/dev/null
  # nobody is left who would confirm that they ended
  admin delete pods -A --field-selector "spec.nodeName=$LAB_GUEST" --force --grace-period=0 >/dev/null 2>&1
  rm -rf "${LAB_HOME:?}/$LAB_GUEST" "$LAB_HOME/pids/"*"-$LAB_GUEST"
}

add_guest() {
  local node
  make_node_identity "$LAB_GUEST"
  join_network "$LAB_GUEST"
  for node in "${LAB_NODES[@]}"; do
    route_to "$LAB_GUEST" "$node"
    route_to "$node" "$LAB_GUEST"
  done
  make_group "$LAB_GUEST-system"
  export LAB_SYSTEM_GROUP=$LAB_GUEST-system
  start_runtime "$LAB_GUEST"
  wait_for 30 "containerd of $LAB_GUEST" lab_ctr "$LAB_GUEST" plugins list
  load_images "$LAB_GUEST"
  start_kubelet "$LAB_GUEST" --provider-id="$1"
  wait_for 60 "$LAB_GUEST to be ready" ready
}

external && die "LAB_EXTERNAL=1: no node can be added to that cluster"
[ -f "$LAB_HOME/env" ] || die "the lab is not up: $here/up.sh"
case "${1:-} $#" in
"add 2")
  remove_guest
  add_guest "$2"
  ;;
"remove 1") remove_guest ;;
*) usage ;;
esac
