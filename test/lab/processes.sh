# shellcheck shell=bash
# Starting and ending the lab's processes; sourced by up.sh and down.sh. Every process the lab starts, and so every
# container, is in a control group of the lab. What is in it is the lab's, whatever its name or number: nothing else is
# ever signalled, and nothing of the lab is missed because a pid file is gone.

group_mounts() { awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/mounts | sort -u; }

# The hierarchy processes are counted in: the freezer of cgroup v1 (nobody else's limits or counts are touched), or the
# only one of cgroup v2.
tracking_group() {
  if [ -d /sys/fs/cgroup/freezer ]; then echo "/sys/fs/cgroup/freezer/$LAB_GROUP"; else echo "/sys/fs/cgroup/$LAB_GROUP"; fi
}

# make_group NAME: the lab's group NAME, in every hierarchy that lets one be made
make_group() {
  local mount level parent file controller controllers
  for mount in $(group_mounts); do
    parent=$mount
    for level in "$LAB_GROUP" "$1"; do
      # cgroup v2: a controller must be handed down level by level
      if [ "$mount" = /sys/fs/cgroup ]; then
        read -ra controllers <"$parent/cgroup.controllers" || true
        for controller in "${controllers[@]}"; do
          echo "+$controller" >"$parent/cgroup.subtree_control" 2>/dev/null || true
        done
      fi
      mkdir -p "$parent/$level" 2>/dev/null || break
      # cgroup v1: a new cpuset is empty, and no process can enter it
      if [ -f "$parent/cpuset.cpus" ] && [ "$mount" != /sys/fs/cgroup ]; then
        for file in cpuset.cpus cpuset.mems; do cat "$parent/$file" >"$parent/$level/$file"; done
      fi
      parent=$parent/$level
    done
  done
}

# pids_under FOLDER: of the group with this folder, and of those in it
pids_under() { if [ -d "$1" ]; then find "$1" -name cgroup.procs -exec cat {} + 2>/dev/null || true; fi; }
lab_pids() { pids_under "$(tracking_group)"; }

# spawn NAME LOG COMMAND...: in the background, outliving this shell, in the group LAB_SYSTEM_GROUP of the lab
spawn() {
  local name=$1 log=$2
  shift 2
  # the inner shell enters the group before it becomes the command, so no child can escape it
  # shellcheck disable=SC2016
  setsid bash -c 'echo $$ >"$0" && exec "$@"' "$(tracking_group)/${LAB_SYSTEM_GROUP:-system}/cgroup.procs" "$@" \
    >>"$log" 2>&1 </dev/null 9>&- &
  echo $! >"$LAB_HOME/pids/$name"
}

running() {
  local pid
  # not by /proc: a process nobody has waited for is still listed there
  pid=$(cat "$LAB_HOME/pids/$1" 2>/dev/null) && grep -qx "$pid" "$(tracking_group)/system/cgroup.procs" 2>/dev/null
}

no_lab_pids() { [ -z "$(lab_pids)" ]; }

end_processes() {
  local deadline=$((SECONDS + 20)) pid
  until no_lab_pids; do
    for pid in $(lab_pids); do kill -KILL "$pid" 2>/dev/null || true; done
    [ "$SECONDS" -lt "$deadline" ] || die "these processes of the lab do not end: $(lab_pids | tr '\n' ' ')"
    sleep 0.1
  done
}

remove_groups() {
  local mount
  for mount in $(group_mounts); do
    [ -d "$mount/$LAB_GROUP" ] || continue
    # a group stays busy for a moment after its last process
    # shellcheck disable=SC2016
    wait_for 10 "the control groups under $mount/$LAB_GROUP to empty" \
      bash -c 'find "$0" -depth -type d -exec rmdir {} + 2>/dev/null; [ ! -d "$0" ]' "$mount/$LAB_GROUP" || true
  done
}

leave_network() {
  if [ -e "/run/netns/$(node_netns "$1")" ]; then ip netns del "$(node_netns "$1")"; fi
  ip link del "exhibit-$1" 2>/dev/null || true
}

remove_network() {
  local node
  for node in "${LAB_NODES[@]}" "$LAB_GUEST"; do leave_network "$node"; done
  ip link del "$LAB_BRIDGE" 2>/dev/null || true
  # "ip netns" mounts this folder upon itself; it does so again when it needs to
  if [ -d /run/netns ] && [ -z "$(ls -A /run/netns)" ]; then umount /run/netns 2>/dev/null || true; fi
}

# Ends and removes everything a lab left, whether it was stopped or killed. A node's mounts are in a mount namespace of
# its own and end with its last process.
clean_up() {
  end_processes
  remove_network
  remove_groups
  if [ -f "$LAB_HOME/.exhibit-lab" ]; then find "$LAB_HOME" -mindepth 1 ! -name .exhibit-lab -delete; fi
  rm -f "$LAB_OWNER"
}

only_one_lab() {
  local owner
  owner=$(cat "$LAB_OWNER" 2>/dev/null) || return 0
  [ "$owner" = "$LAB_HOME" ] || no_lab_pids ||
    die "a lab of $owner runs on this machine, and it can have only one: EXHIBIT_LAB_HOME=$owner $LAB_DIR/down.sh"
}
