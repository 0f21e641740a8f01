/** Views of one node in which a container may be seen. */
export type ContainerView = 'api-running' | 'api' | 'store' | 'task' | 'cgroup' | 'process';

/** What one view showed, before and after the rest was read. `null` = that view could not be had. */
export interface ViewSamples {
  readonly before: ReadonlySet<string> | null;
  readonly after: ReadonlySet<string> | null;
}

/** Container ids by view. `api`: all that the API names for this node, in any state. `store`: all that the runtime knows, running or not. */
export type NodeViews = Readonly<Record<ContainerView, ViewSamples>>;

export type ViewRule =
  /** Processes or a control group of a container that no runtime's store knows. */
  | 'unknown-to-store'
  /** A container runs and the API has no such container. */
  | 'unknown-to-api'
  /** The API calls it running, and no process of it is seen on the node. */
  | 'no-process'
  /** It has a control group with processes in it, and the process table does not show them as its own. */
  | 'hidden-from-processes'
  /** It runs, and the runtime keeps no folder of a running task for it. */
  | 'no-task';

export interface ViewFinding {
  readonly rule: ViewRule;
  readonly containerId: string;
  readonly seenIn: readonly ContainerView[];
  readonly missingIn: readonly ContainerView[];
  /**
   * `ghost`: seen both before and after in the one view, and neither time in the other. `race`: not both times; it was made or ended
   * while we read, or hides by turns.
   */
  readonly verdict: 'ghost' | 'race';
}

interface Rule {
  readonly rule: ViewRule;
  readonly seen: ContainerView;
  readonly missing: ContainerView;
}

const RULES: readonly Rule[] = [
  { rule: 'unknown-to-store', seen: 'process', missing: 'store' },
  { rule: 'unknown-to-store', seen: 'cgroup', missing: 'store' },
  { rule: 'unknown-to-store', seen: 'task', missing: 'store' },
  { rule: 'unknown-to-api', seen: 'process', missing: 'api' },
  { rule: 'unknown-to-api', seen: 'task', missing: 'api' },
  { rule: 'no-process', seen: 'api-running', missing: 'process' },
  { rule: 'hidden-from-processes', seen: 'cgroup', missing: 'process' },
  { rule: 'no-task', seen: 'process', missing: 'task' },
];

const VIEWS: readonly ContainerView[] = ['api-running', 'api', 'store', 'task', 'cgroup', 'process'];

const isSeen = ({ before, after }: ViewSamples, id: string): boolean =>
  (before?.has(id) ?? false) || (after?.has(id) ?? false);

function isSteady({ before, after }: ViewSamples, id: string): boolean {
  // A view that was had only once cannot tell more than that.
  return (before?.has(id) ?? true) && (after?.has(id) ?? true);
}

/**
 * Containers that one view of a node knows and another does not. A view that could not be had is compared with nothing. One finding for
 * each rule and container, sorted by both.
 */
export function compareViews(views: NodeViews): readonly ViewFinding[] {
  const findings = new Map<string, ViewFinding>();
  for (const rule of RULES) {
    const { before, after } = views[rule.seen];
    if (!isHad(views[rule.missing])) continue;
    for (const id of new Set([...(before ?? []), ...(after ?? [])])) {
      const finding = judge(rule, id, views);
      const key = `${rule.rule} ${id}`;
      if (finding !== null && findings.get(key)?.verdict !== 'ghost') findings.set(key, finding);
    }
  }
  return [...findings.entries()].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, finding]) => finding);
}

function judge({ rule, seen, missing }: Rule, containerId: string, views: NodeViews): ViewFinding | null {
  const inOther = isSeen(views[missing], containerId);
  if (inOther && isSteady(views[missing], containerId)) return null;
  return {
    rule,
    containerId,
    seenIn: VIEWS.filter((view) => isSeen(views[view], containerId)),
    missingIn: VIEWS.filter((view) => isHad(views[view]) && !isSeen(views[view], containerId)),
    verdict: !inOther && isSteady(views[seen], containerId) ? 'ghost' : 'race',
  };
}

const isHad = ({ before, after }: ViewSamples): boolean => before !== null || after !== null;
