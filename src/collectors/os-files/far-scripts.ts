import { IN_FOLDERS, ROOT } from './folder-script.js';

/** Goes into a folder only if no part of its path is a link: a link there would lead out of the node's files and into our own. */
const ENTER = `
enter() { cd -P -- "$root$1/" 2>/dev/null && [ "$(pwd -P)" = "\${root:-}$1" ]; }
`;

export const LISTING_FIELDS = 16;

/** Fields of a file: kind, type, mode, owner, group, bytes, blocks of 512, links, device, inode, four times, link target, path below the base. */
const FILE = String.raw`F\0%y\0%m\0%U\0%G\0%s\0%b\0%n\0%D\0%i\0%A@\0%C@\0%T@\0%B@\0%l\0%P\0`;

/**
 * What is there of the patterns on standard input (\`BASE TAB DEPTH TAB REGEX TAB REGEX LEFT OUT\`, lines): one row of 16 fields, each ended by NUL, for each
 * base and each file. \`B\` begins a base, \`E\` ends it with the status of find; \`N\` = not there, and the folder in which it is
 * missing was readable; \`D\` = cannot be looked into; \`L\` = a part of its path is a link, with its target.
 */
export const LISTING_SCRIPT = `${ROOT}${ENTER}
only=$1
row() { printf '%s\\0%s\\0%s\\0%s\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0' "$1" "$2" "$3" "$4"; }
homes() (
  enter /etc && [ -f passwd ] && [ ! -L passwd ] || exit 0
  head -c 4194304 passwd | cut -d: -f6 | grep -axE '(/[^/]+)+' | sort -u | head -n 2000
)
# Links that distributions make and everybody knows lead where they say, inside the root; any other ends the walk.
usual() {
  case "$1:$2" in
  /bin:usr/bin|/sbin:usr/sbin|/sbin:usr/bin|/lib:usr/lib|/lib32:usr/lib32|/lib64:usr/lib64|/lib64:usr/lib|/libx32:usr/libx32)
    printf '%s\n' "$2" ;;
  /usr/sbin:bin) echo usr/bin ;;
  /usr/lib64:lib) echo usr/lib ;;
  /var/run:/run|/var/run:../run) echo run ;;
  /var/lock:/run/lock|/var/lock:../run/lock) echo run/lock ;;
  *) return 1 ;;
  esac
}
walk() {
  current=; rest=\${1#/}; hops=0
  while [ -n "$rest" ]; do
    next=$current/\${rest%%/*}
    case $rest in */*) rest=\${rest#*/} ;; *) rest= ;; esac
    if [ -L "$root$next" ]; then
      target=$(readlink -- "$root$next")
      hops=$((hops + 1))
      if [ "$hops" -le 4 ] && leads=$(usual "$next" "$target"); then rest=$leads\${rest:+/$rest}; current=
      else row L "$1" "$next" "$target"; return
      fi
    elif [ -d "$root$next" ]; then current=$next
    elif [ -e "$root$next" ]; then row N "$1" "$next" no-folder; return
    elif [ -x "$root$current/" ]; then row N "$1" "$next" no-such-file; return
    else row D "$1" "$current" permission; return
    fi
  done
  if ! [ -r "$root$current/" ] || ! [ -x "$root$current/" ]; then row D "$1" "$current" permission; return; fi
  row B "$current" "" ""
  (
    enter "$current" || exit 65
    case $only in
    executables)
      find -P . -ignore_readdir_race -mindepth 1 -maxdepth "$2" -regextype posix-extended -regex "$4" -prune -o -regex "$3" -type f \
        "(" -perm /111 -o -name "*.so" -o -name "*.so.*" -o -name "*.ko" -o -name "*.ko.*" ")" -printf '${FILE}' ;;
    *) find -P . -ignore_readdir_race -mindepth 1 -maxdepth "$2" -regextype posix-extended -regex "$4" -prune -o -regex "$3" -printf '${FILE}' ;;
    esac
  ) </dev/null
  row E "$current" "$?" ""
}
tab=$(printf '\\t')
while IFS=$tab read -r base depth regex prune; do
  case $base in
  '~'*) homes | while IFS= read -r home; do walk "$home\${base#?}" "$depth" "$regex" "$prune"; done ;;
  *) walk "$base" "$depth" "$regex" "$prune" ;;
  esac
done
`;

/**
 * The files of `folderLines` on standard input, as a pax archive. It is made folder by folder, and all but the last end of an archive is
 * left out. Access times stay as they are only where the kernel lets us: without the capability \`fowner\` it refuses to open other people's
 * files so, and tar gives up on them. A file of several names is there with its content under each.
 */
export const TAKE_SCRIPT = `${IN_FOLDERS}
atime=
while read -r key value; do
  case $key:$value in CapEff:*[89abcdef]) atime=--atime-preserve=system ;; esac
done < /proc/self/status
exec 3>&1
here() {
  status=$({ { tar --create --file=- --blocking-factor=1 --format=pax --pax-option=exthdr.name=%d/PaxHeaders/%f --no-recursion --numeric-owner \
    --xattrs --xattrs-include='*' --sparse --hard-dereference $atime --transform="flags=r;s,^\\./,$inside," --null --no-unquote --files-from=-
    echo "$?" >&4; } | head -c -1024 >&3; } 4>&1)
  # 1 = a file changed while it was read: the archive is whole.
  [ "$status" = 1 ] || return "\${status:-2}"
}
in_folders
head -c 1024 /dev/zero
exit "$failed"
`;

/**
 * Digests of the files of `folderLines` on standard input, by the program \`$1\`, fields ended by NUL: a folder, then \`DIGEST  ./NAME\` of each file in
 * it. With \`many\` in \`$2\` one program reads many files, and follows one that became a link since it was listed.
 */
export const DIGEST_SCRIPT = `${IN_FOLDERS}
case $1 in sha256sum|sha1sum|md5sum) ;; *) exit 64 ;; esac
digest=$1; many=$2; export digest
here() {
  printf '%s\\0' "\${folder:-/}"
  case $many in many) xargs -0 -r "$digest" -z -- || return; return 0 ;; esac
  xargs -0 -r -n 1 sh -c '
[ -f "$1" ] && [ ! -L "$1" ] || exit 0
said=$({ { dd if="$1" iflag=nofollow,nonblock bs=1M status=none || echo failed >&4; } | "$digest" >&4; } 4>&1)
case $said in *failed*) exit 1 ;; esac
printf "%s  %s\\0" "\${said%% *}" "$1"' exhibit
}
in_folders
exit "$failed"
`;

/** Of each file of `folderLines` on standard input only the blocks between the marks of a certificate: \`NAME NUL LINES NUL\`. */
export const CERTIFICATES_SCRIPT = `${IN_FOLDERS}
here() {
  xargs -0 -r -n 1 sh -c '
[ -f "$1" ] && [ ! -L "$1" ] || exit 0
full=$folder/\${1#./}; printf "%s\\0" "\${full#/}"
dd if="$1" iflag=nofollow,nonblock,count_bytes,fullblock bs=65536 count=1048576 status=none | sed -n "/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/p" | tr -d "\\000"
printf "\\0"' exhibit
}
in_folders
exit 0
`;

/** Lines of files that the kernel makes, \`FILE NUL LINE\`; standard input has their paths, wildcards and all: ours, not the node's. */
export const KERNEL_SCRIPT = `
sys=/sys; [ -d "$ROOT/sys/kernel" ] && sys=$ROOT/sys
while IFS= read -r path; do
  case $path in
  /proc/*) real=$PROC\${path#/proc} ;;
  /sys/*) real=$sys\${path#/sys} ;;
  *) continue ;;
  esac
  for file in $real; do
    [ -f "$file" ] || continue
    if [ -r "$file" ]; then printf '%s\\0' "$file"; else printf 'not readable: %s\\n' "$file" >&2; fi
  done
done | xargs -0 -r timeout 30 grep -aHZs ''
exit 0
`;

/** Bytes of what the system script says. */
export const MAX_SYSTEM_BYTES = 1024 * 1024;

/** What the node is, as marks and its release: \`KEY TAB VALUE\` lines. */
export const SYSTEM_SCRIPT = `${ROOT}${ENTER}
for place in /etc /usr/lib; do
  if (enter "$place" && [ -f os-release ] && [ ! -L os-release ]); then
    (enter "$place" && head -c 65536 os-release | while IFS= read -r line; do printf 'release\\t%s\\n' "$line"; done)
    break
  fi
done
for mark in /run/systemd/system /usr/lib/systemd/systemd /lib/systemd/systemd /sbin/openrc /etc/init.d/containerd \
  /run/containerd /var/lib/containerd /etc/containerd /run/crio /var/lib/crio /etc/crio /run/docker.sock /var/lib/docker \
  /var/lib/rancher/k3s /var/lib/rancher/rke2 /var/lib/kubelet /etc/kubernetes/manifests/kube-apiserver.yaml \
  /var/lib/rancher/k3s/server /var/lib/rancher/rke2/server /var/lib/etcd /var/lib/dpkg/status /var/lib/rpm \
  /usr/lib/sysimage/rpm /lib/apk/db/installed /etc/talos /usr/share/bottlerocket /var/lib/cloud /var/lib/amazon; do
  [ -e "$root$mark" ] && printf 'mark\\t%s\\n' "$mark"
done
if [ "$1" = live ]; then
  for file in sys_vendor product_name bios_vendor board_vendor chassis_asset_tag; do
    [ -r "/sys/class/dmi/id/$file" ] && printf 'dmi\\t%s\\t%s\\n' "$file" "$(head -c 256 "/sys/class/dmi/id/$file")"
  done
fi
exit 0
`;
