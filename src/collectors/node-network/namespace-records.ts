import { GrepRecords, type GrepRecord } from '../grep-records.js';

export interface NamespaceConsumer {
  /** `file` without the process: `tcp`, `sctp/assocs`, `tool/ss`. The content is valid during the call only. */
  record(namespace: string, file: string, content: Buffer): void;
  /** What was recorded of a namespace is all, and surely its own. Not called where that cannot be said. */
  sure(namespace: string): void;
}

/** Namespaces by the references that a script was given, byte for byte. */
export type Handles = ReadonlyMap<string, string>;

/** Reads what the scripts print of the namespaces as it goes by. */
export class NamespaceRecords {
  readonly #handles: Handles;
  readonly #consumer: NamespaceConsumer;
  readonly #before = new Map<string, string>();
  readonly #records: GrepRecords;
  #entered: string | null = null;

  constructor(handles: Handles, consumer: NamespaceConsumer) {
    this.#handles = handles;
    this.#consumer = consumer;
    this.#records = new GrepRecords('LF', (record) => {
      this.#take(record);
    });
  }

  feed(chunk: Buffer): void {
    this.#records.feed(chunk);
  }

  #take({ name, content }: GrepRecord): void {
    if (name === 'before' || name === 'after') {
      this.#check(name, content.toString('latin1'));
      return;
    }
    if (name === 'namespace') {
      const namespace = content.toString('latin1');
      this.#entered = /^\d{1,12}$/.test(namespace) ? namespace : null;
      return;
    }
    const [, inside, tool] = /^(\d{1,12})\/(tool\/.*)$/.exec(name) ?? [];
    if (inside !== undefined && tool !== undefined) {
      this.#consumer.record(inside, tool, content);
      return;
    }
    const [, pid, file] = /^(\d{1,10})\/net\/(.*)$/.exec(name) ?? [];
    const namespace = pid === undefined ? this.#entered : this.#handles.get(`${pid}/ns/net`);
    if (typeof namespace === 'string') this.#consumer.record(namespace, file ?? name, content);
  }

  #check(when: 'before' | 'after', text: string): void {
    const space = text.lastIndexOf(' ');
    const handle = text.slice(0, space);
    const inode = text.slice(space + 1);
    this.#entered = null;
    if (when === 'before') this.#before.set(handle, inode);
    else if (this.#handles.get(handle) === inode && this.#before.get(handle) === inode) this.#consumer.sure(inode);
  }
}
