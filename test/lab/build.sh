#!/usr/bin/env bash
# Builds the Kubernetes programs of the lab from the sources pinned in binaries/go.mod and go.sum, and prints the
# folder they are in. What is built already is not built again, so the second run is instant.
# usage: build.sh [PROGRAM...]      (none: all five; policy-oracle is ours, about their code)
set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"

programs=("$@")
[ ${#programs[@]} -gt 0 ] || programs=(kubectl kube-scheduler kubelet kube-controller-manager kube-apiserver)

missing() {
  local p
  for p in "${programs[@]}"; do [ -x "$LAB_BIN/$p" ] || return 0; done
  return 1
}

ldflags() {
  local number=${KUBE_VERSION#v} pkg
  printf -- '-s -w'
  for pkg in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf -- ' -X %s.gitVersion=%s -X %s.gitMajor=%s -X %s.gitMinor=%s -X %s.gitTreeState=clean' \
      "$pkg" "$KUBE_VERSION" "$pkg" "${number%%.*}" "$pkg" "$(echo "$number" | cut -d. -f2)" "$pkg"
  done
}

if missing; then
  command -v go >/dev/null || die "go is needed to build the Kubernetes programs: https://go.dev/dl"
  mkdir -p "$LAB_BIN"
  exec 9>"$LAB_BIN/.lock"
  flock 9 # a second build waits for the first, then finds its work done
  for p in "${programs[@]}"; do
    [ -x "$LAB_BIN/$p" ] && continue
    say "building $p $KUBE_VERSION"
    began=$SECONDS
    # Built under another name and renamed: an interrupted build never leaves half a program under the right name.
    # The modules are read only, so a difference from go.sum stops the build.
    rm -f "$LAB_BIN/.$p.part"
    package=k8s.io/kubernetes/cmd/$p
    [ ! -d "$here/binaries/$p" ] || package=./$p
    (cd "$here/binaries" && CGO_ENABLED=0 GOFLAGS="-mod=readonly -buildvcs=false -trimpath" \
      nice go build -ldflags "$(ldflags)" -o "$LAB_BIN/.$p.part" "$package" >&2)
    mv "$LAB_BIN/.$p.part" "$LAB_BIN/$p"
    say "built $p in $((SECONDS - began)) s"
  done
fi
echo "$LAB_BIN"
