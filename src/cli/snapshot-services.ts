import type { RequestLog } from '../ports/request-log.js';
import type { SnapshotService } from '../ports/snapshots.js';
import type { Context } from './context.js';
import { checkRegion } from './snapshot-flags.js';

export interface SnapshotServices {
  readonly serviceOf: (region: string) => Promise<SnapshotService>;
  readonly close: () => void;
}

export interface ServicesOptions {
  readonly caseToken: string;
  readonly requestLog: RequestLog;
  readonly account: string;
}

/** What makes snapshots, by region. */
export function snapshotServices(context: Context, options: ServicesOptions): SnapshotServices {
  const { caseToken, requestLog, account } = options;
  const made = new Map<string, Promise<SnapshotService>>();
  const opened: SnapshotService[] = [];
  const open = async (region: string): Promise<SnapshotService> => {
    // It becomes part of a host name, and may be a word of an archive of others.
    checkRegion(region);
    const { Ec2Snapshots } = await context.ec2Snapshots();
    const { environment, clock, signal } = context;
    const { version } = await context.tool();
    const userAgent = `exhibit/${version} case/${caseToken}`;
    const settings = { region, variables: environment.variables, userAgent, logging: { requestLog, clock } };
    const service = new Ec2Snapshots({ settings, account, signal });
    opened.push(service);
    return service;
  };
  return {
    serviceOf: async (region) => {
      const service = made.get(region) ?? open(region);
      made.set(region, service);
      return await service;
    },
    close: () => {
      for (const service of opened) service.close();
    },
  };
}
