import type { z } from 'zod';
import type { Reversibility } from '../model/action.js';
import { type CloudActionKindName, type CloudView, cloudViewSchemas } from '../model/cloud.js';

/** Changes one part of a thing of a cloud. What the part is now, and how it is made so, is known to the platform. */
export interface CloudKind<Name extends CloudActionKindName> {
  readonly kind: Name;
  readonly reversibility: Reversibility;
  /** What undoing does, in words. */
  readonly undo: string;
  /** Checks a view that is read from the journal or comes from the platform. */
  readonly view: z.ZodType<CloudView<Name>>;
}

/** Undoing aims at what was there before, in all of them. */
export function cloudKind<Name extends CloudActionKindName>(
  kind: Name,
  { reversibility, undo }: { readonly reversibility: Reversibility; readonly undo: string },
): CloudKind<Name> {
  return { kind, reversibility, undo, view: cloudViewSchemas[kind] as unknown as z.ZodType<CloudView<Name>> };
}
