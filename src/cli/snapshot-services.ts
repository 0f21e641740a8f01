import type { RequestLog } from '../ports/request-log.js';
import type { SnapshotService } from '../ports/snapshots.js';
import type { ServiceOf } from '../workflows/snapshot/record-snapshots.js';
import type { Context } from './context.js';
import { accountOfRole } from './role-arn.js';
import { checkRegion } from './snapshot-flags.js';

export interface SnapshotServices {
  readonly serviceOf: ServiceOf;
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
  const open = async (region: string, role: string | undefined): Promise<SnapshotService> => {
    // It becomes part of a host name, and may be a word of an archive of others.
    checkRegion(region);
    const { Ec2Snapshots } = await context.ec2Snapshots();
    const { environment, clock, signal } = context;
    const { version } = await context.tool();
    const userAgent = `exhibit/${version} case/${caseToken}`;
    const settings = { region, variables: environment.variables, userAgent, logging: { requestLog, clock } };
    const service = new Ec2Snapshots({
      ...{ settings, signal, account: role === undefined ? account : accountOfRole(role) },
      ...(role === undefined ? {} : { role: { role, session: `exhibit-${caseToken}`.slice(0, 64) } }),
    });
    opened.push(service);
    return service;
  };
  return {
    serviceOf: async (region, role) => {
      const key = `${region} ${role ?? ''}`;
      const service = made.get(key) ?? open(region, role);
      made.set(key, service);
      return await service;
    },
    close: () => {
      for (const service of opened) service.close();
    },
  };
}
