import { z } from 'zod';
import { instantSchema } from './instant.js';

export const CUSTODY_EVENTS = [
  'open',
  'plan',
  'preflight',
  'clock',
  'request-summary',
  'item',
  'gap',
  'action',
  'side-effect',
  'operator-note',
  'heartbeat',
  'interrupted',
  'resumed',
  'error',
  'seal',
] as const;
export const custodyEventSchema = z.enum(CUSTODY_EVENTS);
export type CustodyEvent = z.infer<typeof custodyEventSchema>;

/** The fields that every line of custody/acquisition.jsonl has; each event adds its own. */
export const custodyEntrySchema = z.looseObject({
  seq: z.int().min(1),
  /** SHA-256 of the previous raw line with its LF; 64 zeros in the first. */
  prev: z.string().regex(/^[0-9a-f]{64}$/),
  at: instantSchema,
  monoUs: z.int().min(0),
  bootId: z.string(),
  actor: z.string(),
  event: custodyEventSchema,
});
export type CustodyEntry = z.infer<typeof custodyEntrySchema>;

export const CHAIN_START = '0'.repeat(64);
