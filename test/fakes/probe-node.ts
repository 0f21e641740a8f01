import type { NodeAccess, NodeCommand, NodeCommandEnd, NodeRung } from '../../src/ports/node-access.js';
import { nodeFacts } from './node-facts.js';

/** What becomes of a connection: of our listener's address and port, or of a named one. */
export type Answering = (place: { readonly from: string; readonly address: string; readonly port: number }) => string;

export interface ProbeNodeOptions {
  readonly rung?: NodeRung;
  /** Lines of /proc/net/tcp. */
  readonly sockets?: readonly string[];
  /** Instead of the honest answer, by the name of the command; `null` = the way is cut. */
  readonly instead?: Readonly<Record<string, string | null>>;
  /** `status errno`: `connected 0`, `timeout 0`, `error 111`. */
  readonly answering: Answering;
}

/** Where the suspect's processes are, and the number of one of them. */
export const SUSPECT_NAMESPACE = '4026532999';
export const SUSPECT_PID = 77;
const LISTENER = '0a000003';
const PORTS: Readonly<Record<string, number>> = { '-': 5001, '77': 5002 };

/** A node with one suspect behind the port: it answers the probes' scripts by their names. Listeners live until they are told to end. */
export class ProbeNode implements NodeAccess {
  readonly facts;
  readonly ran: string[] = [];
  /** Listeners that nobody has ended. */
  listening = 0;
  closed = false;
  readonly #options: ProbeNodeOptions;
  /** What our listeners say, by their port: shared by all ways to the same node. */
  readonly #banners: Map<number, string>;

  constructor(options: ProbeNodeOptions, banners = new Map<number, string>()) {
    this.#options = options;
    this.#banners = banners;
    this.facts = nodeFacts({ rung: options.rung ?? 'collector-pod', node: 'worker' });
  }

  async run(command: NodeCommand, { chunk }: { chunk(bytes: Buffer): void | Promise<void> }): Promise<NodeCommandEnd> {
    this.ran.push(command.name);
    const instead = this.#options.instead?.[command.name];
    if (instead === null) return this.#ended('cut');
    if (instead === undefined && command.name === 'probe-listener') return await this.#listen(command, chunk);
    await chunk(Buffer.from(instead ?? this.#answer(command)));
    return this.#ended('complete');
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  async #listen({ args = [], signal }: NodeCommand, chunk: (bytes: Buffer) => void | Promise<void>) {
    const [place = '', banner = ''] = args;
    const port = PORTS[place] ?? 0;
    this.#banners.set(port, banner);
    this.listening += 1;
    await chunk(Buffer.from(`namespace\t1\nlistening\t4\t${LISTENER}\t${String(port)}\nready\n`));
    await new Promise<void>((resolve) => {
      if (signal?.aborted === true) resolve();
      signal?.addEventListener('abort', () => {
        resolve();
      });
    });
    this.listening -= 1;
    return this.#ended('aborted');
  }

  #answer({ name, args = [], stdin = new Uint8Array() }: NodeCommand): string {
    if (name === 'probe-processes')
      return `own\t3\nfirst\t1\nprocess\t${String(SUSPECT_PID)}/ns/net\t${SUSPECT_NAMESPACE}\n`;
    const inside = `namespace\t${SUSPECT_NAMESPACE}\n`;
    if (name === 'probe-flows') return `${inside}${(this.#options.sockets ?? []).join('\n')}\n${inside}end\n`;
    const from = args[0] === '-' ? 'uncontained' : 'suspect';
    const lines = Buffer.from(stdin).toString().split('\n').slice(0, -1);
    const results = lines.map((line) => this.#connect(line.split('\t'), from));
    return `${from === 'suspect' ? inside : 'namespace\t3\n'}${results.join('')}end\n`;
  }

  #connect([id = '', , hex = '', port = '']: readonly string[], from: string): string {
    const address = Buffer.from(hex, 'hex').join('.');
    const [status = '', errno = ''] = this.#options.answering({ from, address, port: Number(port) }).split(' ');
    const said = status === 'connected' ? Buffer.from(this.#banners.get(Number(port)) ?? '').toString('hex') : '';
    return `result\t${id}\t${status}\t${errno}\t0a000002\t40001\t${said}\n`;
  }

  #ended(end: NodeCommandEnd['end']): NodeCommandEnd {
    const times = { auditId: null, firstByteAt: null, lastByteAt: null };
    const digest = { sizeBytes: 0, sha256: '', farSha256: null, stderr: '', argv: [] };
    return { end, endDetail: end === 'complete' ? null : `it was ${end}`, exitStatus: 0, ...digest, ...times };
  }
}
