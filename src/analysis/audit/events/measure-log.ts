import type { AuditEvent, AuditLine, QuarantineReason } from '../../../model/audit-event.js';
import type { AuditPolicy, RequestAttributes } from '../../../model/audit-policy.js';
import { evaluatePolicy } from '../policy/evaluate-policy.js';

/** In which file, and from which byte on of what it unpacks to. */
export interface LinePlace {
  readonly name: string;
  readonly offset: number;
}

/** What is known of a log without judging anybody. Counts of lines add up to `lines`. */
export interface MeasuredLog {
  /** Unpacked. */
  readonly bytes: number;
  readonly lines: number;
  readonly eventLines: number;
  readonly events: number;
  readonly truncated: number;
  readonly blank: number;
  readonly quarantined: Readonly<Partial<Record<QuarantineReason, number>>>;
  /** Of the stages; `null` = no event. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** Events that the policy would have written as they are, and those that it would not; of events of Google's log neither is known. */
  readonly agreeing: number;
  readonly disagreeing: number;
  /** The first of those that disagree: where it is, and why. */
  readonly disagreement: (LinePlace & { readonly why: string }) | null;
}

/** The attributes by which the server chose the rule: of who really asked, and of a creation without the name that it got. */
function attributesOf({ user, verb, object, uri }: AuditEvent): RequestAttributes {
  const [path = ''] = uri.split('?', 1);
  const who = { user: user.username, groups: user.groups, verb, path };
  if (object === null || object.resource === '') return { ...who, resource: null };
  const { group, resource, subresource, namespace, name } = object;
  const isNew = verb === 'create' && subresource === '';
  return { ...who, resource: { group, resource, subresource, namespace, name: isNew ? '' : name } };
}

/** Counts as it goes; memory does not grow with the log. */
export class LogMeasure {
  readonly #policy: AuditPolicy;
  #counts = { lines: 0, eventLines: 0, events: 0, truncated: 0, blank: 0, agreeing: 0, disagreeing: 0 };
  #quarantined: Partial<Record<QuarantineReason, number>> = {};
  #firstMs: number | null = null;
  #lastMs: number | null = null;
  #disagreement: MeasuredLog['disagreement'] = null;

  constructor(policy: AuditPolicy) {
    this.#policy = policy;
  }

  add(line: AuditLine, place: LinePlace): void {
    this.#counts.lines += 1;
    if (line.kind === 'blank') this.#counts.blank += 1;
    else if (line.kind === 'truncated') this.#counts.truncated += 1;
    else if (line.kind === 'quarantined') this.#quarantined[line.reason] = (this.#quarantined[line.reason] ?? 0) + 1;
    else {
      this.#counts.eventLines += 1;
      for (const event of line.events) this.#take(event, place);
    }
  }

  measured(bytes: number): MeasuredLog {
    const [firstMs, lastMs] = [this.#firstMs, this.#lastMs];
    const { disagreement, quarantined } = { disagreement: this.#disagreement, quarantined: this.#quarantined };
    return { bytes, ...this.#counts, quarantined, firstMs, lastMs, disagreement };
  }

  #take(event: AuditEvent, place: LinePlace): void {
    this.#counts.events += 1;
    this.#firstMs = Math.min(this.#firstMs ?? event.atMs, event.atMs);
    this.#lastMs = Math.max(this.#lastMs ?? event.atMs, event.atMs);
    // A level that was concluded from the bodies is no level that a policy gave.
    if (event.inferred.includes('level')) return;
    const { level, omitStages, rule } = evaluatePolicy(this.#policy, attributesOf(event));
    const isOmitted = omitStages.includes(event.stage);
    if (level === event.level && !isOmitted) {
      this.#counts.agreeing += 1;
      return;
    }
    this.#counts.disagreeing += 1;
    const by = rule === null ? 'no rule' : `rule ${String(rule + 1)}`;
    const why = isOmitted
      ? `the stage ${event.stage} is left out by ${by}`
      : `${event.level}, where ${by} gives ${level}`;
    this.#disagreement ??= { ...place, why };
  }
}
