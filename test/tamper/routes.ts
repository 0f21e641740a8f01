/** The ways to check an archive that are compared. Each says whether the archive passes. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTsaRoots } from '../../src/workflows/read-tsa-roots.js';
import { verifyArchive } from '../../src/evidence/verify/verify-archive.js';
import { NOW_MS } from '../fakes/verify-bytes.js';
import type { Shape } from './shapes.js';

/** A stock tool that is still busy then is taken for one that does not pass. */
const TOOL_TIMEOUT_MS = 600_000;
const BAGIT = 'import sys, bagit\nbagit.Bag(sys.argv[1]).validate()';

export const ROUTES = ['ours', 'ours-receipt', 'ours-tsa', 'guide', 'guide-receipt', 'bagit'] as const;
export type Route = (typeof ROUTES)[number];
/** Those that start programs. */
export const STOCK: ReadonlySet<Route> = new Set<Route>(['guide', 'guide-receipt', 'bagit']);

/** A folder of one archive under test, with everything that a checker is given from outside. */
export class Workbench {
  readonly #directory = mkdtempSync(join(tmpdir(), 'exhibit-tamper-'));
  readonly #shape: Shape;

  constructor(shape: Shape, container: Buffer) {
    this.#shape = shape;
    writeFileSync(this.#path('archive.tar.gz'), container);
    writeFileSync(this.#path('receipt.json'), JSON.stringify(shape.receipt));
    writeFileSync(this.#path('allowed_signers'), shape.allowedSigners);
    if (shape.tsaRoot !== null) writeFileSync(this.#path('tsa.pem'), shape.tsaRoot);
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Whether the archive passes; `null` where the route has nothing to ask for. */
  async passes(route: Route): Promise<boolean | null> {
    if (route === 'ours-tsa' && this.#shape.tsaRoot === null) return null;
    if (route === 'bagit') return await this.#bagit();
    return STOCK.has(route) ? await this.#guide(route) : await this.#ours(route);
  }

  async #ours(route: Route): Promise<boolean> {
    const { partBytes, allowedSigners, receipt } = this.#shape;
    const { verdict } = await verifyArchive({
      archivePath: this.#path('archive.tar.gz'),
      allowedSigners: { source: 'outside', text: allowedSigners },
      now: this.#shape.tsaRoot === null ? NOW_MS : Date.now(),
      scratchDirectory: this.#directory,
      ...(partBytes === null ? {} : { partBytes }),
      ...(route === 'ours-receipt' ? { receipt } : {}),
      ...(route === 'ours-tsa' ? { tsaRoots: await readTsaRoots(this.#path('tsa.pem')) } : {}),
    });
    return verdict === 'VERIFIED' || verdict === 'VERIFIED_PARTIAL';
  }

  /** The code blocks of VERIFY.md, as somebody has them who took them from a good copy. */
  async #guide(route: Route): Promise<boolean> {
    const guide = this.#shape.bag.files.get('VERIFY.md')?.toString('latin1') ?? '';
    const script = [...guide.matchAll(/^~~~ bash\n(.*?)^~~~$/gms)].map((block) => block[1] ?? '').join('');
    const file = this.#path('guide.sh');
    writeFileSync(file, script);
    const home = this.#path(`home-${route}`);
    mkdirSync(home);
    const environment = {
      ARCHIVE: this.#path('archive.tar.gz'),
      RECEIPT: route === 'guide-receipt' ? this.#path('receipt.json') : '',
      ALLOWED_SIGNERS: this.#path('allowed_signers'),
      TSA_CA: '',
      REVOKED: '',
      HOME: home,
      TMPDIR: home,
    };
    return await ended('bash', ['-euo', 'pipefail', file], { environment, directory: home, hidesBagit: true });
  }

  /** tar first, which is what somebody does who has nothing but a bag checker. */
  async #bagit(): Promise<boolean> {
    const folder = this.#path('bag');
    mkdirSync(folder);
    const unpacked = await ended('tar', ['-xzf', this.#path('archive.tar.gz'), '-C', folder, '--no-same-owner']);
    const [name] = readdirSync(folder);
    if (!unpacked || name === undefined) return false;
    return await ended('python3', ['-c', BAGIT, join(folder, this.#shape.bag.root)]);
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

interface Ending {
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** The guide runs bagit.py where it finds it; the routes are to be told apart. */
  readonly hidesBagit?: boolean;
}

/** Whether a program ends with 0. */
async function ended(program: string, args: readonly string[], options: Ending = {}): Promise<boolean> {
  const { environment = {}, directory, hidesBagit = false } = options;
  const path = process.env['PATH'] ?? '';
  const PATH = hidesBagit
    ? path
        .split(':')
        .filter((folder) => !folder.includes('venv'))
        .join(':')
    : path;
  return await new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      {
        env: { PATH, LC_ALL: 'C', ...environment },
        ...(directory === undefined ? {} : { cwd: directory }),
        timeout: TOOL_TIMEOUT_MS,
        killSignal: 'SIGKILL',
        maxBuffer: 64 * 1024 * 1024,
      },
      (error) => {
        resolve(error === null);
      },
    );
    child.stdin?.end();
  });
}
