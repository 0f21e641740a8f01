import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { listBag, packBag, sealedBag, sha256, signBag } from '../../../test/fakes/archive-builder.js';
import { edit, judge, trustedKey, type Change } from '../../../test/fakes/tamper.js';
import type { CheckName } from '../../model/verdict.js';
import { signSshsig } from '../sshsig.js';

const otherKey = generateKeyPairSync('ed25519').privateKey;

const LOG = 'data/pods/shop/web-1.4f3a9c21/app/current.log';

/** Somebody without the key changes files of a sealed archive, and may list everything again. */
const withoutKey: [string, CheckName, Change][] = [
  [
    'a payload byte changed',
    'hashes',
    (bag) => {
      edit(bag, LOG, (text) => text.replace('one', 'two'));
    },
  ],
  [
    'a payload file emptied',
    'hashes',
    (bag) => {
      bag.files.set(LOG, Buffer.alloc(0));
    },
  ],
  [
    'a payload file removed',
    'closure',
    (bag) => {
      bag.files.delete(LOG);
    },
  ],
  [
    'a payload file added',
    'closure',
    (bag) => {
      bag.files.set('data/zzz', Buffer.from('planted'));
    },
  ],
  [
    'a payload file renamed',
    'closure',
    (bag) => {
      bag.files.set('data/zzz', bag.files.get(LOG) ?? Buffer.alloc(0));
      bag.files.delete(LOG);
    },
  ],
  [
    'a tag file changed',
    'hashes',
    (bag) => {
      edit(bag, 'VERIFY.md', (text) => `${text}rm -rf\n`);
    },
  ],
  [
    'a tag file removed',
    'closure',
    (bag) => {
      bag.files.delete('meta/clock.jsonl');
    },
  ],
  [
    'a tag file planted',
    'closure',
    (bag) => {
      bag.files.set('meta/extra.jsonl', Buffer.alloc(0));
    },
  ],
  [
    'fetch.txt planted',
    'closure',
    (bag) => {
      bag.files.set('fetch.txt', Buffer.from('http://x 1 data/x\n'));
    },
  ],
  [
    'an MD5 manifest planted',
    'closure',
    (bag) => {
      bag.files.set('manifest-md5.txt', Buffer.alloc(0));
    },
  ],
  [
    'a file planted under seal/',
    'closure',
    (bag) => {
      bag.files.set('seal/allowed_signers', Buffer.from('x'));
    },
  ],
  [
    'a lone token',
    'closure',
    (bag) => {
      bag.files.set('seal/seal.tsr', Buffer.from('x'));
    },
  ],
  [
    'a lone opening token',
    'closure',
    (bag) => {
      bag.files.set('custody/open.tsr', Buffer.from('x'));
    },
  ],
  [
    'a third signer without a second',
    'closure',
    (bag) => {
      signBag(bag, otherKey, 3);
    },
  ],
  [
    'the signature removed, its key left',
    'closure',
    (bag) => {
      bag.files.delete('seal/tagmanifest-sha256.txt.sig');
    },
  ],
  [
    'the key removed, its signature left',
    'closure',
    (bag) => {
      bag.files.delete('seal/signer.pub');
    },
  ],
  [
    'another key beside the signature',
    'signature',
    (bag) => {
      bag.files.set(
        'seal/signer.pub',
        signBag(sealedBag(trustedKey), otherKey).files.get('seal/signer.pub') ?? Buffer.alloc(0),
      );
    },
  ],
  [
    'a comment in signer.pub',
    'signature',
    (bag) => {
      edit(bag, 'seal/signer.pub', (text) => text.replace('\n', ' me\n'));
    },
  ],
  [
    'the signature armored otherwise',
    'signature',
    (bag) => {
      edit(bag, 'seal/tagmanifest-sha256.txt.sig', (text) => text.replace(/\n(?=-----END)/, '\n\n'));
    },
  ],
  [
    'text after the signature',
    'signature',
    (bag) => {
      edit(bag, 'seal/tagmanifest-sha256.txt.sig', (text) => `${text}x`);
    },
  ],
  [
    'everything changed and listed again',
    'signature',
    (bag) => {
      edit(bag, LOG, () => 'forged');
      listBag(bag);
    },
  ],
  [
    'a signature from another archive',
    'signature',
    (bag) => {
      const other = sealedBag(trustedKey, { statement: { classification: 'other' } });
      bag.files.set(
        'seal/tagmanifest-sha256.txt.sig',
        other.files.get('seal/tagmanifest-sha256.txt.sig') ?? Buffer.alloc(0),
      );
    },
  ],
  [
    'a manifest line removed',
    'closure',
    (bag) => {
      edit(bag, 'manifest-sha256.txt', (text) => text.slice(text.indexOf('\n') + 1));
    },
  ],
  [
    'the manifest reordered',
    'grammar',
    (bag) => {
      edit(bag, 'manifest-sha256.txt', (text) => `${text.trimEnd().split('\n').reverse().join('\n')}\n`);
    },
  ],
  [
    'a manifest line doubled',
    'grammar',
    (bag) => {
      edit(bag, 'manifest-sha256.txt', (text) => text.replace(/^.*\n/, '$&$&'));
    },
  ],
  [
    'a comment in the manifest',
    'grammar',
    (bag) => {
      edit(bag, 'manifest-sha256.txt', (text) => `# all good\n${text}`);
    },
  ],
  [
    'upper case in the manifest',
    'grammar',
    (bag) => {
      edit(bag, 'manifest-sha256.txt', (text) => text.replace(/[a-f]/, (digit) => digit.toUpperCase()));
    },
  ],
  [
    'CRLF in the manifest',
    'grammar',
    (bag) => {
      edit(bag, 'manifest-sha256.txt', (text) => text.replaceAll('\n', '\r\n'));
    },
  ],
  [
    'the manifest without its last LF',
    'grammar',
    (bag) => {
      edit(bag, 'manifest-sha256.txt', (text) => text.trimEnd());
    },
  ],
  [
    'the tagmanifest without its last LF',
    'grammar',
    (bag) => {
      edit(bag, 'tagmanifest-sha256.txt', (text) => text.trimEnd());
    },
  ],
  [
    'the seal listed in the tagmanifest',
    'closure',
    (bag) => {
      edit(bag, 'tagmanifest-sha256.txt', (text) => `${text}${sha256('x')}  zzz\n`);
    },
  ],
];

describe('changes without the key', () => {
  it.each(withoutKey)('%s: %s', async (_what, check, change) => {
    const bag = sealedBag(trustedKey);
    change(bag);
    const { verdict, failed } = await judge(packBag(bag));
    expect(verdict).toBe('TAMPERED');
    expect(failed).toContain(check);
  });
});

describe('signature', () => {
  it('in another namespace does not count', async () => {
    const bag = sealedBag(trustedKey);
    const signature = signSshsig(
      trustedKey,
      bag.files.get('tagmanifest-sha256.txt') ?? Buffer.alloc(0),
      'exhibit-custody@v1',
    );
    bag.files.set('seal/tagmanifest-sha256.txt.sig', Buffer.from(signature));
    expect(await judge(packBag(bag))).toMatchObject({ verdict: 'TAMPERED', failed: ['signature'] });
  });
});

describe('findings', () => {
  it('keeps a hundred and counts all', async () => {
    const bag = sealedBag(trustedKey);
    for (let index = 0; index < 250; index += 1) bag.files.set(`data/zz-${String(index)}`, Buffer.alloc(0));
    const { findings, findingsTotal } = await judge(packBag(bag));
    expect(findings).toHaveLength(100);
    expect(findingsTotal).toBeGreaterThanOrEqual(500);
  });

  it('hold no byte that a terminal would obey', async () => {
    const bag = sealedBag(trustedKey);
    edit(bag, 'manifest-sha256.txt', (text) => `\x1b]0;owned\x07\u009b2J${text}`);
    edit(bag, 'bagit.txt', () => '\x1b[2J\r\n');
    const { line, findings } = await judge(packBag(bag));
    expect(findings.length).toBeGreaterThan(0);
    for (const text of [line, ...findings.flatMap(({ path, expected, found }) => [path, expected, found])])
      expect(text).toMatch(/^[\x20-\x7e]*$/);
  });
});
