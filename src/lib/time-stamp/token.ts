import { type Algorithm, readAlgorithm } from './algorithm.js';
import {
  contextTag,
  type Der,
  type DerMembers,
  integerBytes,
  membersOf,
  readElements,
  readOid,
  readOne,
  readSmallInteger,
  sequenceOf,
  TAG,
} from './der.js';
import { OID } from './object-identifiers.js';
import { TokenProblem } from './token-problem.js';
import { readTstInfo, type TstInfo } from './tst-info.js';

/** Longest answer of a time-stamping authority; real ones have 3 to 8 KiB. */
export const MAX_REPLY_BYTES = 64 * 1024;
const MAX_CERTIFICATES = 16;

/** How a token says which certificate signed it. */
export type SignerId =
  | { readonly issuer: Uint8Array; readonly serial: Uint8Array }
  /** Subject key identifier. */
  | { readonly keyId: Uint8Array };

/** The members of a `TimeStampResp` that was granted, parsed and not yet judged. */
export interface Token {
  readonly infoBytes: Uint8Array;
  readonly info: TstInfo;
  /** DER, in the order of the answer. */
  readonly certificates: readonly Uint8Array[];
  readonly signerId: SignerId;
  readonly digestAlgorithm: Algorithm;
  /** With the tag `[0]` under which they are sent; they are signed as a SET. */
  readonly signedAttributes: Der;
  readonly signatureAlgorithm: Algorithm;
  readonly signature: Uint8Array;
}

// A mark at the beginning is kept: nothing of hostile text is dropped.
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });
const GRANTED = 0;
const GRANTED_WITH_CHANGES = 1;

/** The words of a refusal are the authority's own: hostile text. */
function statusText(members: DerMembers): string {
  const free = members.optional(TAG.sequence);
  const texts = free === null ? [] : readElements(free.content).map(({ content }) => UTF8.decode(content));
  return texts.length === 0 ? '' : `: ${texts.join('; ').slice(0, 200)}`;
}

function readStatus(element: Der): void {
  const members = membersOf(element, TAG.sequence, 'the status');
  const status = readSmallInteger(members.take(TAG.integer));
  if (status === GRANTED || status === GRANTED_WITH_CHANGES) return;
  throw new TokenProblem(`the authority refused (status ${String(status)})${statusText(members)}`);
}

function readSignerId(members: DerMembers): SignerId {
  const keyId = members.optional(0x80);
  if (keyId !== null) return { keyId: keyId.content };
  const pair = membersOf(members.take(TAG.sequence), TAG.sequence, 'the name of the signer');
  const issuer = pair.take(TAG.sequence).bytes;
  const serial = integerBytes(pair.take(TAG.integer));
  pair.end();
  return { issuer, serial };
}

function readSignerInfo(set: Der): Omit<Token, 'infoBytes' | 'info' | 'certificates'> {
  const members = membersOf(readOne(set.content, TAG.sequence, 'the one signature'), TAG.sequence, 'the signature');
  readSmallInteger(members.take(TAG.integer));
  const signerId = readSignerId(members);
  const digestAlgorithm = readAlgorithm(members.take(TAG.sequence));
  const signedAttributes = members.take(contextTag(0));
  const signatureAlgorithm = readAlgorithm(members.take(TAG.sequence));
  const signature = members.take(TAG.octetString).content;
  members.optional(contextTag(1));
  members.end();
  return { signerId, digestAlgorithm, signedAttributes, signatureAlgorithm, signature };
}

function readCertificates(set: Der | null): Uint8Array[] {
  const certificates = set === null ? [] : readElements(set.content).map(({ bytes }) => bytes);
  if (certificates.length > MAX_CERTIFICATES) throw new TokenProblem('too many certificates');
  return certificates;
}

function readContent(element: Der): Uint8Array {
  const members = membersOf(element, TAG.sequence, 'the content');
  const type = readOid(members.take(TAG.oid));
  if (type !== OID.tstInfo) throw new TokenProblem('a signature over something that is no time-stamp');
  const { content } = members.take(contextTag(0));
  members.end();
  return readOne(content, TAG.octetString, 'the content').content;
}

/** Parses the answer of a time-stamping authority. Throws `TokenProblem` when it is none, or a refusal. */
export function readReply(bytes: Uint8Array): Token {
  if (bytes.length > MAX_REPLY_BYTES) throw new TokenProblem(`an answer of more than ${String(MAX_REPLY_BYTES)} bytes`);
  const reply = sequenceOf(bytes, 'the answer');
  readStatus(reply.take(TAG.sequence));
  const contentInfo = membersOf(reply.take(TAG.sequence), TAG.sequence, 'the token');
  reply.end();
  const type = readOid(contentInfo.take(TAG.oid));
  if (type !== OID.signedData) throw new TokenProblem('a token that is not signed');
  const signed = readOne(contentInfo.take(contextTag(0)).content, TAG.sequence, 'the signed data');
  contentInfo.end();
  const members = membersOf(signed, TAG.sequence, 'the signed data');
  readSmallInteger(members.take(TAG.integer));
  members.take(TAG.set);
  const infoBytes = readContent(members.take(TAG.sequence));
  const certificates = readCertificates(members.optional(contextTag(0)));
  members.optional(contextTag(1));
  const signer = readSignerInfo(members.take(TAG.set));
  members.end();
  return { infoBytes, info: readTstInfo(infoBytes), certificates, ...signer };
}
