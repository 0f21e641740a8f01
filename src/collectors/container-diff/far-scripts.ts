import { KEEP_ATIME } from '../runtime-store-scripts.js';

/**
 * What runs on the node. A folder is given as three arguments: the process whose view of the filesystem is meant (`-` = the node's root
 * as this way sees it), its path, and `device:inode` that it must have. The scripts go into the folder once and name everything relative
 * to it, so that no link that is planted meanwhile leads elsewhere.
 */
const BASE = 'case $1 in -) base=$ROOT ;; *) base=$PROC/$1/root ;; esac\n';
const ENTER = `${BASE}cd -P -- "$base$2" || exit 65
[ "$(stat -c %d:%i .)" = "$3" ] || { echo "the folder is another one than before" >&2; exit 66; }
`;

/** Fields of a record, each ended by NUL; a line feed ends the record. */
export const LISTING_FIELDS = 15;
const RECORD = String.raw`%y\0%m\0%U\0%G\0%s\0%b\0%n\0%i\0%D\0%A@\0%T@\0%C@\0%B@\0%l\0%P\0\n`;
const NODES = String.raw`R\0%t\0%T\0\0\0\0\0\0\0\0\0\0\0\0%n\0\n`;
const LAYER = String.raw`L\0\0\0\0\0\0\0\0\0\0\0\0\0\0%s\0\n`;

/** Control groups with the id of a container in them, then the status line of every process: `FILE NUL LINE`. */
export const PROCESSES_SCRIPT = `
find -P "$PROC" -mindepth 2 -maxdepth 2 -path "$PROC/[0-9]*/cgroup" -print0 2>/dev/null | xargs -0 -r grep -aHZsE '[0-9a-f]{64}'
find -P "$PROC" -mindepth 2 -maxdepth 2 -path "$PROC/[0-9]*/stat" -print0 2>/dev/null | xargs -0 -r grep -aHZs ''
exit 0
`;

/** Mounts of a container's first process \`$1\` and of its parent \`$2\`, user namespace, start time and the parent's arguments: \`FILE NUL LINE\`. */
export const MOUNTS_SCRIPT = `
grep -aHZs '' "$PROC/$1/stat" "$PROC/$1/uid_map" "$PROC/$1/mountinfo" "$PROC/$2/mountinfo" "$PROC/$2/cmdline"
[ -r "$PROC/$1/mountinfo" ]
`;

/** Type, device:inode and target of the links of each path on standard input, in the view of \`$1\`; what is not there is left out. */
export const PATHS_SCRIPT = `${BASE}export base
xargs -0 -r sh -c '
for path in "$@"; do find -P "$base$path" -maxdepth 0 -printf "%y\\0%D:%i\\0%l\\0" 2>/dev/null && printf "%s\\0\\n" "$path"; done
exit 0' exhibit
`;

/** Every entry of a folder, before or after its content is read. */
export const LISTING_SCRIPT = `${ENTER}find -P . -xdev -printf '${RECORD}'\n`;

/** The folder as a pax archive, without the files that standard input names as patterns. A pipe takes 64 KiB at once. */
export const CONTENT_SCRIPT = `${KEEP_ATIME}${ENTER}
tar --create --file=- --blocking-factor=128 --format=pax --pax-option=exthdr.name=%d/PaxHeaders/%f --numeric-owner --xattrs --xattrs-include='*' \
  --sparse --one-file-system $atime --warning=no-file-ignored \
  --anchored --wildcards --no-wildcards-match-slash --exclude-from=- .
`;

/** Every entry of several folders: standard input has path and device:inode of each. Device numbers of special files follow as \`R\`. */
export const LAYERS_SCRIPT = `${BASE}export base
xargs -0 -r -n 2 sh -c '
printf "${LAYER}" "$1"
cd -P -- "$base$1" || exit 65
[ "$(stat -c %d:%i .)" = "$2" ] || exit 66
find -P . -xdev -printf "${RECORD}"
find -P . -xdev "(" -type c -o -type b ")" -exec stat --printf="${NODES}" "{}" +' exhibit
`;

/** Owner, mode and attributes of the paths on standard input, relative to the root of \`$1\`'s view, as a pax archive. */
export const ATTRIBUTES_SCRIPT = `${KEEP_ATIME}${BASE}cd -P -- "$base/" || exit 65
tar --create --file=- --format=pax --numeric-owner --xattrs --xattrs-include='*' --sparse $atime \
  --no-recursion --null --files-from=-
`;

/** \`HASH  PATH NUL\` of each path on standard input, relative to the root of \`$1\`'s view. */
export const HASH_SCRIPT = `${BASE}cd -P -- "$base/" || exit 65
xargs -0 -r sha256sum -z --
`;
