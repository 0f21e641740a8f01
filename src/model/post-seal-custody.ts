import { z } from 'zod';
import { instantSchema } from './instant.js';
import { VERDICTS } from './verdict.js';

/** SSHSIG namespace of custody events. A key trusted for the seal alone cannot sign one, and the other way round. */
export const CUSTODY_NAMESPACE = 'exhibit-custody@v1';
export const CUSTODY_FORMAT_ID = 'exhibit-custody/1';

/** What may happen to a sealed archive. docs/custody.md says when each is written. */
export const CUSTODY_EVENT_KINDS = [
  'transfer-out',
  'transfer-in',
  'access',
  'copy',
  'verify',
  'decrypt',
  'derive',
  'hold',
  'release',
  'retimestamp',
  'dispose',
] as const;
export const custodyEventKindSchema = z.enum(CUSTODY_EVENT_KINDS);
export type CustodyEventKind = z.infer<typeof custodyEventKindSchema>;

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** UTF-16 units; for names of people and places, reasons and references. */
export const MAX_CUSTODY_TEXT = 500;
export const MAX_CUSTODY_REMARKS = 4000;
/** Of one value of `data`: a token with its certificates, in base64, fits. */
export const MAX_CUSTODY_DATA_TEXT = 96 * 1024;
const MAX_DATA_KEYS = 32;

const textSchema = z.string().min(1).max(MAX_CUSTODY_TEXT);

/** The archive was looked at before the event was written; `null` where it was not, on request. */
const verifiedSchema = z.strictObject({
  /** `CIPHERTEXT_MATCHES`: an encrypted archive has the digest that its receipt states; nothing inside was checked. */
  verdict: z.enum([...VERDICTS, 'CIPHERTEXT_MATCHES']),
  /** SHA-256 of the report in canonical JSON. */
  reportSha256: sha256Schema,
});

const dataSchema = z
  .record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,63}$/),
    z.union([z.string().max(MAX_CUSTODY_DATA_TEXT), z.int(), z.boolean(), z.null()]),
  )
  .refine((data) => Object.keys(data).length <= MAX_DATA_KEYS, `at most ${String(MAX_DATA_KEYS)} members`);

export type CustodyData = Readonly<z.infer<typeof dataSchema>>;

/** What a person or a workflow says of an event; the rest is filled in. Texts may hold anything: they are escaped wherever shown. */
export const newCustodyEventSchema = z.strictObject({
  event: custodyEventKindSchema,
  /** Who hands over, who takes over: names as a form would have them. */
  from: textSchema.optional(),
  to: textSchema.optional(),
  /** Where the archive is after the event. */
  location: textSchema.optional(),
  purpose: textSchema.optional(),
  authority: textSchema.optional(),
  remarks: z.string().min(1).max(MAX_CUSTODY_REMARKS).optional(),
  verified: verifiedSchema.nullable().optional(),
  /** What belongs to the kind of event: a destination, a token. */
  data: dataSchema.optional(),
});
export type NewCustodyEvent = z.infer<typeof newCustodyEventSchema>;

/** Which archive an event is about. */
export const custodyExhibitSchema = z.strictObject({
  exhibitId: z.string().regex(/^[a-z0-9][a-z0-9-]{2,23}-x\d{4}$/),
  tagmanifestSha256: sha256Schema,
  /** Of the .tar.gz, also where only its encrypted form is at hand. */
  containerSha256: sha256Schema,
  /** Of the .tar.gz.age that was handled; absent where it was the plain archive. */
  encryptedSha256: sha256Schema.optional(),
});
export type CustodyExhibit = z.infer<typeof custodyExhibitSchema>;

/** One `NNNN-<event>.json` of the folder `<exhibit>.custody`: this object in canonical ASCII JSON and a line feed. */
export const custodyRecordSchema = z.strictObject({
  format: z.literal(CUSTODY_FORMAT_ID),
  seq: z.int().min(1).max(9999),
  /** SHA-256 of the whole event file before it; 64 zeros in the first. */
  prev: sha256Schema,
  at: instantSchema,
  monoUs: z.int().min(0),
  bootId: z.string().max(100),
  ...custodyExhibitSchema.shape,
  encryptedSha256: sha256Schema.nullable(),
  event: custodyEventKindSchema,
  /** SHA-256 of the `transfer-out` that a `transfer-in` countersigns; `null` in every other event. */
  answers: sha256Schema.nullable(),
  /** Fingerprint of the key that signs this file, so that no other signature can be put in its place. */
  signer: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/),
  from: textSchema.nullable(),
  to: textSchema.nullable(),
  location: textSchema.nullable(),
  purpose: textSchema.nullable(),
  authority: textSchema.nullable(),
  remarks: z.string().min(1).max(MAX_CUSTODY_REMARKS).nullable(),
  verified: verifiedSchema.nullable(),
  data: dataSchema,
});
export type CustodyRecord = z.infer<typeof custodyRecordSchema>;

/** What can be wrong with a custody folder. */
export const CUSTODY_FINDING_KINDS = [
  'broken',
  'forked',
  'reordered',
  'missing',
  'unsigned',
  'bad-signature',
  'other-exhibit',
  'strange-file',
  'not-countersigned',
  'untrusted',
  'unpaired',
  'unfinished',
] as const;
export type CustodyFindingKind = (typeof CUSTODY_FINDING_KINDS)[number];

/** Every text of it is printable ASCII. */
export interface CustodyFinding {
  readonly kind: CustodyFindingKind;
  /** Number of the event, 0 where it has none. */
  readonly seq: number;
  /** Name in the folder. */
  readonly file: string;
  readonly detail: string;
}

/**
 * `CUSTODY_EMPTY`: no event is there. `CUSTODY_BROKEN`: the record is not what was signed, event after event. `CUSTODY_UNTRUSTED`: it is,
 * but a signer is not vouched for. `CUSTODY_OPEN`: a transfer has no countersignature yet, or an event was not written to its end.
 */
export const CUSTODY_VERDICTS = [
  'CUSTODY_EMPTY',
  'CUSTODY_BROKEN',
  'CUSTODY_UNTRUSTED',
  'CUSTODY_OPEN',
  'CUSTODY_INTACT',
] as const;
export type CustodyVerdict = (typeof CUSTODY_VERDICTS)[number];
