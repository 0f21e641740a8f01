/** Python of VERIFY.md, as in verify-guide-scripts. Neither `@` nor a line `END_OF_SCRIPT` may occur in it. */

/**
 * Arguments: request, answer, stamped bytes, file for the certificate of the token. Makes request and envelope again from what the
 * authority signed and its certificate, which openssl does not: it looks only at what is signed.
 */
export const TOKEN_CHECK = String.raw`import base64, hashlib, sys
query, reply, stamped = (open(path, 'rb').read() for path in sys.argv[1:4])
def fail(why):
    sys.exit('the time-stamp token is not as it must be: ' + why)
def der(tag, *parts):
    body = b''.join(parts)
    size = len(body).to_bytes(4, 'big').lstrip(b'\0')
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else bytes([128 + len(size)]) + size) + body
def split(data):
    found, at = [], 0
    while at < len(data):
        size, start = data[at + 1], at + 2
        if size > 127:
            start += size & 127
            size = int.from_bytes(data[at + 2:start], 'big')
        if start + size > len(data):
            fail('an element is cut off')
        found.append((data[at], data[start:start + size], data[at:start + size]))
        at = start + size
    return found
def look(path, data):
    element = (0, data, data)
    for index in path:
        element = split(element[1])[index]
    return element
HASH = ['300d060960864801650304020%d0500' % n for n in (1, 2, 3)]
RSA = ['300d06092a864886f70d0101%s0500' % n for n in ('01', '0b', '0c', '0d')]
ECDSA = ['300a06082a8648ce3d0403%s' % n for n in ('02', '03', '04')]
ORDERS = {
    '06082a8648ce3d030107': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    '06052b81040022': 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973,
    '06052b81040023': 0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409,
}
try:
    signed = look((0, 1, 1, 0), reply)[1]
    info = look((2, 1, 0), signed)[1]
    certificate = look((3, 0), signed)[2]
    signer = split(look((4, 0), signed)[1])
    digest, attributes, algorithm, signature = signer[2][2], signer[3][2], signer[4][2], signer[5][1]
    body = split(look((0, 0), certificate)[1])
    body = body[1:] if body[0][0] == 0xa0 else body
    fields = split(look((0,), info)[1])
    nonce = next(whole for tag, _, whole in fields[5:] if tag == 2)
    if digest.hex() not in HASH:
        fail('its hash')
    if algorithm.hex() in ECDSA:
        key = look((0, 0, 1), body[5][2])[2].hex()
        if key not in ORDERS:
            fail('its curve')
        if int.from_bytes(look((0, 1), signature)[1], 'big') * 2 > ORDERS[key]:
            fail('the other half of its signature')
    elif algorithm.hex() not in RSA:
        fail('an algorithm that openssl ts cannot check')
except (IndexError, StopIteration):
    fail('its form')
oid = bytes.fromhex
data = der(0x30, oid('020103'), der(0x31, digest),
           der(0x30, oid('060b2a864886f70d0109100104'), der(0xa0, der(4, info))), der(0xa0, certificate),
           der(0x31, der(0x30, oid('020101'), der(0x30, body[2][2], body[0][2]), digest, attributes, algorithm, der(4, signature))))
if reply != der(0x30, oid('3003020100'), der(0x30, oid('06092a864886f70d010702'), der(0xa0, data))):
    fail('its envelope')
imprint = der(0x30, oid(HASH[0]), der(4, hashlib.sha256(stamped).digest()))
if query != der(0x30, oid('020101'), imprint, nonce, oid('0101ff')):
    fail('the request beside it')
with open(sys.argv[4], 'w') as f:
    f.write('-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n' % base64.encodebytes(certificate).decode('ascii'))`;

/**
 * Arguments: custody folder, folder to write to. Takes the tokens out of the `retimestamp` events up to the first break of the chain; the
 * signatures of the events are not asked for, because a token is proof by itself.
 */
export const LATER_TOKENS = String.raw`import base64, hashlib, json, os, re, sys
folder, out = sys.argv[1:3]
previous, number = '0' * 64, 0
for name in sorted(os.listdir(folder)):
    if not re.fullmatch('[0-9]{4}-[a-z-]+[.]json', name):
        continue
    with open(os.path.join(folder, name), 'rb') as f:
        raw = f.read(262145)
    try:
        event = json.loads(raw.decode('ascii'))
        number += 1
        if event['prev'] != previous or event['seq'] != number or int(name[:4]) != number:
            break
        previous = hashlib.sha256(raw).hexdigest()
        if event['event'] == 'retimestamp':
            for kind in ('tsq', 'tsr', 'pem'):
                with open('%s/later-%04d.%s' % (out, number, kind), 'wb') as f:
                    f.write(base64.b64decode(event['data'][kind]))
    except (ValueError, KeyError, TypeError):
        break`;

/** Argument: folder to write to. Writes the line of the custody log that each token below custody/ is over. */
export const LOG_LINES = String.raw`import hashlib, json, os, re, sys
names = sorted(name for name in os.listdir('custody') if name != 'acquisition.jsonl')
queries = {}
for name in names:
    if not re.fullmatch('(open|hb-[0-9]{4})[.]ts[qr]', name):
        sys.exit('a file that does not belong below custody: ' + name)
    if name[:-1] + ('r' if name.endswith('q') else 'q') not in names:
        sys.exit('half of a token: ' + name)
    if name.endswith('q'):
        with open('custody/' + name, 'rb') as f:
            queries[name[:-4]] = f.read(65536)
with open('custody/acquisition.jsonl', 'rb') as f:
    for number, line in enumerate(f, 1):
        if number > 1 and (len(line) > 4096 or json.loads(line.decode('ascii'))['event'] != 'heartbeat'):
            continue
        digest = hashlib.sha256(line).digest()
        for name in [name for name in queries if (name == 'open') == (number == 1) and digest in queries[name]]:
            with open(os.path.join(sys.argv[1], 'line-' + name), 'wb') as out:
                out.write(line)
            del queries[name]
        if not queries:
            break
if queries:
    sys.exit('a token over no line of the custody log: ' + min(queries))`;
