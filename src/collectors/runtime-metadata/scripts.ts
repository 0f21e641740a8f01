/** Records \`FILE NUL LINE\`: each process whose control group names a container, each group that does with the processes in it. */
export const SAMPLE_SCRIPT = `
cd "$PROC" || exit 3
find -P . -mindepth 2 -maxdepth 2 -path './[0-9]*/cgroup' -print0 2>/dev/null | xargs -0 -r grep -aHZsE '[0-9a-f]{64}'
groups=$ROOT/sys/fs/cgroup
[ -d "$groups" ] || exit 0
cd "$groups" || exit 4
find -P . -maxdepth 16 -type d -regextype posix-extended -regex '.*[0-9a-f]{64}[^/]*' -printf 'group/%P\\0\\n'
find -P . -maxdepth 16 -type f -name cgroup.procs -regextype posix-extended -regex '.*[0-9a-f]{64}[^/]*/cgroup.procs' -print0 |
  xargs -0 -r grep -aHZs '' 
case $? in 0|123) exit 0;; *) exit $?;; esac
`;
