# shellcheck shell=bash
# One node: a network namespace, a mount namespace in which the node's own folders lie where a real node has them
# (/var/log, /var/lib/kubelet, /var/lib/containerd, /run), a containerd and a kubelet; sourced by up.sh.

# The way to the pods of $2 for $1.
route_to() { ip -n "$(node_netns "$1")" route replace "$LAB_POD_NET.$(node_number "$2").0/24" via "$(node_ip "$2")"; }

# A node's own network, on the bridge.
join_network() {
  local node=$1 name
  name=$(node_netns "$node")
  ip netns add "$name"
  ip link add "exhibit-$node" type veth peer name eth0 netns "$name"
  ip link set "exhibit-$node" master "$LAB_BRIDGE" up
  ip -n "$name" addr add "$(node_ip "$node")/24" dev eth0
  ip -n "$name" link set lo up
  ip -n "$name" link set eth0 up
  ip -n "$name" route add default via "$LAB_NET.1"
  # the way to its pods for the machine
  ip route replace "$LAB_POD_NET.$(node_number "$node").0/24" via "$(node_ip "$node")"
}

make_network() {
  local node peer
  ip link add "$LAB_BRIDGE" type bridge
  ip addr add "$LAB_NET.1/24" dev "$LAB_BRIDGE"
  ip link set "$LAB_BRIDGE" up
  for node in "${LAB_NODES[@]}"; do join_network "$node"; done
  for node in "${LAB_NODES[@]}"; do
    for peer in "${LAB_NODES[@]}"; do
      if [ "$peer" != "$node" ]; then route_to "$node" "$peer"; fi
    done
  done
}

containerd_config() {
  cat <<EOF
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "test.local/pause:1"
  # without CAP_SYS_RESOURCE a score below the parent's is refused, and every pod with it
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/var/lib/kubelet/cni"
EOF
}

cni_config() {
  cat <<EOF
{
  "cniVersion": "0.4.0",
  "name": "exhibit-lab",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "isGateway": true,
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/cni",
        "ranges": [[{"subnet": "$LAB_POD_NET.$(node_number "$1").0/24"}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "loopback"}
  ]
}
EOF
}

# Logs rotate early and often, so that a test sees a rotation without waiting for gigabytes.
kubelet_config() {
  cat <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: /var/lib/kubelet/pki/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: /var/lib/kubelet/pki/kubelet.crt
tlsPrivateKeyFile: /var/lib/kubelet/pki/kubelet.key
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
# two kubelets under one root would each end the other's pods as orphans
cgroupRoot: /$LAB_GROUP/$1
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
makeIPTablesUtilChains: false
staticPodPath: /var/lib/kubelet/manifests
clusterDNS: [$LAB_SERVICE_NET.0.10]
clusterDomain: cluster.local
resolvConf: /var/lib/kubelet/resolv.conf
containerLogMaxSize: 20Mi
containerLogMaxFiles: 5
containerLogMonitorInterval: 3s
enableSystemLogHandler: true
enableSystemLogQuery: true
featureGates: {NodeLogQuery: true}
# the machine's disk is shared: only a full one may evict a pod, and no image may go, since none can come back
evictionHard: {nodefs.available: 1%, imagefs.available: 1%, memory.available: 50Mi}
imageGCHighThresholdPercent: 100
EOF
}

# Runs in the node's new mount and UTS namespaces; becomes containerd.
# shellcheck disable=SC2016
inside_node='
set -e
dir=$1
hostname "$2"
mount --make-rshared /
for pair in log:/var/log kubelet:/var/lib/kubelet containerd:/var/lib/containerd run:/run; do
  mount --bind "$dir/${pair%%:*}" "${pair#*:}"
done
[ ! -f /etc/machine-id ] || mount --bind "$dir/machine-id" /etc/machine-id
exec containerd --config /var/lib/kubelet/containerd.toml
'

start_runtime() {
  local node=$1 dir=$LAB_HOME/$1
  mkdir -p "$dir"/{log,containerd,run/lock} "$dir"/kubelet/{pki,cni,manifests} /var/lib/kubelet /var/lib/containerd
  chmod 1777 "$dir/run/lock"
  cp "$PKI/ca.crt" "$dir/kubelet/pki/ca.crt"
  mv "$PKI/$node.crt" "$dir/kubelet/pki/kubelet.crt"
  mv "$PKI/$node.key" "$dir/kubelet/pki/kubelet.key"
  mv "$LAB_HOME/$node.conf" "$dir/kubelet/kubeconfig"
  echo "nameserver $LAB_SERVICE_NET.0.10" >"$dir/kubelet/resolv.conf"
  echo "exhibit-lab $node" | sha256sum | cut -c1-32 >"$dir/machine-id"
  containerd_config >"$dir/kubelet/containerd.toml"
  cni_config "$node" >"$dir/kubelet/cni/10-bridge.conflist"
  kubelet_config "$node" >"$dir/kubelet/config.yaml"
  # a file under /var/log that no process writes to, with a day in it to look for
  printf 'Jan  1 00:00:0%d %s exhibit-lab: line %d of a log at rest\n' 1 "$node" 1 2 "$node" 2 3 "$node" 3 >"$dir/log/rest.log"
  make_group "$node"
  # nsenter, not "ip netns exec": that one mounts /sys anew and hides the control groups
  spawn "containerd-$node" "$dir/log/containerd.log" \
    nsenter --net="/run/netns/$(node_netns "$node")" \
    unshare --mount --uts --propagation private sh -c "$inside_node" node "$dir" "$node"
}

containerd_socket() { echo "$LAB_HOME/$1/run/containerd/containerd.sock"; }
lab_ctr() { ctr --address "$(containerd_socket "$1")" --namespace k8s.io "${@:2}"; }

load_images() {
  local image
  for image in "$LAB_HOME"/images/*.tar; do lab_ctr "$1" images import "$image" >/dev/null; done
}

# start_kubelet NODE [OPTION...]
start_kubelet() {
  local node=$1 runtime
  runtime=$(cat "$LAB_HOME/pids/containerd-$node")
  spawn "kubelet-$node" "$LAB_HOME/$node/log/kubelet.log" \
    nsenter --target "$runtime" --net --mount --uts \
    "$LAB_BIN/kubelet" --config=/var/lib/kubelet/config.yaml --kubeconfig=/var/lib/kubelet/kubeconfig \
    --hostname-override="$node" --node-ip="$(node_ip "$node")" --v=2 "${@:2}"
}
