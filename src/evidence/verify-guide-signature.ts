/** Python of VERIFY.md, as in verify-guide-scripts. Neither `@` nor a line `END_OF_SCRIPT` may occur in it. */

/**
 * Argument: an armored SSHSIG. Ends with 1 when it is an ECDSA signature in that of its two forms which exhibit/1 does not have: ssh-keygen
 * accepts both, and whoever has one can write the other without the key.
 */
export const SIGNATURE_FORM_CHECK = String.raw`import base64, sys
def fail():
    sys.exit('the signature is not in the form that it was made in: ' + sys.argv[1])
def strings(data):
    found = []
    while data:
        size = int.from_bytes(data[:4], 'big')
        if len(data) < 4 + size:
            break
        found.append(data[4:4 + size])
        data = data[4 + size:]
    return found
order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
try:
    with open(sys.argv[1]) as f:
        fields = strings(base64.b64decode(''.join(f.read(16384).split('\n')[1:-2]))[10:])
    kind, raw = strings(fields[4])[:2]
    if b'ecdsa' in kind and int.from_bytes(strings(raw)[1], 'big') * 2 > order:
        fail()
except (IndexError, ValueError):
    fail()`;
