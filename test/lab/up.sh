#!/usr/bin/env bash
# Starts a real Kubernetes on this machine: etcd, API server with audit log, controller manager, scheduler, and two nodes
# with containerd. On a lab that runs well it returns at once; what a killed lab left is removed first.
# usage: up.sh        (see README.md for the environment)
set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/processes.sh"
. "$here/pki.sh"
. "$here/node.sh"

if external; then
  say "LAB_EXTERNAL=1: the cluster of KUBECONFIG is used as it is"
  exit 0
fi

admin() { "$LAB_BIN/kubectl" --kubeconfig "$LAB_HOME/admin.conf" "$@"; }

nodes_ready() { admin wait --for=condition=Ready --timeout=5s node "${LAB_NODES[@]}"; }

healthy() {
  local name node
  [ "$(cat "$LAB_OWNER" 2>/dev/null)" = "$LAB_HOME" ] && [ -f "$LAB_HOME/env" ] || return 1
  for name in etcd apiserver controller-manager scheduler; do running "$name" || return 1; done
  for node in "${LAB_NODES[@]}"; do running "containerd-$node" && running "kubelet-$node" || return 1; done
  admin get --raw /readyz && nodes_ready && admin get clusterrolebinding exhibit-responder
} >/dev/null 2>&1

make_images() {
  local busybox
  busybox=$(static_busybox) || die "no static busybox on this machine"
  mkdir -p "$LAB_HOME/images"
  python3 "$here/image.py" "$busybox" test.local/pause:1 "$LAB_HOME/images/pause.tar" sleep 2147483647
  python3 "$here/image.py" "$busybox" test.local/box:1 "$LAB_HOME/images/box.tar" sh
  python3 "$here/collector-image.py" test.local/exhibit-collector "$LAB_HOME/images/collector.tar" >"$LAB_HOME/collector.digest"
}

audit_policy() {
  cat <<'EOF'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
EOF
}

start_api() {
  mkdir -p "$LAB_HOME/audit"
  audit_policy >"$LAB_HOME/audit/policy.yaml"
  spawn etcd "$LAB_HOME/etcd.log" etcd --data-dir "$LAB_HOME/etcd" --listen-client-urls "$LAB_ETCD" \
    --advertise-client-urls "$LAB_ETCD" --listen-peer-urls http://127.0.0.1:12380 --quota-backend-bytes 4294967296
  # Reached on the lab's own network only. Events live for a day: a case at rest must not lose one while it is read.
  spawn apiserver "$LAB_HOME/apiserver.log" "$LAB_BIN/kube-apiserver" \
    --etcd-servers="$LAB_ETCD" --bind-address="$LAB_NET.1" --advertise-address="$LAB_NET.1" --secure-port=16443 \
    --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" --client-ca-file="$PKI/ca.crt" \
    --service-account-key-file="$PKI/serviceaccounts.pub" --service-account-signing-key-file="$PKI/serviceaccounts.key" \
    --service-account-issuer=https://kubernetes.default.svc --service-cluster-ip-range="$LAB_SERVICE_NET.0.0/16" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged --event-ttl=24h \
    --kubelet-certificate-authority="$PKI/ca.crt" --kubelet-client-certificate="$PKI/apiserver-to-kubelet.crt" \
    --kubelet-client-key="$PKI/apiserver-to-kubelet.key" --kubelet-preferred-address-types=InternalIP \
    --audit-policy-file="$LAB_HOME/audit/policy.yaml" --audit-log-path="$LAB_HOME/audit/audit.log" \
    --audit-log-maxsize=1000
}

start_controllers() {
  spawn controller-manager "$LAB_HOME/controller-manager.log" "$LAB_BIN/kube-controller-manager" \
    --kubeconfig="$LAB_HOME/controller-manager.conf" --use-service-account-credentials --leader-elect=false \
    --service-account-private-key-file="$PKI/serviceaccounts.key" --root-ca-file="$PKI/ca.crt" --secure-port=0 \
    --cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key"
  spawn scheduler "$LAB_HOME/scheduler.log" "$LAB_BIN/kube-scheduler" \
    --kubeconfig="$LAB_HOME/scheduler.conf" --leader-elect=false --secure-port=0
}

write_env() {
  local node number
  {
    echo "KUBECONFIG=$LAB_HOME/admin.conf"
    echo "LAB_VIEWER_KUBECONFIG=$LAB_HOME/viewer.conf"
    echo "LAB_RESPONDER_KUBECONFIG=$LAB_HOME/responder.conf"
    echo "LAB_KUBECTL=$LAB_BIN/kubectl"
    echo "LAB_SERVER=$LAB_SERVER"
    echo "LAB_KUBE_VERSION=$KUBE_VERSION"
    echo "LAB_AUDIT_LOG=$LAB_HOME/audit/audit.log"
    echo "LAB_IMAGE=test.local/box:1"
    echo "LAB_COLLECTOR_IMAGE=test.local/exhibit-collector@$(cat "$LAB_HOME/collector.digest")"
    for node in "${LAB_NODES[@]}"; do
      number=$(node_number "$node")
      echo "LAB_NODE${number}_NAME=$node"
      echo "LAB_NODE${number}_IP=$(node_ip "$node")"
      echo "LAB_NODE${number}_VAR_LOG=$LAB_HOME/$node/log"
      echo "LAB_NODE${number}_POD_LOGS=$LAB_HOME/$node/log/pods"
      echo "LAB_NODE${number}_CONTAINERD=$(containerd_socket "$node")"
      echo "LAB_NODE${number}_NETNS=/run/netns/$(node_netns "$node")"
    done
  } >"$LAB_HOME/env.part"
  mv "$LAB_HOME/env.part" "$LAB_HOME/env"
}

explain() {
  local log
  say "the lab did not come up; the last lines of its logs:"
  for log in "$LAB_HOME"/*.log "$LAB_HOME"/node*/log/{containerd,kubelet}.log; do
    if [ -s "$log" ]; then echo "--- $log" >&2; tail -n 8 "$log" >&2; fi
  done
}

case $LAB_HOME in
/run/* | /var/run/* | /var/log/* | /var/lib/kubelet/* | /var/lib/containerd/*)
  die "EXHIBIT_LAB_HOME is $LAB_HOME, a folder the lab's nodes replace by their own: choose another" ;;
esac
[ "$(id -u)" = 0 ] || die "must be root: the lab makes namespaces and control groups"

exec 9>/run/exhibit-lab.lock
flock 9 # one start or stop at a time
only_one_lab
if healthy; then
  say "runs already; environment in $LAB_HOME/env"
  exit 0
fi
"$here/install.sh"
"$here/build.sh" >/dev/null 9>&-

began=$SECONDS
mkdir -p "$LAB_HOME"
if [ ! -f "$LAB_HOME/.exhibit-lab" ] && [ -n "$(ls -A "$LAB_HOME")" ]; then
  die "$LAB_HOME holds files that are not a lab's; nothing was changed"
fi
echo "work folder of the exhibit lab; emptied at every start" >"$LAB_HOME/.exhibit-lab"
clean_up
echo "$LAB_HOME" >"$LAB_OWNER"
mkdir -p "$LAB_HOME/pids"
trap 'explain' ERR
set -E

make_group system
make_network
make_identities
start_api
make_images
for node in "${LAB_NODES[@]}"; do start_runtime "$node"; done
for node in "${LAB_NODES[@]}"; do
  wait_for 30 "containerd of $node" lab_ctr "$node" plugins list
  load_images "$node"
done
wait_for 60 "the API server" admin get --raw /readyz
start_controllers
for node in "${LAB_NODES[@]}"; do start_kubelet "$node"; done
admin apply -f "$here/identities.yaml" >/dev/null
for node in "${LAB_NODES[@]}"; do wait_for 60 "$node to register" admin get node "$node"; done
wait_for 60 "the nodes to be ready" nodes_ready
wait_for 60 "the service account of the default namespace" admin -n default get serviceaccount default
write_env
say "up in $((SECONDS - began)) s with Kubernetes $KUBE_VERSION; environment in $LAB_HOME/env"
