import { findAllowedSigner, type AllowedSigners } from './allowed-signers.js';
import { MAX_SIGNERS, signerFiles, TAGMANIFEST, tokenFiles } from './bag-layout.js';
import type { Bytes } from '../../lib/bytes.js';
import type { Findings } from './findings.js';
import { fingerprintOf, renderPublicKey } from './ssh-public-key.js';
import { isHighS, parseSshsig, verifySshsig } from './sshsig.js';
import type { TagFiles } from './tag-files.js';

export const SEAL_NAMESPACE = 'exhibit-seal@v1';

export interface PageSigner {
  readonly fingerprint: string;
  /** As the trust list names it; `null` when the key is not trusted, with the reason in `why`. */
  readonly principal: string | null;
  readonly why: string;
  /** Whether the signature was checked, and is good; this browser may not be able to. */
  readonly isChecked: boolean;
}

export interface CheckedSeal {
  /** Those whose signature is good or could not be checked, each key once. */
  readonly signers: readonly PageSigner[];
}

export interface SealCheckOptions {
  readonly files: TagFiles;
  readonly findings: Findings;
  readonly trust: AllowedSigners | null;
  /** Epoch milliseconds; `null` = no token proves a time. Tokens are over the first signature, so that it dates no other. */
  readonly provenMs: number | null;
  /** Epoch milliseconds at which the validity of the other keys is judged. */
  readonly nowMs: number;
  /** As many as the signed policy asks for there may be; `null` when no statement could be read. */
  readonly requireSigners: number | null;
  /** Fingerprint that the custody log names as the first signer; `null` = it names none. */
  readonly sealedBy: string | null;
}

/** Checks every signature under seal/ over tagmanifest-sha256.txt, and that what is there is there as a whole. */
export async function checkSeal(options: SealCheckOptions): Promise<CheckedSeal> {
  const signers = new Map<string, PageSigner>();
  for (let number = 1; number <= MAX_SIGNERS; number += 1) {
    const signer = await checkSignature(number, options);
    if (signer !== null && !signers.has(signer.fingerprint)) signers.set(signer.fingerprint, signer);
    if (number === 1 && signer !== null) checkFirst(signer, options);
    isWhole(tokenFiles(number), options);
  }
  checkNumbering(options);
  checkCount(options);
  return { signers: [...signers.values()] };
}

/** Two good signatures that changed places are seen in nothing but what they cover. */
function checkFirst({ fingerprint }: PageSigner, { sealedBy, findings }: SealCheckOptions): void {
  if (sealedBy === null || sealedBy === fingerprint) return;
  const expected = `the signature of ${sealedBy}, as the custody log has it`;
  findings.add('signature', { path: signerFiles(1)[0], expected, found: fingerprint });
}

/** Whether all of the files are there; a finding when only some are. */
function isWhole(paths: readonly string[], { files, findings }: SealCheckOptions): boolean {
  const missing = paths.filter((path) => files.sha256Of(path) === null);
  if (missing.length === 0 || missing.length === paths.length) return missing.length === 0;
  const others = paths.filter((other) => !missing.includes(other)).join(', ');
  for (const path of missing) findings.add('closure', { path, expected: `the file beside ${others}`, found: 'none' });
  return false;
}

function checkNumbering({ files, findings }: SealCheckOptions): void {
  const [first] = signerFiles(1);
  if (files.sha256Of(first) === null && files.hasSeal)
    findings.add('closure', { path: 'seal', expected: `${first} beside the other files of seal/`, found: 'none' });
  for (const filesOf of [signerFiles, tokenFiles]) {
    for (let number = 2; number <= MAX_SIGNERS; number += 1) {
      const [path, before] = [filesOf(number)[0], filesOf(number - 1)[0]];
      if (files.sha256Of(path) === null || files.sha256Of(before) !== null) continue;
      findings.add('closure', { path: before, expected: `the file before ${path}`, found: 'none' });
    }
  }
}

/** The seal writes into the policy how many sign: whoever adds a signature later is none of them. */
function checkCount({ files, findings, requireSigners }: SealCheckOptions): void {
  if (requireSigners === null) return;
  for (let number = requireSigners + 1; number <= MAX_SIGNERS; number += 1) {
    const [path] = signerFiles(number);
    if (files.sha256Of(path) === null) continue;
    findings.add('closure', { path, expected: `signatures up to number ${String(requireSigners)}`, found: 'one more' });
  }
}

async function checkSignature(number: number, options: SealCheckOptions): Promise<PageSigner | null> {
  const { files, findings } = options;
  const paths = signerFiles(number);
  if (!isWhole(paths, options)) return null;
  const [path, keyPath] = paths;
  const signature = parseSshsig(files.heldText(path) ?? '');
  if (signature === null) {
    findings.add('signature', { path, expected: 'a signature as ssh-keygen writes it', found: 'something else' });
    return null;
  }
  const keyLine = `${renderPublicKey(signature.publicKey)}\n`;
  const keyFound = files.heldText(keyPath) ?? '';
  if (keyFound !== keyLine) findings.add('signature', { path: keyPath, expected: keyLine, found: keyFound });
  const message = files.held(TAGMANIFEST);
  const verdict = message === null ? 'bad' : await verifySshsig(signature, message, SEAL_NAMESPACE);
  if (verdict !== 'bad') {
    const form = { expected: 'a signature in the form of exhibit/1', found: 'the same with the other of two numbers' };
    if (isHighS(signature)) findings.add('signature', { path, ...form });
    const { provenMs, nowMs } = options;
    const atMs = number === 1 && provenMs !== null ? provenMs : nowMs;
    return lookUp(signature.publicKey.blob, verdict === 'good', { trust: options.trust, atMs });
  }
  const expected = `a signature over ${TAGMANIFEST} in namespace ${SEAL_NAMESPACE}`;
  const found = `one that does not fit (namespace ${signature.namespace})`;
  findings.add('signature', { path, expected, found });
  return null;
}

function lookUp(
  keyBlob: Bytes,
  isChecked: boolean,
  { trust, atMs }: Pick<SealCheckOptions, 'trust'> & { readonly atMs: number },
): PageSigner {
  const fingerprint = fingerprintOf(keyBlob);
  if (trust === null) return { fingerprint, principal: null, why: 'no list of trusted signers was given', isChecked };
  const found = findAllowedSigner(trust, { keyBlob, namespace: SEAL_NAMESPACE, atMs });
  const why = found.principal === null ? found.why : '';
  return { fingerprint, principal: found.principal, why, isChecked };
}
