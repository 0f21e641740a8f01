/** Rows of name, inode and size of the kubelet's checkpoints; none where there is no such folder. */
export const LIST_SCRIPT = `
d="$ROOT/var/lib/kubelet/checkpoints"
[ -e "$d" ] || [ -L "$d" ] || exit 0
find -P "$d" -mindepth 1 -maxdepth 1 -type f -printf '%P\\0%i\\0%s\\0'
`;

/** One file, its path on standard input. A link in its place is refused. */
export const FETCH_SCRIPT = `
IFS= read -r p
exec dd if="$ROOT$p" iflag=nofollow bs=1048576 status=none </dev/null
`;

/**
 * The one script of ours that changes a node: it takes away the file that our own request made, if it still has the inode that we read,
 * and looks whether it is gone.
 */
export const REMOVE_SCRIPT = `
IFS= read -r p
f="$ROOT$p"
if [ "$(stat -c %i -- "$f" 2>/dev/null </dev/null)" = "$1" ]; then rm -f -- "$f" </dev/null; fi
if [ -e "$f" ] || [ -L "$f" ]; then echo left; else echo gone; fi
`;
