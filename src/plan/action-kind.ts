import type { z } from 'zod';
import type { ClusterActionKindName, Reversibility } from '../model/action.js';
import type { ObjectPatch } from '../ports/cluster-actuator.js';

/** How a change is taken back. */
export interface UndoOptions {
  /** Give suspects back the labels by which their controllers and Services find them. */
  readonly readopt: boolean;
}

interface AnyKind<View> {
  readonly kind: ClusterActionKindName;
  readonly reversibility: Reversibility;
  /** What undoing does, in words. */
  readonly undo: string;
  /** Checks a view that is read from the journal. */
  readonly view: z.ZodType<View>;
  /** Verbs on the subject that are needed to do it, reading back included, and to undo it. */
  readonly doing: readonly string[];
  readonly undoing: readonly string[];
}

/** Changes a part of an object that exists. */
export interface ChangingKind<View> extends AnyKind<View> {
  readonly makes: false;
  /** The part of an object of the API that this kind changes; untrusted values of the wrong type count as missing. `like` has the keys. */
  look(object: unknown, like: View): View;
  /** The object is gone in the end, by itself: then it is as intended. */
  readonly removes?: true;
  /** Verbs on subresources: `{ verb: 'create', subresource: 'eviction' }`. */
  readonly doingBeside?: readonly { readonly verb: string; readonly subresource: string }[];
  /** What makes the part of this very object be as `view` says. Sent with the resource version that the object was read with. */
  patch(object: unknown, view: View): ObjectPatch | 'eviction';
  /** What undoing aims at. */
  undone(states: { readonly before: View; readonly intended: View }, options: UndoOptions): View;
}

/** Makes an object, and takes it away again. Before, there is none of its name: its view is then `null`. */
export interface MakingKind<View> extends AnyKind<View> {
  readonly makes: true;
  look(object: unknown): View;
  /** Without `apiVersion` it is of that of the subject. */
  body(name: string, view: View): Readonly<Record<string, unknown>>;
}

export type ActionKind<View> = ChangingKind<View> | MakingKind<View>;
