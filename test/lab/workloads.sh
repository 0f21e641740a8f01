#!/usr/bin/env bash
# Applies or deletes a set of workloads, and waits until they are what they are meant to be.
# usage: workloads.sh apply|delete quiet|difficult|broken|attacked
#        workloads.sh apply|delete difficult/NAME     one workload alone, made anew if it is there; for one with a
#                                                     beginning: difficult/flood, difficult/doomed, difficult/crashing
set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"

usage() { sed -n '3,5s/^# //p' "$0" >&2; exit 2; }
[ $# = 2 ] || usage
action=$1 set=${2%%/*} only=
case $2 in */*) only=${2#*/} ;; esac
case $action in apply | delete) ;; *) usage ;; esac
case $set in quiet | difficult | broken | attacked) ;; *) usage ;; esac
if [ -n "$only" ]; then
  only_file=$(find "$here/workloads/$set" -name "[0-9][0-9]-$only.yaml")
  [ -n "$only_file" ] || die "no workload $set/$only"
fi

if external; then
  [ -n "${KUBECONFIG:-}" ] || die "LAB_EXTERNAL=1 needs KUBECONFIG"
  image=${LAB_IMAGE:-docker.io/library/busybox:1.36}
  pull=${LAB_PULL_POLICY:-IfNotPresent}
  kubectl=${LAB_KUBECTL:-$(command -v "$LAB_BIN/kubectl" || command -v kubectl)} || die "no kubectl on this machine"
else
  export KUBECONFIG=$LAB_HOME/admin.conf
  [ -f "$KUBECONFIG" ] || die "the lab is not up: $here/up.sh"
  image=test.local/box:1 pull=Never kubectl=$LAB_BIN/kubectl
fi

k() { "$kubectl" "$@"; }

# The manifests name the lab's own image; "test.local/absent:1" stays, as no cluster has it.
manifest() {
  sed -e "s|image: test.local/box:1|image: $image|" \
    -e "/image: test.local\/absent:1/{n;b}" -e "s|imagePullPolicy: Never|imagePullPolicy: $pull|" "$1"
}

files() {
  if [ -n "$only" ]; then
    printf '%s\n' "$here/workloads/$set"/00-*.yaml "$only_file"
  else
    printf '%s\n' "$here/workloads/$set"/*.yaml
  fi
}

apply() {
  local file
  for file in $(files); do
    manifest "$file" | k apply -f - >/dev/null
    case $file in
    *-definition.yaml) k wait --for=condition=Established --timeout=60s -f "$file" >/dev/null ;;
    *-namespace*.yaml)
      for namespace in $(namespaces); do
        wait_for 30 "the service account of $namespace" k -n "$namespace" get serviceaccount default
      done ;;
    esac
  done
}

namespaces() { k get namespace -l "exhibit.test/set=$set" -o name | cut -d/ -f2; }
field() { k -n exhibit-difficult get pod "$1" -o "jsonpath=$2"; }
is() { [ "$(field "$1" "$2")" = "$3" ]; }
restarted() { [ "$(field crashing '{.status.containerStatuses[0].restartCount}')" -ge 1 ]; }
has_log() { [ -n "$(k -n exhibit-difficult logs "$@" --tail=1)" ]; }

ended() { [ -n "$(k -n exhibit-attacked get pod victim -o 'jsonpath={.status.containerStatuses[?(@.name=="ended")].state.terminated.reason}')" ]; }

has_waiting() {
  case $(field "$1" '{.status.containerStatuses[0].state.waiting.reason}') in
  ErrImageNeverPull | ErrImagePull | ImagePullBackOff) ;;
  *) return 1 ;;
  esac
}

settle_quiet() {
  k -n exhibit-quiet rollout status deployment/web --timeout=120s >/dev/null
  k -n exhibit-quiet wait --for=condition=Complete --timeout=120s job/completed >/dev/null
  for namespace in $(namespaces); do
    k -n "$namespace" wait --for=condition=Ready --timeout=120s pod -l 'job-name!=completed' >/dev/null
  done
}

debug() {
  k -n exhibit-difficult wait --for=condition=Ready --timeout=60s pod/debugged >/dev/null
  is debugged '{.spec.ephemeralContainers[0].name}' debugger ||
    k -n exhibit-difficult debug debugged --image="$image" --container=debugger --profile=general -- \
      sh -c 'echo looking around; id; exec sleep 2147483647' >/dev/null
  wait_for 60 "the ephemeral container" has_log debugged -c debugger
}

settle_difficult() {
  case $1 in
  namespace) ;;
  crashing)
    wait_for 120 "the crashing pod to be started again" restarted
    wait_for 60 "the log of the container before" has_log crashing --previous ;;
  absent)
    wait_for 60 "the missing image to be noticed" has_waiting absent
    wait_for 60 "half of a pod to run" has_log half-absent -c present ;;
  unschedulable)
    wait_for 60 "the scheduler to give up" is unschedulable '{.status.conditions[?(@.type=="PodScheduled")].reason}' Unschedulable ;;
  stuck) wait_for 60 "the init container to run" has_log stuck -c wait ;;
  debugged) debug ;;
  *) wait_for 60 "the pod $1 to log" has_log "$1" ;;
  esac
}

if [ "$action" = delete ]; then
  if [ -n "$only" ]; then
    k delete --ignore-not-found -f "$only_file" >/dev/null
  else
    k delete apiservice,namespace,customresourcedefinition -l "exhibit.test/set=$set" >/dev/null 2>&1
  fi
  exit 0
fi

if [ -n "$only" ]; then k delete --ignore-not-found -f "$only_file" >/dev/null; fi
apply
case $set in
quiet) settle_quiet ;;
broken) k wait --for=condition=Available=False --timeout=60s apiservice/v1.broken.exhibit.test >/dev/null ;;
attacked)
  wait_for 120 "the attack to be done" k -n exhibit-attacked exec victim -c app -- test -e /tmp/done
  wait_for 60 "the second container to end" ended ;;
difficult) for file in $(files); do settle_difficult "$(basename "$file" .yaml | cut -c4-)"; done ;;
esac
say "$2 is as it should be"
