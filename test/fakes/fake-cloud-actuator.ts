import type { JSONType } from 'zod';
import type { CloudActionKindName, CloudSubject } from '../../src/model/cloud.js';
import type { CloudActuator, CloudAnswer } from '../../src/ports/cloud-actuator.js';

/** What becomes of a change: it is refused, or its answer is lost before or after the cloud did it. */
export type CloudFault = 'denied' | 'busy' | 'lost-undone' | 'lost-done' | 'kept-away';

type View = Readonly<Record<string, JSONType>> | null;

const asView = (value: JSONType): View => value as View;

/** A cloud in memory behind the port: one view for each part of a thing, and no versions. */
export class FakeCloudActuator {
  readonly parts = new Map<string, View>();
  /** Instances that were ended. */
  readonly ended = new Set<string>();
  /** `interface-groups eni-1`, in order; looks are not among them. */
  readonly writes: string[] = [];
  /** Taken by the changes in their order; `null` = none. */
  readonly faults: (CloudFault | null)[] = [];
  #calls = 0;

  put(kind: CloudActionKindName, subject: Pick<CloudSubject, 'id'>, view: JSONType): void {
    this.parts.set(this.#key(kind, subject, view), asView(view));
  }

  snapshot(): readonly unknown[] {
    return [...this.parts.entries()].filter(([, view]) => view !== null).sort();
  }

  readonly actuator: CloudActuator = {
    look: async (kind, subject, like) => {
      await Promise.resolve();
      const requestIds = [this.#requestId()];
      if (this.ended.has(subject.instance)) return { state: 'gone', detail: 'it is terminated', requestIds };
      const view = this.parts.get(this.#key(kind, subject, like)) ?? null;
      // Not a state but a way to one: nobody can read it back.
      const asked =
        kind === 'group-membership' ? { decrementsDesired: asView(like)?.['decrementsDesired'] ?? false } : {};
      return { state: 'there', view: view === null ? null : { ...view, ...asked }, requestIds };
    },
    set: async (kind, subject, { from, view }, { dryRun = false } = {}) => {
      await Promise.resolve();
      this.writes.push(`${kind} ${subject.id}${dryRun ? ' (dry run)' : ''}`);
      const requestIds = [this.#requestId()];
      const fault = this.faults.shift() ?? null;
      const refused = this.#refusal(fault, kind, view);
      if (refused !== null) return { ...refused, requestIds };
      const lost: CloudAnswer = { outcome: 'unknown', detail: 'the connection was cut', requestIds };
      if (fault === 'lost-undone') return lost;
      if (!dryRun && fault !== 'kept-away') this.parts.set(this.#key(kind, subject, view ?? from), asView(view));
      return fault === 'lost-done' ? lost : { outcome: 'done', requestIds };
    },
  };

  #refusal(fault: CloudFault | null, kind: CloudActionKindName, view: JSONType) {
    if (fault === 'denied' || fault === 'busy')
      return { outcome: 'refused', detail: `refused: ${fault}`, isDenied: fault === 'denied' } as const;
    const named = kind === 'interface-groups' ? (asView(view)?.['groups'] as readonly string[]) : [];
    const missing = named.find((group) => group.includes('/') && this.#group(group) === null);
    if (missing === undefined) return null;
    return { outcome: 'refused', detail: `there is no security group ${missing}`, isDenied: false } as const;
  }

  #group(id: string): View {
    return this.parts.get(`quarantine-group ${id}`) ?? null;
  }

  #key(kind: CloudActionKindName, { id }: Pick<CloudSubject, 'id'>, view: JSONType): string {
    const volume = kind === 'keep-volume' ? ` ${JSON.stringify(asView(view)?.['volumeId'])}` : '';
    return `${kind} ${id}${volume}`;
  }

  #requestId(): string {
    this.#calls += 1;
    return `request-${String(this.#calls)}`;
  }
}
