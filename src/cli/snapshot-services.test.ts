import { expect, it } from 'vitest';
import type { Context } from './context.js';
import { snapshotServices } from './snapshot-services.js';

it('asks no host that an archive names as a region', async () => {
  const context = {
    ec2Snapshots: () => Promise.reject(new Error('asked')),
  } as unknown as Context;
  const requestLog = { begin: () => 0, end: () => undefined };
  const { serviceOf } = snapshotServices(context, { caseToken: 'verify', requestLog, account: '' });
  for (const region of ['', 'evil.example/', 'eu-central-1.evil.example', 'x@evil.example'])
    await expect(serviceOf(region)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  await expect(serviceOf('eu-central-1')).rejects.toThrow('asked');
});
