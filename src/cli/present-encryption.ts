import type { DecryptSummary } from '../workflows/decrypt.js';
import type { EncryptedExhibit } from '../workflows/encrypt-sealed.js';
import { renderBytes } from './quantities.js';
import { shellWord } from '../lib/shell-word.js';
import { renderFacts } from './table.js';

/** What the encryption of a seal made, as lines of facts. */
export function encryptionFacts({
  encryptedPath,
  receipt,
  recipients,
  plaintextPath,
}: EncryptedExhibit): readonly (readonly [string, string | readonly string[]])[] {
  return [
    ['encrypted', encryptedPath],
    ['to', recipients.length === 0 ? 'whoever knows the passphrase' : recipients],
    ['sha256 (.age)', receipt.encryptedSha256 ?? ''],
    ['plaintext', plaintextPath ?? 'removed with its spool; secure erasure is not claimed'],
  ];
}

/** The result of a seal that had nothing to do but to encrypt. */
export function presentEncrypted(encrypted: readonly EncryptedExhibit[]): string {
  return encrypted
    .map((one) =>
      [
        renderFacts([['exhibit', one.receipt.exhibitId], ['receipt', one.receiptPath], ...encryptionFacts(one)]),
        '',
        `Next: exhibit decrypt ${shellWord(one.encryptedPath)} --identity FILE`,
        `Send the receipt off this machine again: it states the digest of the encrypted file now.`,
      ].join('\n'),
    )
    .join('\n\n');
}

/** The result of a decryption for people. */
export function presentDecrypt(summary: DecryptSummary): string {
  const { output, sizeBytes, containerSha256, recipients, receipt } = summary;
  const receiptWord = receipt === null ? '' : ` --receipt ${shellWord(receipt.path)}`;
  return [
    renderFacts([
      ['archive', output],
      ['size', renderBytes(sizeBytes)],
      ['sha256', containerSha256],
      ['encrypted to', recipients.join(', ')],
      ['receipt', receiptText(receipt)],
    ]),
    '',
    'Decrypted, every chunk authentic. That says nothing about who sealed it:',
    `Next: exhibit verify ${shellWord(output)}${receiptWord}`,
  ].join('\n');
}

function receiptText(receipt: DecryptSummary['receipt']): string {
  if (receipt === null) return 'none: nothing was compared';
  return `${receipt.path}: ${receipt.statesCiphertext ? 'both digests are' : 'the digest of the archive is'} as it says`;
}
