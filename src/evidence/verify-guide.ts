import type { Statement } from '../model/exhibit.js';
import { REQUIRED_TAG_FILES, SIGNATURE, SIGNER_KEY } from './bag-layout.js';
import { CONTAINER_CHECK, RECORDS_CHECK } from './verify-guide-scripts.js';

export interface VerifyGuideFacts {
  readonly statement: Statement;
  /** Fingerprint, `SHA256:...`. */
  readonly signer: string;
}

/**
 * VERIFY.md: how to check the archive with stock tools, filled in with its names and counts. It holds no digest of the archive and no
 * time of a token, which do not exist yet when it is written. Its code blocks run as they stand, top to bottom, in one bash.
 */
export function renderVerifyGuide({ statement, signer }: VerifyGuideFacts): string {
  const files = statement.payloadFiles + REQUIRED_TAG_FILES.length + 2;
  const values: Readonly<Record<string, string>> = {
    ID: statement.exhibitId,
    CASE: statement.caseId,
    KIND: statement.kind,
    SEQUENCE: String(statement.sequence),
    CREATED: statement.createdAt,
    FILES: String(files),
    PAYLOAD_FILES: String(statement.payloadFiles),
    PAYLOAD_BYTES: String(statement.payloadBytes),
    CUSTODY_ENTRIES: String(statement.custodyEntries),
    COMPLETENESS: statement.completeness,
    SIGNER: signer,
    SIGNATURE,
    SIGNER_KEY,
    TAG_FILES: REQUIRED_TAG_FILES.filter((path) => path !== 'tagmanifest-sha256.txt').join(' '),
    CONTAINER_CHECK,
    RECORDS_CHECK,
  };
  return GUIDE.replaceAll(/@([A-Z_]+)@/g, (mark, name: string) => values[name] ?? mark);
}

const GUIDE = String.raw`# How to check this archive without the program that made it

Exhibit @ID@, case @CASE@, kind: @KIND@, sealed @CREATED@, ledger: @COMPLETENESS@.
@PAYLOAD_FILES@ payload files with @PAYLOAD_BYTES@ bytes, @FILES@ files in all, @CUSTODY_ENTRIES@ entries in the custody log.
Signed with the key @SIGNER@.

What you need: Linux with bash, coreutils, findutils, grep, sed, awk, tar, gzip, python3 (3.6 or later) and ssh-keygen (OpenSSH 8.2 or later).
What you need from elsewhere, never from this archive: the receipt that left the machine when the archive was sealed, and
the list of signers that you trust, in OpenSSH's allowed_signers format. Keys inside the archive prove nothing.

Read this file with a viewer before you run anything, and take the commands from a copy that you trust: whoever can alter an
archive can alter this file as well, until the signature has been checked. Start a new shell with

    bash -euo pipefail

and paste the blocks in their order. The shell ends at the first check that fails. If it is still there after the last block
and has printed "all checks passed", then every check has passed. What a failure means: docs/evidence-format.md of the program.

## 0. Where the files are

Set the three variables first if the files are elsewhere. Without a receipt set RECEIPT to nothing: that check is then skipped,
and with it the only defence against somebody who holds the signing key and seals again.

~~~ bash
export LC_ALL=C
ID=@ID@
[ -v ARCHIVE ] || ARCHIVE="$PWD/$ID.tar.gz"
[ -v RECEIPT ] || RECEIPT="$PWD/$ID.receipt.json"
[ -v ALLOWED_SIGNERS ] || ALLOWED_SIGNERS="$HOME/.config/exhibit/allowed_signers"
~~~

## 1. The receipt

~~~ bash
CONTAINER=$(sha256sum < "$ARCHIVE" | cut -c1-64)
if [ -n "$RECEIPT" ]; then
  python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); sys.exit(r["containerSha256"] != sys.argv[2] or r["exhibitId"] != sys.argv[3])' "$RECEIPT" "$CONTAINER" "$ID"
fi
~~~

## 2. The container, before anything is unpacked

gzip must accept it; there must be one gzip member, one tar, and nothing after either. GNU tar accepts a tar that was cut at
a block boundary and ignores what follows its end, so the second command looks at each header itself.

~~~ bash
gzip -t "$ARCHIVE"
python3 - "$ARCHIVE" "$ID" <<'END_OF_SCRIPT'
@CONTAINER_CHECK@
END_OF_SCRIPT
~~~

## 3. The listing

Only regular files, only names of the grammar, no name twice, not even in another case, and as many as there must be.

~~~ bash
SCRATCH=$(mktemp -d)
tar -tvzf "$ARCHIVE" | awk 'substr($0, 1, 1) != "-" { bad = 1; print } END { exit bad }'
tar -tzf "$ARCHIVE" > "$SCRATCH/names"
test "$(wc -l < "$SCRATCH/names")" -eq @FILES@
test "$(grep -cvE "^$ID/(VERIFY\.md|[a-z0-9_][a-z0-9._-]*(/[a-z0-9_][a-z0-9._-]*)*)$" "$SCRATCH/names")" -eq 0
test "$(tr 'A-Z' 'a-z' < "$SCRATCH/names" | sort | uniq -d | wc -l)" -eq 0
~~~

## 4. Unpack into an empty folder

~~~ bash
mkdir "$SCRATCH/bag"
tar -xzf "$ARCHIVE" -C "$SCRATCH/bag" --no-same-owner --no-same-permissions --keep-old-files
test "$(ls -A "$SCRATCH/bag")" = "$ID"
cd "$SCRATCH/bag/$ID"
find . ! -type f ! -type d > "$SCRATCH/odd"
find . -type f -links +1 >> "$SCRATCH/odd"
find . -type d -empty >> "$SCRATCH/odd"
test ! -s "$SCRATCH/odd"
~~~

## 5. The set of files

~~~ bash
test "$(ls -A | tr '\n' ' ')" = "VERIFY.md bag-info.txt bagit.txt custody data manifest-sha256.txt meta seal tagmanifest-sha256.txt "
printf '%s\n' @TAG_FILES@ | sort > "$SCRATCH/tags"
find . -type f ! -path './data/*' ! -path './seal/*' ! -path './tagmanifest-sha256.txt' | cut -c3- | sort | diff "$SCRATCH/tags" -
printf '%s\n' @SIGNER_KEY@ @SIGNATURE@ | diff - <(find seal -type f | sort)
~~~

## 6. The manifests

Every line is well-formed and in order, and the manifests list exactly the files that are there: sha256sum would not notice a
file that no manifest lists.

~~~ bash
test "$(cat manifest-sha256.txt tagmanifest-sha256.txt | grep -cvE '^[0-9a-f]{64}  [A-Za-z0-9_][A-Za-z0-9._/-]*$')" -eq 0
cut -c67- manifest-sha256.txt | sort -cu
cut -c67- tagmanifest-sha256.txt | sort -cu
diff <(cut -c67- manifest-sha256.txt) <(find data -type f | sort)
diff <(cut -c67- tagmanifest-sha256.txt) "$SCRATCH/tags"
~~~

## 7. The signature

The principal comes out of your list. Never use "ssh-keygen -Y check-novalidate": it accepts every key.

~~~ bash
PRINCIPAL=$(ssh-keygen -Y find-principals -f "$ALLOWED_SIGNERS" -s @SIGNATURE@ | head -n 1)
ssh-keygen -Y verify -f "$ALLOWED_SIGNERS" -I "$PRINCIPAL" -n exhibit-seal@v1 -s @SIGNATURE@ < tagmanifest-sha256.txt > "$SCRATCH/signature"
cat "$SCRATCH/signature"
grep -qF "key @SIGNER@" "$SCRATCH/signature"
ssh-keygen -lf @SIGNER_KEY@ | grep -qF " @SIGNER@ "
test "$(cat @SIGNER_KEY@ | wc -l)" -eq 1
test "$(wc -w < @SIGNER_KEY@)" -eq 2
diff @SIGNATURE@ <(echo '-----BEGIN SSH SIGNATURE-----'; sed '1d;$d' @SIGNATURE@ | base64 -d | base64 -w 70; echo '-----END SSH SIGNATURE-----')
~~~

## 8. The hashes

With --strict, and never with --ignore-missing.

~~~ bash
sha256sum --strict --quiet -c tagmanifest-sha256.txt manifest-sha256.txt
~~~

## 9. The custody log, the ledger, the counts and the statement

The log is a chain: each line carries the SHA-256 of the raw line before it. Plan and outcomes hold the same artifacts, each
payload file has one line in meta/items.jsonl, and the statement meta/exhibit.json says the same as what is counted here.

~~~ bash
python3 - "$ID" "$ARCHIVE" "$RECEIPT" "$CONTAINER" <<'END_OF_SCRIPT'
@RECORDS_CHECK@
END_OF_SCRIPT
~~~

## 10. Time

This archive held no time-stamp token when it was sealed: its own clock is all that says when. A token got later is in the
folder of signed custody events beside the archive, not in it.

## 11. A second opinion, where bagit.py is installed

~~~ bash
if command -v bagit.py > /dev/null; then bagit.py --quiet --validate .; fi
echo "all checks passed"
~~~

The unpacked copy is in $SCRATCH/bag. What these checks prove: the bytes are those that were sealed by the holder of that key,
none is missing and none was added. They do not prove that what the sources said was true.
`;
