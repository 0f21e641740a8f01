import type { Statement } from '../model/exhibit.js';
import { REQUIRED_TAG_FILES, signerFiles } from './bag-layout.js';
import { CONTAINER_CHECK, RECORDS_CHECK } from './verify-guide-scripts.js';
import { SIGNATURE_FORM_CHECK } from './verify-guide-signature.js';
import { LATER_TOKENS, LOG_LINES, TOKEN_CHECK } from './verify-guide-token.js';

export interface VerifyGuideFacts {
  readonly statement: Statement;
  /** Fingerprints, `SHA256:...`, in the order of the signatures. */
  readonly signers: readonly string[];
}

/**
 * VERIFY.md: how to check the archive with stock tools, filled in with its names and counts. It holds no digest of the archive and no
 * time of a token, which do not exist yet when it is written. Its code blocks run as they stand, top to bottom, in one bash.
 */
export function renderVerifyGuide({ statement, signers }: VerifyGuideFacts): string {
  const sealFiles = signers.flatMap((_, index) => signerFiles(index + 1));
  const files = statement.payloadFiles + REQUIRED_TAG_FILES.length + sealFiles.length;
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
    SIGNERS: signers.join(' and '),
    SEAL_FILES: sealFiles.join(' '),
    SIGNER_CHECKS: signers
      .map((signer, index) => `check_signer ${signerFiles(index + 1).join(' ')} ${signer}`)
      .join('\n# No token is over the signatures that follow.\nWHEN=\n'),
    TIME_POLICY: statement.policy.requireTimestamp ? 'required' : 'optional',
    TAG_FILES: REQUIRED_TAG_FILES.filter((path) => path !== 'tagmanifest-sha256.txt').join(' '),
    CONTAINER_CHECK,
    RECORDS_CHECK,
    TOKEN_CHECK,
    SIGNATURE_FORM_CHECK,
    LATER_TOKENS,
    LOG_LINES,
  };
  return GUIDE.replaceAll(/@([A-Z_]+)@/g, (mark, name: string) => values[name] ?? mark);
}

const GUIDE = String.raw`# How to check this archive without the program that made it

Exhibit @ID@, case @CASE@, kind: @KIND@, sealed @CREATED@, ledger: @COMPLETENESS@.
@PAYLOAD_FILES@ payload files with @PAYLOAD_BYTES@ bytes, @FILES@ files in all, @CUSTODY_ENTRIES@ entries in the custody log.
Signed with the key @SIGNERS@. A time-stamp is @TIME_POLICY@.

What you need: Linux with bash, coreutils, findutils, grep, sed, awk, tar, gzip, python3 (3.6 or later),
ssh-keygen (OpenSSH 8.9 or later) and openssl (1.1.1 or later; only where there is a time-stamp).
What you need from elsewhere, never from this archive: the receipt that left the machine when the archive was sealed, and
the list of signers that you trust, in OpenSSH's allowed_signers format. For a time-stamp also the root certificate of the
time-stamping authority, from the authority itself. Keys and certificates inside the archive prove nothing.

Read this file with a viewer before you run anything, and take the commands from a copy that you trust: whoever can alter an
archive can alter this file as well, until the signature has been checked. Start a new shell with

    bash -euo pipefail

and paste the blocks in their order. The shell ends at the first check that fails. If it is still there after the last block
and has printed "all checks passed", then every check has passed. What a failure means: docs/evidence-format.md of the program.

## 0. Where the files are

Set the variables first if the files are elsewhere. Without a receipt set RECEIPT to nothing: that check is then skipped,
and with it the only defence against somebody who holds the signing key and seals again. TSA_CA is the file with the root of the
time-stamping authority, in PEM; without it no time is proven. REVOKED is a list of keys that are trusted no longer, if you have one.

~~~ bash
export LC_ALL=C
ID=@ID@
[ -v ARCHIVE ] || ARCHIVE="$PWD/$ID.tar.gz"
[ -v RECEIPT ] || RECEIPT="$PWD/$ID.receipt.json"
[ -v ALLOWED_SIGNERS ] || ALLOWED_SIGNERS="$HOME/.config/exhibit/allowed_signers"
[ -v TSA_CA ] || TSA_CA=
[ -v REVOKED ] || REVOKED=
[ -v CUSTODY ] || CUSTODY="$(dirname "$ARCHIVE")/$ID.custody"
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

Only regular files, only names of the grammar, no name twice, not even in another case, and as many as there must be. Each token of a
time-stamping authority over the signature came after this page was written and is three files more, each over the log two.

~~~ bash
SCRATCH=$(mktemp -d)
tar -tvzf "$ARCHIVE" | awk 'substr($0, 1, 1) != "-" { bad = 1; print } END { exit bad }'
tar -tzf "$ARCHIVE" > "$SCRATCH/names"
TOKENS=$(grep -cE "^$ID/seal/seal(-[2-9])?\.tsq$" "$SCRATCH/names" || true)
LOG_TOKENS=$(grep -cE "^$ID/custody/(open|hb-[0-9]{4})\.ts[qr]$" "$SCRATCH/names" || true)
test "$(wc -l < "$SCRATCH/names")" -eq $((@FILES@ + 3 * TOKENS + LOG_TOKENS))
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
{ printf '%s\n' @TAG_FILES@; sed -nE "s,^$ID/(custody/(open|hb-[0-9]{4})\.ts[qr])\$,\1,p" "$SCRATCH/names"; } | sort > "$SCRATCH/tags"
find . -type f ! -path './data/*' ! -path './seal/*' ! -path './tagmanifest-sha256.txt' | cut -c3- | sort | diff "$SCRATCH/tags" -
printf '%s\n' @SEAL_FILES@ > "$SCRATCH/seals"
for NUMBER in $(seq 1 "$TOKENS"); do
  N=$(test "$NUMBER" -eq 1 || echo "-$NUMBER")
  printf '%s\n' "seal/seal$N.tsq" "seal/seal$N.tsr" "seal/tsa-chain$N.pem" >> "$SCRATCH/seals"
done
sort "$SCRATCH/seals" | diff - <(find seal -type f | sort)
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

## 7. Time

A token is over the bytes of the first signature, so that it proves that the signature existed when the token was made. Each is
checked at its own time: a certificate that was valid then may have expired since. Whether it was revoked is not checked.

~~~ bash
cat > "$SCRATCH/token.py" <<'END_OF_SCRIPT'
@TOKEN_CHECK@
END_OF_SCRIPT
: > "$SCRATCH/times"
seconds_of() {
  date -u -d "$(openssl ts -reply -in "$1" -text 2> "$SCRATCH/openssl" | sed -nE 's/^Time stamp: //; T; s/\.[0-9]+ / /; p')" +%s
}
# Request, answer and stamped bytes: whole, and signed by the certificate inside.
fits() {
  python3 "$SCRATCH/token.py" "$1" "$2" "$3" "$SCRATCH/authority.pem" || return 1
  AT=$(seconds_of "$2") || return 1
  for INPUT in "-queryfile $1" "-data $3"; do
    openssl ts -verify $INPUT -in "$2" -CAfile "$SCRATCH/authority.pem" -partial_chain -attime "$AT" > "$SCRATCH/openssl" 2>&1 || return 1
  done
}
# Answer, request and further certificates: the authority is one of yours.
leads() {
  openssl ts -verify -queryfile "$2" -in "$1" -CAfile "$TSA_CA" -untrusted "$3" -attime "$AT" > "$SCRATCH/openssl" 2>&1 ||
    openssl ts -verify -queryfile "$2" -in "$1" -CAfile "$TSA_CA" -attime "$AT" > "$SCRATCH/openssl" 2>&1
}
STAMPED=seal/tagmanifest-sha256.txt.sig
cp "$STAMPED" "$SCRATCH/stamped"
for NUMBER in $(seq 1 "$TOKENS"); do
  N=$(test "$NUMBER" -eq 1 || echo "-$NUMBER")
  fits "seal/seal$N.tsq" "seal/seal$N.tsr" "$STAMPED"
  cat "seal/seal$N.tsr" >> "$SCRATCH/stamped"
  if [ -n "$TSA_CA" ] && leads "seal/seal$N.tsr" "seal/seal$N.tsq" "seal/tsa-chain$N.pem"; then echo "$AT" >> "$SCRATCH/times"; fi
done
~~~

Tokens below custody/ are over lines of the custody log, whole with their line feed: the first one, and heartbeats. They show that the
log was not written afterwards, and prove nothing about the signature.

~~~ bash
python3 - "$SCRATCH" <<'END_OF_SCRIPT'
@LOG_LINES@
END_OF_SCRIPT
for LINE in "$SCRATCH"/line-*; do
  [ -f "$LINE" ] || continue
  NAME=$(basename "$LINE" | cut -c6-)
  fits "custody/$NAME.tsq" "custody/$NAME.tsr" "$LINE"
done
~~~

A token that was got later stands in the folder of custody events beside the archive. It is over the first signature and all tokens
before it, one after the other, and proves no time before theirs: it counts where none of them does. This takes out those of the
unbroken beginning of that folder.

~~~ bash
if [ -n "$TSA_CA" ] && [ -d "$CUSTODY" ]; then
  python3 - "$CUSTODY" "$SCRATCH" <<'END_OF_SCRIPT'
@LATER_TOKENS@
END_OF_SCRIPT
  for REPLY in "$SCRATCH"/later-*.tsr; do
    [ -f "$REPLY" ] || continue
    LATER="$SCRATCH/$(basename "$REPLY" .tsr)"
    if fits "$LATER.tsq" "$REPLY" "$SCRATCH/stamped" && leads "$REPLY" "$LATER.tsq" "$LATER.pem"; then
      test -s "$SCRATCH/times" || echo "$AT" >> "$SCRATCH/times"
    fi
    cat "$REPLY" >> "$SCRATCH/stamped"
  done
fi
if [ -n "$TSA_CA" ] || [ "@TIME_POLICY@" = required ]; then test -s "$SCRATCH/times"; fi
WHEN=
if [ -s "$SCRATCH/times" ]; then
  FIRST=$(sort -n "$SCRATCH/times" | head -n 1)
  WHEN="-O verify-time=$(date -u -d "@$FIRST" +%Y%m%d%H%M%S)"
  echo "signed no later than $(date -u -d "@$FIRST" +%Y-%m-%dT%H:%M:%SZ)"
fi
~~~

## 8. The signature

The principal comes out of your list. Never use "ssh-keygen -Y check-novalidate": it accepts every key. The first key must be valid
at the proven time where there is one, else now; each further key now, because no token is over its signature. An ECDSA signature has
two forms, both good for ssh-keygen, and anybody can write the other: only the form in which it was made passes here.

~~~ bash
export TZ=UTC0
cat > "$SCRATCH/form.py" <<'END_OF_SCRIPT'
@SIGNATURE_FORM_CHECK@
END_OF_SCRIPT
check_signer() {
  PRINCIPAL=$(ssh-keygen -Y find-principals -f "$ALLOWED_SIGNERS" -s "$1" $WHEN | head -n 1)
  test -z "$REVOKED" || ssh-keygen -Y verify -f "$ALLOWED_SIGNERS" -I "$PRINCIPAL" -n exhibit-seal@v1 -s "$1" -r "$REVOKED" $WHEN < tagmanifest-sha256.txt
  ssh-keygen -Y verify -f "$ALLOWED_SIGNERS" -I "$PRINCIPAL" -n exhibit-seal@v1 -s "$1" $WHEN < tagmanifest-sha256.txt > "$SCRATCH/signature"
  cat "$SCRATCH/signature"
  grep -qF "key $3" "$SCRATCH/signature"
  ssh-keygen -lf "$2" | grep -qF " $3 "
  test "$(wc -l < "$2")" -eq 1
  test "$(wc -w < "$2")" -eq 2
  python3 "$SCRATCH/form.py" "$1"
  diff "$1" <(echo '-----BEGIN SSH SIGNATURE-----'; sed '1d;$d' "$1" | base64 -d | base64 -w 70; echo '-----END SSH SIGNATURE-----')
}
@SIGNER_CHECKS@
~~~

## 9. The hashes

With --strict, and never with --ignore-missing.

~~~ bash
sha256sum --strict --quiet -c tagmanifest-sha256.txt manifest-sha256.txt
~~~

## 10. The custody log, the ledger, the counts and the statement

The log is a chain: each line carries the SHA-256 of the raw line before it. Plan and outcomes hold the same artifacts, each
payload file has one line in meta/items.jsonl, and the statement meta/exhibit.json says the same as what is counted here.

~~~ bash
python3 - "$ID" "$ARCHIVE" "$RECEIPT" "$CONTAINER" <<'END_OF_SCRIPT'
@RECORDS_CHECK@
END_OF_SCRIPT
~~~

## 11. A second opinion, where bagit.py is installed

~~~ bash
if command -v bagit.py > /dev/null; then bagit.py --quiet --validate .; fi
echo "all checks passed"
~~~

The unpacked copy is in $SCRATCH/bag. What these checks prove: the bytes are those that were sealed by the holder of that key,
none is missing and none was added. They do not prove that what the sources said was true.
`;
