import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  appendAllowedSigner,
  findAllowedSigner,
  matchesPatternList,
  parseAllowedSigners,
  readAllowedSigners,
} from './allowed-signers.js';
import { ed25519Blob, renderPublicKey } from './ssh-public-key.js';

const keyBlob = ed25519Blob(generateKeyPairSync('ed25519').publicKey);
const publicKey = renderPublicKey({ type: 'ssh-ed25519', blob: keyBlob });
const SEAL = 'exhibit-seal@v1';
const query = { keyBlob, namespace: SEAL, atMs: Date.UTC(2026, 5, 15, 12) };

const principalOf = (text: string): string | null => findAllowedSigner(parseAllowedSigners(text), query).principal;

describe('parseAllowedSigners', () => {
  it.each([
    ['a plain line', `alice ${publicKey}`, 'alice'],
    ['a comment', `alice ${publicKey} her laptop`, 'alice'],
    ['several principals', `alice,bob@x ${publicKey}`, 'alice,bob@x'],
    ['quoted principals', `"alice b" ${publicKey}`, 'alice b'],
    ['namespaces', `alice namespaces="file,exhibit-*" ${publicKey}`, 'alice'],
    ['options in any case', `alice NAMESPACES="${SEAL}",Valid-After="20260101" ${publicKey}`, 'alice'],
    [
      'a window around the time',
      `alice valid-after="20260615115959Z",valid-before="202606151201Z" ${publicKey}`,
      'alice',
    ],
    [
      'times that end in UTC or z',
      `alice valid-after="20260615120000utc",valid-before="202606151201z" ${publicKey}`,
      'alice',
    ],
    ['tabs, spaces and CR', `  alice \t ${publicKey}\r`, 'alice'],
    ['comments and blank lines before', `# list\n\n   \nalice ${publicKey}`, 'alice'],
    ['a later line that fits better', `alice namespaces="x" ${publicKey}\nbob ${publicKey}`, 'bob'],
  ])('trusts by %s', (_what, text, principal) => {
    expect(principalOf(text)).toBe(principal);
  });

  it.each([
    ['other namespaces', `alice namespaces="file" ${publicKey}`],
    ['a namespace that is refused', `alice namespaces="exhibit-*,!${SEAL}" ${publicKey}`],
    ['a window that has not begun', `alice valid-after="20260616Z" ${publicKey}`],
    ['a window that is over', `alice valid-before="20260615Z" ${publicKey}`],
    ['a certificate authority', `alice cert-authority ${publicKey}`],
    ['a certificate authority among options', `alice namespaces="${SEAL}",cert-authority ${publicKey}`],
    ['an unknown option', `alice no-touch-required ${publicKey}`],
    ['a time that is none', `alice valid-before="soon" ${publicKey}`],
    ['a time before there were times', `alice valid-after="19700101Z" ${publicKey}`],
    ['a window that ends before it begins', `alice valid-after="20260616Z",valid-before="20260615Z" ${publicKey}`],
    ['a window of no time', `alice valid-after="20260615120000Z",valid-before="20260615120000Z" ${publicKey}`],
    ['namespaces given twice', `alice namespaces="file",namespaces="${SEAL}" ${publicKey}`],
    ['an end that is moved by a second one', `alice valid-before="20260101Z",valid-before="20270101Z" ${publicKey}`],
    ['no principal', publicKey],
    ['a comment sign', `#alice ${publicKey}`],
    ['a key of another type in front', `alice ssh-rsa ${publicKey.split(' ')[1] ?? ''}`],
    ['an unclosed quote', `alice namespaces="${SEAL} ${publicKey}`],
    ['nothing', ''],
  ])('does not trust by %s', (_what, text) => {
    expect(principalOf(text)).toBeNull();
  });

  it('lists the lines that it does not use', () => {
    const { signers, unused } = parseAllowedSigners(
      `alice ${publicKey}\nca cert-authority ${publicKey}\nrubbish\n# fine\n`,
    );
    expect(signers).toHaveLength(1);
    expect(unused.map(({ line }) => line)).toEqual([2, 3]);
  });

  it('says that a key is not trusted because its line cannot be used', () => {
    const list = parseAllowedSigners(`# list\nca cert-authority ${publicKey}\n`);
    expect(findAllowedSigner(list, query)).toEqual({
      principal: null,
      why: 'the key is not in the list, of which line 2 is not used: certificate authorities are not supported',
    });
  });

  it('counts whole seconds, both ends included', () => {
    const list = parseAllowedSigners(`a valid-after="20260615120000Z",valid-before="20260615120001Z" ${publicKey}`);
    const at = (offsetMs: number): boolean =>
      findAllowedSigner(list, { ...query, atMs: query.atMs + offsetMs }).principal !== null;
    expect([-1, 0, 999, 1000, 1999, 2000].map(at)).toEqual([false, true, true, true, true, false]);
  });

  it('reads a time without a zone as local time, as ssh-keygen does', () => {
    const local = new Date(2026, 5, 15, 12).getTime();
    const list = parseAllowedSigners(`a valid-before="202606151200" ${publicKey}`);
    const at = (atMs: number): boolean => findAllowedSigner(list, { ...query, atMs }).principal !== null;
    expect([at(local), at(local + 1000)]).toEqual([true, false]);
  });

  it.each([
    ['options', `a ${'a,'.repeat(500_000)}`],
    ['quoted options', `a ${'a="b",'.repeat(150_000)}`],
    ['an unclosed quote', `a a="${'b'.repeat(1_000_000)}`],
    ['principals', 'a'.repeat(1_000_000)],
    ['spaces', `a${' '.repeat(1_000_000)}b`],
    ['a key', `a ssh-ed25519 ${'A'.repeat(1_000_000)}`],
    ['lines', 'x\n'.repeat(500_000)],
  ])('reads a megabyte of %s and trusts nobody', (_what, text) => {
    expect(principalOf(text)).toBeNull();
  });

  it('never throws and never trusts a key that is not there', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => {
        expect(principalOf(text)).toBeNull();
      }),
    );
  });
});

describe('matchesPatternList', () => {
  it('agrees with a regular expression', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab]{0,8}$/), fc.stringMatching(/^[ab*?]{1,6}$/), (text, pattern) => {
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(text);
        expect(matchesPatternList(text, pattern)).toBe(expected);
      }),
    );
  });

  it('takes no time for a pattern that is made to take it', () => {
    expect(matchesPatternList('a'.repeat(5000), `${'*a'.repeat(200)}b`)).toBe(false);
  });
});

describe('appendAllowedSigner', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'exhibit-signers-'));
    path = join(directory, 'allowed_signers');
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('makes the list with mode 0600 and adds a key once per namespace', async () => {
    const signer = { principal: 'alice@x', publicKey, namespaces: [SEAL] };
    expect(await appendAllowedSigner(path, signer)).toMatchObject({ added: true });
    expect(await appendAllowedSigner(path, signer)).toMatchObject({ added: false });
    expect(await readFile(path, 'utf8')).toBe(`alice@x namespaces="${SEAL}" ${publicKey}\n`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await appendAllowedSigner(path, { ...signer, namespaces: ['exhibit-custody@v1'] })).toMatchObject({
      added: true,
    });
    expect(principalOf(await readAllowedSigners(path))).toBe('alice@x');
  });

  it('begins a line of its own after a last line without LF', async () => {
    await writeFile(path, '# mine');
    await appendAllowedSigner(path, { principal: 'alice', publicKey, namespaces: [SEAL] });
    expect(principalOf(await readFile(path, 'utf8'))).toBe('alice');
  });

  it.each(['a b', 'a\nroot', '"a', '*', 'a,b', '#a', '!a', '', '\u00e9'])(
    'refuses the principal %j',
    async (principal) => {
      await expect(appendAllowedSigner(path, { principal, publicKey, namespaces: [SEAL] })).rejects.toMatchObject({
        code: 'USAGE_INVALID',
      });
    },
  );

  it('refuses what is no key, and a list that is no file', async () => {
    await expect(
      appendAllowedSigner(path, { principal: 'a', publicKey: 'ssh-ed25519 AAAA', namespaces: [SEAL] }),
    ).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(readAllowedSigners(directory)).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(readAllowedSigners(path)).rejects.toMatchObject({ code: 'KEY_INVALID' });
  });
});
