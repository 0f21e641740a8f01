/** The node's root as its physical path, so that `pwd -P` can be compared with what was meant; empty for `/`. */
export const ROOT = `
root=$(cd -P -- "$ROOT/" && pwd -P) || exit 64
case $root in /) root= ;; esac
`;

/** What a script says of a folder that is no longer where it was listed: one line each on standard error. */
export const FOLDER_MOVED = 'exhibit: a folder moved';

/**
 * Calls \`here\` in each folder of \`folderLines\`, with the names of its files as \`./NAME\`, each ended by NUL, on standard input, the folder in
 * \`$folder\` and in \`$inside\` for tar. The shell stands in the folder by then, and the kernel said that its path is the one that was listed:
 * whoever exchanges a folder on the way for a link afterwards leads nobody astray, and before that nobody goes in. \`$failed\` is the
 * last status of \`here\` that was not 0.
 */
export const IN_FOLDERS = `${ROOT}
failed=0
in_folders() {
  tab=$(printf '\\t')
  while IFS= read -r line; do
    case $line in D*) ;; *) continue ;; esac
    line=\${line#D}
    folder=$(printf '%b.' "\${line%%"$tab"*}"); folder=\${folder%.}
    inside=$(printf '%b.' "\${line#*"$tab"}"); inside=\${inside%.}
    export folder
    while IFS= read -r line && [ -n "$line" ]; do printf './%b\\0' "\${line#F}"; done | (
      way=$root$folder
      if cd -P -- "$way/" 2>/dev/null && [ "$(pwd -P; echo .)" = "$(printf '%s\\n.' "\${way:-/}")" ]; then here
      else cat >/dev/null; echo '${FOLDER_MOVED}' >&2
      fi
    ) || failed=$?
  done
}
`;
