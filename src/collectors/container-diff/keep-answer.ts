import type { Subject } from '../../model/artifact.js';
import type { CollectContext } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { openItem } from '../open-item.js';
import type { ShortAnswer } from './run-short.js';

/** Writes an answer that was needed before it was known whether the artifact has any item. Returns where it is. */
export async function keepAnswer(
  { bytes, end }: ShortAnswer,
  place: {
    readonly access: NodeAccess;
    readonly context: CollectContext;
    readonly artifact: string;
    readonly collector: string;
    readonly subject: Subject;
    readonly path: string;
  },
): Promise<string> {
  const { facts } = place.access;
  const { path, writer } = await openItem(place.context.sink, {
    path: place.path,
    artifact: place.artifact,
    collector: place.collector,
    vantage: facts.vantage,
    sensitivity: 'normal',
  });
  let isEnded = false;
  try {
    await writer.write(bytes);
    isEnded = true;
    await writer.commit({
      subject: place.subject,
      source: {
        argv: [...end.argv],
        method: facts.rung,
        ...(end.auditId === null ? {} : { auditId: end.auditId }),
      },
      outcome: 'collected',
      sourceChanged: null,
      firstByteAt: end.firstByteAt,
      lastByteAt: end.lastByteAt,
    });
    return path;
  } finally {
    if (!isEnded) await writer.abort();
  }
}
