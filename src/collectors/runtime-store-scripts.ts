import { CONTAINERD_ROOTS, META_DB, snapshotterFolder } from '../lib/containerd-store/containerd-roots.js';

/** What a script ends with when a folder is there and we may not look into it. */
export const DENIED_STATUS = 77;

/**
 * Sets `$atime` to what has tar leave access times as they are. Without the capability `fowner` the kernel refuses to open other people's
 * files so, and tar would give up on them: then it is empty.
 */
export const KEEP_ATIME = `
atime=
while read -r key value; do
  case $key:$value in CapEff:*[89abcdef]) atime=--atime-preserve=system ;; esac
done < /proc/self/status
`;

/**
 * What runs on the node. `enter PATH` goes into a folder of the node by its absolute name. Links on the way are followed by us, inside
 * `$ROOT`: an absolute link begins at the node's root and not at ours. 1 = no folder there, 2 = not allowed, 3 = exchanged meanwhile.
 */
export const ENTER = `${KEEP_ATIME}
enter() {
  rest=$1; at=; links=0
  while [ -n "$rest" ]; do
    rest=\${rest#/}
    case $rest in */*) part=\${rest%%/*}; rest=/\${rest#*/} ;; *) part=$rest; rest= ;; esac
    case $part in ''|.) continue ;; ..) at=\${at%/*}; continue ;; esac
    [ -d "$ROOT$at/" ] || return 1
    [ -x "$ROOT$at/" ] || return 2
    if [ -L "$ROOT$at/$part" ]; then
      links=$((links + 1)); [ "$links" -le 40 ] || return 1
      target=$(readlink -- "$ROOT$at/$part"; echo .); target=\${target%??}
      case $target in /*) at=; rest=$target$rest ;; *) rest=/$target$rest ;; esac
    else at=$at/$part; fi
  done
  [ -d "$ROOT$at/" ] || return 1
  [ -x "$ROOT$at/" ] && [ -r "$ROOT$at/" ] || return 2
  top=$(cd -P -- "$ROOT/" && pwd -P) || return 3
  cd -P -- "$ROOT$at/" && [ "$PWD" = "\${top%/}$at" ] || return 3
}
`;

/** Databases a containerd root may have, relative to it. */
export const SNAPSHOTTERS = [
  'overlayfs',
  'native',
  'fuse-overlayfs',
  'stargz',
  'nydus',
  'btrfs',
  'zfs',
  'erofs',
] as const;
export const DATABASES = [META_DB, ...SNAPSHOTTERS.map((name) => `${snapshotterFolder(name)}/metadata.db`)] as const;

/** Rows: root, file, size, modified; of the databases \`$@\` that are in the roots on standard input. A root without files is denied. */
export const LIST_DATABASES_SCRIPT = `${ENTER}
while IFS= read -r root; do
  ( enter "$root" 2>/dev/null
    case $? in 0) ;; 1) exit 0 ;; *) printf '%s\\0\\0\\0\\0' "$root"; exit 0 ;; esac
    for file; do
      folder=\${file%/*}; [ -d "$folder" ] || continue
      [ -x "$folder" ] || { printf '%s\\0\\0\\0\\0' "$root"; continue; }
      find -P . -xdev -maxdepth 2 -path "./$file" -type f -printf "$root"'\\0%P\\0%s\\0%T@\\0'
    done )
done
exit 0
`;

/** The bytes of the file \`$2\` in the root \`$1\`; on standard error the digest of a second read, to tell whether it changed meanwhile. */
export const COPY_DATABASE_SCRIPT = `${ENTER}
enter "$1" || { echo "cannot enter $1" >&2; exit 65; }
[ -f "$2" ] && [ ! -L "$2" ] || { echo "no such file: $2" >&2; exit 66; }
flags=nofollow,noatime
dd if="$2" iflag=$flags bs=1 count=0 status=none 2>/dev/null || flags=nofollow
dd if="$2" iflag=$flags bs=1M status=none || exit 67
printf 'again %s\\n' "$(dd if="$2" iflag=$flags bs=1M status=none | sha256sum)" >&2
`;

const TAR = `tar --create --file=- --format=pax --numeric-owner --no-recursion $atime \
  --warning=no-file-changed --null --files-from=-`;

/**
 * Small files of one place: \`$1\` is the folder, the other arguments are patterns of paths below it. As a tar archive with names
 * relative to the folder; tar says 1 when a file changed while it was read. Nothing at all where there is no such folder or file.
 */
export const SMALL_FILES_SCRIPT = `${ENTER}
enter "$1" 2>/dev/null
case $? in 0) ;; 1) exit 0 ;; *) echo "permission denied: $1" >&2; exit ${String(DENIED_STATUS)} ;; esac
shift
list() { for pattern; do find -P . -xdev -maxdepth 6 -path "./$pattern" -type f -size -8193k -printf '%P\\0' || return 1; done; }
[ "$(list "$@" 2>/dev/null | head -c 1 | wc -c)" = 1 ] || { list "$@" >/dev/null; exit $?; }
exec 4>&1
bad=$({ { list "$@" || echo list >&3; } | ${TAR} >&4; [ $? -le 1 ] || echo tar >&3; } 3>&1)
[ -z "$bad" ]
`;

/** Blobs of a containerd content store: \`$1\` is its root, standard input names below \`blobs/sha256\`, ended by NUL. */
export const BLOBS_SCRIPT = `${ENTER}
enter "$1/io.containerd.content.v1.content/blobs/sha256" || { echo "cannot enter the content store of $1" >&2; exit 65; }
xargs -0 -r sh -c 'find -P "$@" -maxdepth 0 -type f -size -4097k -print0 2>/dev/null' exhibit | ${TAR}
`;

export const DOCKER_ROOT = '/var/lib/docker';
export const STORAGE_ROOT = '/var/lib/containers/storage';

export interface SmallFiles {
  readonly name: string;
  readonly folder: string;
  readonly patterns: readonly string[];
}

/** The stores that are small files and no database. */
export const STORE_FILES: readonly SmallFiles[] = [
  {
    name: 'docker',
    folder: DOCKER_ROOT,
    patterns: [
      'containers/*/config.v2.json',
      'containers/*/hostconfig.json',
      'image/overlay2/layerdb/mounts/*/*',
      'image/overlay2/repositories.json',
      'overlay2/*/link',
      'overlay2/*/lower',
    ],
  },
  {
    name: 'containers-storage',
    folder: STORAGE_ROOT,
    patterns: [
      '*-containers/*containers.json',
      '*-layers/*layers.json',
      '*-images/images.json',
      '*-containers/*/userdata/config.json',
      '*-containers/*/userdata/state.json',
    ],
  },
];

const STATES = [...new Set(CONTAINERD_ROOTS.map(({ state }) => state))];

/** What runtimes keep of containers that were started, below \`/run\`. */
export const TASK_FILES: readonly SmallFiles[] = [
  ...STATES.map((folder, index) => ({
    name: `containerd-${String(index)}`,
    folder,
    patterns: ['io.containerd.runtime.v*/*/*/*', 'runc/*/*/state.json'],
  })),
  { name: 'docker', folder: '/run/docker', patterns: ['runtime-runc/*/*/state.json', 'containerd/daemon/io.*/*/*/*'] },
  { name: 'runc', folder: '/run/runc', patterns: ['*/state.json'] },
  { name: 'crun', folder: '/run/crun', patterns: ['*/status'] },
  {
    name: 'containers-storage',
    folder: '/run/containers/storage',
    patterns: ['*-containers/*/userdata/config.json', '*-containers/*/userdata/pidfile'],
  },
];
