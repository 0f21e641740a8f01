# shellcheck shell=bash
# Certificates and kubeconfigs of one run of the lab; sourced by up.sh. They are made new at every start, so they never
# run out, and nobody can reach a later lab with an earlier lab's keys.

PKI=$LAB_HOME/pki

make_authority() {
  mkdir -p "$PKI"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=exhibit-lab-ca \
    -keyout "$PKI/ca.key" -out "$PKI/ca.crt" 2>/dev/null
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$PKI/serviceaccounts.key"
  openssl pkey -in "$PKI/serviceaccounts.key" -pubout -out "$PKI/serviceaccounts.pub"
}

# certificate NAME SUBJECT [ALTERNATIVE-NAMES]: with alternative names it also serves
certificate() {
  local extensions="keyUsage=digitalSignature\nextendedKeyUsage=clientAuth"
  [ -z "${3:-}" ] || extensions="$extensions,serverAuth\nsubjectAltName=$3"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" \
    -keyout "$PKI/$1.key" -out "$PKI/$1.csr" 2>/dev/null
  openssl x509 -req -in "$PKI/$1.csr" -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -CAcreateserial -days 365 \
    -extfile <(printf '%b\n' "$extensions") -out "$PKI/$1.crt" 2>/dev/null
  rm "$PKI/$1.csr"
}

# kubeconfig NAME USER: $LAB_HOME/NAME.conf, holding everything it needs in itself
kubeconfig() {
  local file=$LAB_HOME/$1.conf
  (umask 077 && cat >"$file") <<EOF
apiVersion: v1
kind: Config
clusters:
- name: exhibit-lab
  cluster:
    server: $LAB_SERVER
    certificate-authority-data: $(base64 -w0 <"$PKI/ca.crt")
users:
- name: $2
  user:
    client-certificate-data: $(base64 -w0 <"$PKI/$1.crt")
    client-key-data: $(base64 -w0 <"$PKI/$1.key")
contexts:
- name: $2@exhibit-lab
  context: {cluster: exhibit-lab, user: $2}
current-context: $2@exhibit-lab
EOF
}

make_node_identity() {
  certificate "$1" "/O=system:nodes/CN=system:node:$1" "IP:$(node_ip "$1"),DNS:$1"
  kubeconfig "$1" "system:node:$1"
}

make_identities() {
  local node
  make_authority
  certificate apiserver /CN=kube-apiserver \
    "IP:$LAB_NET.1,IP:127.0.0.1,IP:$LAB_SERVICE_NET.0.1,DNS:localhost,DNS:kubernetes.default.svc"
  certificate apiserver-to-kubelet /O=system:masters/CN=kube-apiserver-kubelet-client
  certificate controller-manager /CN=system:kube-controller-manager
  certificate scheduler /CN=system:kube-scheduler
  certificate admin /O=system:masters/CN=admin
  certificate responder /O=incident-response/CN=responder
  certificate viewer /O=viewers/CN=viewer
  kubeconfig controller-manager system:kube-controller-manager
  kubeconfig scheduler system:kube-scheduler
  kubeconfig admin admin
  kubeconfig responder responder
  kubeconfig viewer viewer
  for node in "${LAB_NODES[@]}"; do make_node_identity "$node"; done
}
