import { SEAL_NAMESPACE } from '../model/exhibit.js';
import type { Signer } from '../ports/signer.js';
import type { BagWriter } from './bag-writer.js';
import { signerFiles } from './bag-layout.js';

export interface Sealers {
  /** In the order of their numbers; the first one's fingerprint stands in the receipt. At most 9, each key once. */
  readonly signers: readonly Signer[];
}

interface SealFile {
  readonly path: string;
  readonly text: string;
}

/** Signs the tagmanifest with every key and puts the files of seal/ into the bag, in its order. */
export async function addSeals(bag: BagWriter, tagmanifest: Buffer, { signers }: Sealers): Promise<void> {
  const files: SealFile[] = [];
  for (const [index, signer] of signers.entries()) {
    const [signaturePath, keyPath] = signerFiles(index + 1);
    files.push({ path: signaturePath, text: await signer.sign(tagmanifest, SEAL_NAMESPACE) });
    files.push({ path: keyPath, text: `${signer.publicKey}\n` });
  }
  for (const { path, text } of files.sort((a, b) => (a.path < b.path ? -1 : 1))) await bag.addSeal(path, text);
}
