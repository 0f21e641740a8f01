import type {
  DeafService,
  ListeningComparison,
  LogComparison,
  LogHole,
  UndeclaredListener,
} from '../analysis/node-evidence/node-evidence.js';

const SHOWN = 20;

function listenerLine({ rule, node, namespace, pod, podUid, address, port, process }: UndeclaredListener): string {
  const where =
    pod === null ? (podUid === null ? node : `pod ${podUid} on ${node}`) : `${namespace ?? ''}/${pod} on ${node}`;
  return `  ${rule}: ${address} ${String(port)} in ${where}, by ${process ?? 'no process that was seen'}`;
}

function deafLine({ namespace, service, pod, node, protocol, port }: DeafService): string {
  return `  service-without-listener: ${namespace}/${service} sends to ${protocol} ${String(port)} of ${pod} on ${node}`;
}

function* more(total: number, shown: number): Generator<string> {
  if (total > shown) yield `  and ${String(total - shown)} more; --json has more of them`;
}

/** What listens and was not declared, and what was declared and does not listen. */
export function* listeningLines(listening: ListeningComparison | null): Generator<string> {
  if (listening === null) return;
  const { compared, undeclared, undeclaredTotal, deaf, deafTotal, isCut } = listening;
  const cut = isCut ? '; not everything could be compared' : '';
  yield `Listening, against pods and Services: ${String(compared)} compared, ${String(undeclaredTotal)} that no object names, ${String(deafTotal)} endpoints where nothing listens${cut}`;
  yield* undeclared.slice(0, SHOWN).map(listenerLine);
  yield* more(undeclaredTotal, Math.min(SHOWN, undeclared.length));
  yield* deaf.slice(0, SHOWN).map(deafLine);
  yield* more(deafTotal, Math.min(SHOWN, deaf.length));
}

function spanOf({ firstAt, lastAt }: LogHole['onDisk']): string {
  return firstAt === null || lastAt === null ? '' : ` (${firstAt} to ${lastAt})`;
}

function holeLine(hole: LogHole): string {
  const { node, namespace, pod, container, instance, fromApi, onlyOnDisk, onlyFromApi, unreadableFiles } = hole;
  const parts = [
    ...(fromApi === null ? ['nothing of it from the API'] : []),
    ...(onlyOnDisk.lines > 0 ? [`${String(onlyOnDisk.lines)} lines on the disk alone${spanOf(onlyOnDisk)}`] : []),
    ...(onlyFromApi.lines > 0 ? [`${String(onlyFromApi.lines)} lines from the API alone${spanOf(onlyFromApi)}`] : []),
    ...(unreadableFiles > 0 ? [`${String(unreadableFiles)} files could not be read`] : []),
  ];
  return `  ${namespace}/${pod}/${container} #${String(instance)} on ${node}: ${parts.join('; ')}`;
}

/** How much of the containers' logs lies on the disks of the nodes and did not come from the API, and the other way round. */
export function* logLines(logs: LogComparison | null): Generator<string> {
  if (logs === null) return;
  const { compared, holes, holesTotal, linesOnlyOnDisk, linesOnlyFromApi, isCut } = logs;
  const cut = isCut ? '; not everything could be compared' : '';
  yield `Logs on the disk, against those from the API: ${String(compared)} instances of containers, ${String(holesTotal)} differ; ${String(linesOnlyOnDisk)} lines on the disk alone, ${String(linesOnlyFromApi)} from the API alone${cut}`;
  yield* holes.slice(0, SHOWN).map(holeLine);
  yield* more(holesTotal, Math.min(SHOWN, holes.length));
}
