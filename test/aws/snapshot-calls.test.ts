import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Ec2Snapshots } from '../../src/platforms/aws/snapshots/ec2-snapshots.js';
import { FAKE_ACCOUNT } from './moto.js';

const ID = 'snap-0123456789abcdef0';
const OTHER = 'snap-0123456789abcdef1';

/** The calls that moto lacks, in the shapes that AWS publishes; what is asked is kept. */
class FakeEc2 {
  readonly asked: URLSearchParams[] = [];
  /** By action: the inside of the answer, or a whole answer. */
  readonly answers = new Map<string, string | { readonly status: number; readonly body: string }>();
  readonly #server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const asked = new URLSearchParams(Buffer.concat(chunks).toString());
      this.asked.push(asked);
      const action = asked.get('Action') ?? '';
      const answer = this.answers.get(action) ?? '';
      const whole = (inner: string): string =>
        `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId>${inner}</${action}Response>`;
      const { status, body } = typeof answer === 'string' ? { status: 200, body: whole(answer) } : answer;
      response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': 'r-1' }).end(body);
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

describe('calls about snapshots that moto does not have', () => {
  let ec2: FakeEc2;
  let service: Ec2Snapshots;

  beforeEach(async () => {
    for (const [name, value] of Object.entries(FAKE_ACCOUNT)) vi.stubEnv(name, value);
    ec2 = new FakeEc2();
    const settings = { region: 'eu-central-1', endpoint: await ec2.start(), variables: FAKE_ACCOUNT, attempts: 1 };
    service = new Ec2Snapshots({ settings, account: '111122223333', signal: new AbortController().signal });
  });
  afterEach(async () => {
    service.close();
    await ec2.stop();
  });

  it('locks for days or until a day, and says what the lock is', async () => {
    const until = '<lockExpiresOn>2027-06-30T00:00:00.000Z</lockExpiresOn>';
    ec2.answers.set('LockSnapshot', `<snapshotId>${ID}</snapshotId><lockState>governance</lockState>${until}`);
    expect(await service.lock({ snapshot: ID, mode: 'governance', until: { days: 30 } })).toEqual({
      outcome: 'done',
      made: { mode: 'governance', state: 'governance', until: '2027-06-30T00:00:00.000Z' },
      requestIds: ['r-1'],
    });
    ec2.answers.set('LockSnapshot', `<snapshotId>${ID}</snapshotId><lockState>compliance-cooloff</lockState>${until}`);
    const date = '2027-06-30T00:00:00.000Z';
    expect(await service.lock({ snapshot: ID, mode: 'compliance', until: { date } })).toMatchObject({
      made: { mode: 'compliance', state: 'compliance-cooloff' },
    });
    expect(ec2.asked.map((one) => [one.get('LockMode'), one.get('LockDuration'), one.get('ExpirationDate')])).toEqual([
      ['governance', '30', null],
      ['compliance', null, '2027-06-30T00:00:00Z'],
    ]);
  });

  it('tells a snapshot without a lock from one of which it could not be learned', async () => {
    const lock = `<item><snapshotId>${ID}</snapshotId><lockState>expired</lockState></item>`;
    ec2.answers.set('DescribeLockedSnapshots', `<snapshotSet>${lock}</snapshotSet>`);
    const modes = async () => [...(await service.locks([ID, OTHER])).values()].map(({ mode }) => mode);
    expect(await modes()).toEqual(['none', 'none']);
    ec2.answers.set('DescribeLockedSnapshots', { status: 500, body: '<html>oops</html>' });
    expect(await modes()).toEqual(['unknown', 'unknown']);
  });

  it('says whether snapshots may be made public', async () => {
    ec2.answers.set('GetSnapshotBlockPublicAccessState', '<state>block-all-sharing</state>');
    expect(await service.blockPublicAccess()).toBe('block-all-sharing');
    ec2.answers.set('GetSnapshotBlockPublicAccessState', { status: 500, body: '<html>oops</html>' });
    expect(await service.blockPublicAccess()).toBeNull();
  });

  it.each([
    ['an HTML page with status 500', 500, '<html>oops</html>'],
    ['an HTML page with status 200', 200, '<html>portal<br></html>'],
    ['an answer that is cut off', 200, '<CreateSnapshotsResponse><snapshotSet><item><snapshotId>snap'],
  ])('leaves open what became of a call that is answered with %s, and sends it once', async (_what, status, body) => {
    ec2.answers.set('CreateSnapshots', { status, body });
    const request = { instance: 'i-0abc', excludeRoot: false, excludeVolumes: [], tags: { a: 'b' }, description: 'x' };
    const answer = await service.take(request);
    expect(answer.outcome === 'unknown' || (answer.outcome === 'done' && answer.made.length === 0)).toBe(true);
    expect(ec2.asked).toHaveLength(1);
  });

  it('reads page after page, and ends when the same token comes back', async () => {
    const item = `<item><snapshotId>${ID}</snapshotId><volumeId>vol-ffffffff</volumeId><volumeSize>1</volumeSize><status>pending</status></item>`;
    ec2.answers.set('DescribeSnapshots', `<snapshotSet>${item}</snapshotSet><nextToken>same</nextToken>`);
    const { snapshots } = await service.find({ 'kubexhibit.dev/case': 'k7m2p9' });
    expect(ec2.asked).toHaveLength(2);
    expect(snapshots[0]).toMatchObject({ id: ID, volume: null, account: '111122223333', sizeBytes: 1024 ** 3 });
    expect(ec2.asked[0]?.get('Filter.1.Name')).toBe('tag:kubexhibit.dev/case');
  });
});
