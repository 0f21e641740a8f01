/** Python of VERIFY.md. Neither `@` nor a line `END_OF_SCRIPT` may occur in it. */

/** Arguments: archive, exhibit id. Walks gzip and tar as bytes and makes each header again from path, size and mtime. */
export const CONTAINER_CHECK = String.raw`import sys, zlib
archive, exhibit = sys.argv[1], sys.argv[2]
def fail(why):
    sys.exit('the container is not as it must be: ' + why)
def unpacked():
    with open(archive, 'rb') as f:
        head = f.read(10)
        if head != b'\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff':
            fail('the gzip header')
        f.seek(0)
        member = zlib.decompressobj(31)
        while True:
            piece = f.read(1 << 20)
            if not piece:
                break
            if member.eof:
                fail('bytes after the gzip member')
            while piece:
                yield member.decompress(piece, 1 << 20)
                piece = member.unconsumed_tail
            if member.unused_data:
                fail('bytes after the gzip member')
        if not member.eof:
            fail('the gzip member is cut')
pieces = unpacked()
chunk, at = b'', 0
def take(count):
    global chunk, at
    if len(chunk) - at >= count:
        at += count
        return chunk[at - count:at]
    parts, have = [chunk[at:]], len(chunk) - at
    while have < count:
        piece = next(pieces, None)
        if piece is None:
            fail('the tar is cut')
        parts.append(piece)
        have += len(piece)
    chunk, at = b''.join(parts), count
    return chunk[:count]
def skip(count):
    while count > 0:
        take(min(count, 1 << 20))
        count -= min(count, 1 << 20)
def header(path, size, mtime):
    cut = 0
    if len(path) > 100:
        cut = path.find(b'/', len(path) - 101)
        if cut < 1 or cut > 155:
            fail('a path that does not fit')
    name, prefix = (path[cut + 1:], path[:cut]) if cut else (path, b'')
    def make(checksum):
        block = name.ljust(100, b'\0') + b'0000444\0' + b'0000000\0' * 2 + b'%011o\0' % size + b'%011o\0' % mtime
        block += checksum + b'0' + b'\0' * 100 + b'ustar\x0000' + b'\0' * 64 + b'0000000\0' * 2 + prefix.ljust(155, b'\0')
        return block.ljust(512, b'\0')
    return make(b'%06o\0 ' % sum(make(b' ' * 8)))
first, previous = True, b''
while True:
    block = take(512)
    if block == b'\0' * 512:
        break
    try:
        size, mtime = int(block[124:135], 8), int(block[136:147], 8)
    except ValueError:
        fail('a header without size or time')
    prefix, name = block[345:500].rstrip(b'\0'), block[:100].rstrip(b'\0')
    path = prefix + b'/' + name if prefix else name
    if first:
        common = mtime
    if mtime != common or block != header(path, size, mtime):
        fail('a header that is not canonical: ' + repr(path))
    if not path.startswith(exhibit.encode() + b'/'):
        fail('a file outside the folder of the exhibit: ' + repr(path))
    inner = path[len(exhibit) + 1:]
    order = (0 if inner == b'bagit.txt' else 2 if inner.startswith(b'seal/') else 1, inner)
    if first != (inner == b'bagit.txt') or (not first and order <= previous):
        fail('a file out of order: ' + repr(path))
    if max(map(len, inner.split(b'/'))) > 56:
        fail('a segment that is too long: ' + repr(path))
    first, previous = False, order
    skip(size)
    if take(-size % 512).strip(b'\0'):
        fail('bytes in the padding')
if take(512) != b'\0' * 512 or chunk[at:] or any(pieces):
    fail('bytes after the end of the tar')`;

/** Arguments: exhibit id, archive, receipt or nothing, SHA-256 of the archive. Run in the folder of the bag. */
export const RECORDS_CHECK = String.raw`import calendar, hashlib, json, os, re, sys, tarfile, time
exhibit, archive, receipt, container = sys.argv[1:5]
def fail(why):
    sys.exit('the records are not as they must be: ' + why)
def bad_number(text):
    fail('a number with a fraction: ' + text)
def parse(line, where):
    text = line.decode('ascii')
    if not text.endswith('\n'):
        fail('a line without its end in ' + where)
    value = json.loads(text, parse_float=bad_number, parse_constant=bad_number)
    if json.dumps(value, separators=(',', ':')) + '\n' != text:
        fail('a line that is not in the canonical form in ' + where)
    return value
def records(path):
    with open(path, 'rb') as f:
        for line in f:
            yield parse(line, path)
def expect(what, stated, found):
    if stated != found or type(stated) != type(found):
        fail('%s: stated %r, found %r' % (what, stated, found))
instant = re.compile(r'\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{3})?Z', re.A)
def times(record, *keys):
    for key in keys:
        if record[key] is not None and not instant.fullmatch(record[key]):
            fail('no time: ' + repr(record[key]))
sha, entries, last, opened, logged, resumed = '0' * 64, 0, None, None, {}, True
with open('custody/acquisition.jsonl', 'rb') as f:
    for line in f:
        entries += 1
        before, last = last, parse(line, 'the custody log')
        times(last, 'at')
        expect('seq of entry %d' % entries, last['seq'], entries)
        expect('prev of entry %d' % entries, last['prev'], sha)
        event = last['event']
        expect('open as event %d' % entries, event == 'open', entries == 1)
        if entries == 1:
            opened = last
        if before is not None and before['event'] == 'seal':
            expect('event after a seal that died', event, 'interrupted')
            resumed = False
        if event == 'resumed':
            resumed = True
        if event == 'seal' and not resumed:
            fail('two seals without resumed between them')
        if event == 'item':
            if last['path'] in logged:
                fail('the custody log names a file twice: ' + last['path'])
            logged[last['path']] = (last['sha256'], last['sizeBytes'])
        sha = hashlib.sha256(line).hexdigest()
expect('last event', last['event'], 'seal')
kinds = ['collected', 'partial', 'empty', 'absent', 'denied', 'failed', 'skipped']
counts = dict((kind, 0) for kind in kinds)
gaps, obtained, bare, collectors, previous = 0, {}, set(), {}, ''
plan = records('meta/plan.jsonl')
for outcome in records('meta/outcomes.jsonl'):
    planned = next(plan, None)
    if planned is None or any(planned[key] != outcome[key] for key in ('artifact', 'collector', 'required')):
        fail('plan and outcomes differ at ' + outcome['artifact'])
    if outcome['artifact'] <= previous:
        fail('outcomes out of order at ' + outcome['artifact'])
    previous = outcome['artifact']
    collectors[previous] = outcome['collector']
    times(planned, 'plannedAt')
    times(outcome, 'at')
    if outcome['outcome'] in ('empty', 'absent') and not outcome['proof']:
        fail('no proof that it is %s: %s' % (outcome['outcome'], previous))
    counts[outcome['outcome']] += 1
    if outcome['required'] and outcome['outcome'] in ('partial', 'denied', 'failed', 'skipped'):
        gaps += 1
    if outcome['outcome'] in ('collected', 'partial'):
        obtained[previous] = outcome['outcome']
    if outcome['outcome'] in ('absent', 'denied', 'skipped'):
        bare.add(previous)
if next(plan, None) is not None:
    fail('an artifact of the plan has no outcome')
files, size, paths, sources = 0, 0, set(), {}
with open('manifest-sha256.txt', 'rb') as manifest:
    for item in records('meta/items.jsonl'):
        line = manifest.readline().decode('ascii')
        expect('line of the manifest', line, item['sha256'] + '  ' + item['path'] + '\n')
        expect('rereadSha256 of ' + item['path'], item['rereadSha256'], item['sha256'])
        expect('size of ' + item['path'], item['sizeBytes'], os.path.getsize(item['path']))
        path, artifact = item['path'], item['artifact']
        if artifact not in collectors:
            fail('an item of an artifact that was not planned: ' + path)
        if artifact in bare:
            fail('an item of an artifact of which nothing was obtained: ' + path)
        expect('collector of ' + path, item['collector'], collectors[artifact])
        expect('custody entry of ' + path, logged.pop(path, None), (item['sha256'], item['sizeBytes']))
        times(item, 'firstByteAt', 'lastByteAt')
        if obtained.get(artifact) in ('partial', item['outcome']):
            del obtained[artifact]
        paths.add(path)
        if path != 'data/derived/nothing-collected.txt':
            if path.startswith('data/derived/') and not item.get('derivedFrom'):
                fail('no source of ' + path)
            sources.update((source, path) for source in item.get('derivedFrom', []))
        files += 1
        size += item['sizeBytes']
    if manifest.readline():
        fail('a payload file without a record')
for source in sources:
    if source not in paths and source + '.p0001' not in paths:
        fail('a source that is not there: ' + source)
if logged:
    fail('the custody log names a file that is not there: ' + sorted(logged)[0])
if obtained:
    fail('an artifact is said to be obtained and has no payload file: ' + sorted(obtained)[0])
for record in records('meta/actions.jsonl'):
    pass
for record in records('meta/external.jsonl'):
    expect('kind of what stays outside', record['kind'], 'snapshot')
    times(record, 'observedAt', 'startedAt', 'completedAt')
number = 0
for record in records('meta/requests.jsonl'):
    if record['seq'] <= number:
        fail('requests out of order at %d' % record['seq'])
    number = record['seq']
    times(record, 'sentAt', 'firstByteAt', 'lastByteAt')
    for key in ('sha256', 'tlsPeerSha256'):
        if record[key] is not None and not re.fullmatch('[0-9a-f]{64}', record[key]):
            fail('no SHA-256 in request %d' % number)
for record in records('meta/clock.jsonl'):
    times(record, 'at')
    if record['offsetMinMs'] > record['offsetMaxMs']:
        fail('an offset of a clock from more to less')
s = next(records('meta/exhibit.json'))
expect('format', s['format'], 'exhibit/1')
expect('exhibitId', s['exhibitId'], exhibit)
expect('caseId and sequence', '%s-x%04d' % (s['caseId'], s['sequence']), exhibit)
expect('payloadFiles', s['payloadFiles'], files)
expect('payloadBytes', s['payloadBytes'], size)
expect('outcomeCounts', s['outcomeCounts'], counts)
expect('custodyEntries', s['custodyEntries'], entries)
expect('custodyHeadSha256', s['custodyHeadSha256'], sha)
for key in ('caseId', 'exhibitId', 'sequence', 'kind'):
    expect('open: ' + key, opened.get(key), s[key])
totals = dict(payloadFiles=files, payloadBytes=size, planned=sum(counts.values()), outcomes=counts, gaps=gaps)
for key in totals:
    expect('seal: ' + key, last.get(key), totals[key])
since = int(s['previous']['exhibitId'][-4:]) if s['previous'] else 0
if s['previous']:
    expect('previous', s['previous']['exhibitId'], '%s-x%04d' % (s['caseId'], since))
lost = [other['sequence'] for other in s['openedNotSealed']]
for other in s['openedNotSealed']:
    expect('openedNotSealed', other['exhibitId'], '%s-x%04d' % (s['caseId'], other['sequence']))
if sorted(set(lost)) != lost or since in lost or [n for n in lost if n > since] != list(range(since + 1, s['sequence'])):
    fail('openedNotSealed is not every exhibit of the case that was never sealed')
if (s['previous'] and since < 1) or since >= s['sequence'] or any(n < 1 for n in lost):
    fail('previous or openedNotSealed is no earlier exhibit')
ledger, ranges, before = 'data/derived/redactions.jsonl', None, None
for r in records(ledger) if ledger in paths else ():
    here, whole = r['path'], re.sub(r'\.p\d{4}$', '', r['path'])
    if r['kind'] not in ('masked', 'removed') or (here in paths) == (r['kind'] == 'removed'):
        if r['kind'] != 'masked' or (whole not in paths and whole + '.p0001' not in paths):
            fail('a redaction of a file that should not or should be there: ' + here)
    if before and here <= before['path']:
        masked = here == before['path'] and r['kind'] == before['kind'] == 'masked'
        if not masked or r['offset'] < before['offset'] + before['lengthBytes']:
            fail('redactions out of order at ' + here)
    ranges, before = (ranges or 0) + 1, r
copy = s.get('derivedFrom') or {}
expect('derivedFrom.redactions', copy.get('redactions'), ranges)
if copy.get('exhibitId') == exhibit:
    fail('a copy of itself')
with open('meta/tool/tool.json') as f:
    expect('tool.json', f.read(), json.dumps(s['tool'], separators=(',', ':')) + '\n')
with open('VERIFY.md', 'rb') as f:
    guide = f.read(65537)
if len(guide) > 65536 or not re.fullmatch(rb'([ -~]*\n)+', guide) or exhibit.encode() not in guide:
    fail('VERIFY.md is not the guide of this exhibit')
some = counts['collected'] + counts['partial'] > 0
complete = sum(counts.values()) > 0 and gaps == 0
expect('completeness', s['completeness'], 'complete' if complete else 'partial' if some else 'failed')
info = 'Bagging-Date: %s\nExternal-Identifier: %s\nBag-Group-Identifier: %s\nPayload-Oxum: %d.%d\n'
expect('bag-info.txt', open('bag-info.txt').read(), info % (s['createdAt'][:10], exhibit, s['caseId'], size, files))
expect('bagit.txt', open('bagit.txt').read(), 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n')
created = calendar.timegm(time.strptime(s['createdAt'][:19], '%Y-%m-%dT%H:%M:%S'))
with tarfile.open(archive) as tar:
    expect('second of createdAt', created, int(tar.next().mtime))
if receipt:
    r = json.load(open(receipt))
    tags = hashlib.sha256(open('tagmanifest-sha256.txt', 'rb').read()).hexdigest()
    expect('receipt: containerSha256', r['containerSha256'], container)
    expect('receipt: tagmanifestSha256', r['tagmanifestSha256'], tags)
    for key in ('exhibitId', 'sequence', 'kind', 'custodyHeadSha256', 'custodyEntries', 'payloadFiles', 'payloadBytes'):
        expect('receipt: ' + key, r[key], s[key])
    if 'tsrSha256' in r or 'genTime' in r:
        token = open('seal/seal.tsr', 'rb').read() if os.path.exists('seal/seal.tsr') else b''
        at = re.search(rb'\x18[\x0f-\x24](\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d+))?Z', token)
        parts = [(part or b'').decode('ascii') for part in at.groups()] if at else [''] * 7
        parts[6] = (parts[6] + '000')[:3]
        expect('receipt: tsrSha256', r.get('tsrSha256'), hashlib.sha256(token).hexdigest())
        expect('receipt: genTime', r.get('genTime'), '%s-%s-%sT%s:%s:%s.%sZ' % tuple(parts))
print('%s: %s, %s, %d gaps' % (exhibit, s['kind'], s['completeness'], gaps))`;
