import { ExhibitError } from '../../model/errors.js';

/** `DECRYPT_FAILED` with the one thing that is wrong with the file, in words. */
export function decryptFailed(path: string, why: string, hints: readonly string[] = []): ExhibitError {
  return new ExhibitError('DECRYPT_FAILED', `The file cannot be decrypted: ${why}.`, {
    subject: path,
    hints,
    safe: 'No plaintext was kept, and the encrypted file is as it was.',
  });
}
