/** A change to the cluster, written down before it is made: what, on what, and how it is undone. */
export interface PlannedAction {
  /** Kebab-case: `create-collector-pod`. */
  readonly kind: string;
  /** `pods exhibit-collector/exhibit-k7m2p9-ab12cd`. */
  readonly subject: string;
  /** What was there before; `null` = nothing of that name, or it is not known. */
  readonly before: unknown;
  readonly intended: unknown;
  /** What takes the change back, in words or as a command. */
  readonly undo: string;
  readonly reversibility: 'exact' | 'compensated' | 'irreversible';
}

/** What became of a planned action, or what we saw that we did besides. */
export interface ActionEffect {
  readonly kind: string;
  readonly subject: string;
  /** `not-done`: no call was made, because of what the object is now. */
  readonly outcome: 'done' | 'refused' | 'unknown' | 'not-done' | 'proven-gone' | 'left-behind';
  readonly detail: string;
  readonly auditIds: readonly string[];
  /** Names, uids, digests of what there is now; `null` = nothing. */
  readonly after: unknown;
}

/** Write-ahead record of changes: each call returns when the entry is on disk. */
export interface ActionRecord {
  action(action: PlannedAction): Promise<void>;
  effect(effect: ActionEffect): Promise<void>;
}
