import { ROOT } from './folder-script.js';

/** Folders of which journals can be merged into one list; a node has one or two. */
export const MAX_JOURNAL_FOLDERS = 4;

/**
 * Opens the folders of `folderLines` on standard input as 6, 7, 8 and 9, once the kernel said that each is where it was listed, and names their
 * files through them: whoever exchanges a folder afterwards leads nobody astray. \`$@\` are the files so, what became a link left out.
 */
const OPEN_JOURNALS = `${ROOT}
tab=$(printf '\\t'); slot=5; isOpen=
set --
while IFS= read -r line; do
  case $line in
  D*)
    line=\${line#D}; folder=$(printf '%b.' "\${line%%"$tab"*}"); folder=\${folder%.}; isOpen=
    cd -P -- "$root$folder/" 2>/dev/null && [ "$(pwd -P; echo .)" = "$(printf '%s\\n.' "$root$folder")" ] || continue
    slot=$((slot + 1))
    case $slot in
    6) exec 6<. ; folder6=$folder ;;
    7) exec 7<. ; folder7=$folder ;;
    8) exec 8<. ; folder8=$folder ;;
    9) exec 9<. ; folder9=$folder ;;
    *) slot=9; continue ;;
    esac
    isOpen=yes ;;
  F*)
    [ "$isOpen" = yes ] || continue
    name=$(printf '%b.' "\${line#F}"); name=\${name%.}
    # journalctl takes a pattern for a file: such a name would mean others, or nothing.
    case $name in *[][*?{}\\\\]*) continue ;; esac
    [ -f "./$name" ] && [ ! -L "./$name" ] && set -- "$@" "/proc/self/fd/$slot/$name" ;;
  esac
done
journal() { journalctl --no-pager --quiet "$@" </dev/null; }
opens() { timeout --foreground -s KILL 20 journalctl --no-pager --quiet -n 0 "--file=$1" </dev/null >/dev/null 2>&1; }
`;

/**
 * The entries of all journals that can be opened, merged by time, as \`journalctl -o export\` writes them: one that cannot would end it for all.
 * The program only reads, and is the far side's own.
 */
export const JOURNAL_EXPORT_SCRIPT = `${OPEN_JOURNALS}
count=$#
while [ "$count" -gt 0 ]; do
  file=$1; shift; count=$((count - 1))
  opens "$file" && set -- "$@" "--file=$file"
done
[ $# -gt 0 ] || exit 0
journal -o export --utc "$@"
`;

/** \`PATH NUL VERDICT NUL\` of each journal: \`sound\`, \`damaged\`, \`unreadable\`, or \`not-checked\` where the time is up. */
export const JOURNAL_CHECK_SCRIPT = `${OPEN_JOURNALS}
end=$(( $(date +%s) + 600 ))
for file; do
  slot=\${file#/proc/self/fd/}; name=\${slot#*/}
  case \${slot%%/*} in 6) folder=$folder6 ;; 7) folder=$folder7 ;; 8) folder=$folder8 ;; *) folder=$folder9 ;; esac
  if ! opens "$file"; then verdict=unreadable
  elif [ "$(date +%s)" -ge "$end" ]; then verdict=not-checked
  else
    timeout --foreground -s KILL 120 journalctl --no-pager --quiet --verify "--file=$file" </dev/null >/dev/null 2>&1
    case $? in 0) verdict=sound ;; 124|137) verdict=not-checked ;; *) verdict=damaged ;; esac
  fi
  printf '%s\\0%s\\0' "$folder/$name" "$verdict"
done
exit 0
`;
