const LF = 0x0a;
/** Longer lines are no metrics; their rest is not looked at. Bytes. */
const MAX_LINE_BYTES = 16_384;
/** The largest kubelet has some 500 families. */
const MAX_NAMES = 20_000;

const TYPE_LINE = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) /;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{.*\}(?= )|(?= ))/;

/** Reads metrics in the Prometheus text format as they go by, and keeps the names in them and the last series. */
export class MetricNames {
  /** Families as announced, and the names of the samples. */
  readonly names = new Set<string>();
  /** Name and labels of the last sample; empty while there was none. */
  lastSeries = '';
  /** There were more names than are kept, so that a comparison proves nothing. */
  overflowed = false;
  #carried: Buffer = Buffer.alloc(0);

  /** Reads the chunk only during the call. */
  feed(chunk: Buffer): void {
    let from = 0;
    for (let lf = chunk.indexOf(LF); lf !== -1; lf = chunk.indexOf(LF, from)) {
      this.#carry(chunk.subarray(from, lf));
      this.#line(this.#carried.toString('latin1'));
      this.#carried = Buffer.alloc(0);
      from = lf + 1;
    }
    this.#carry(chunk.subarray(from));
  }

  #carry(bytes: Buffer): void {
    const room = MAX_LINE_BYTES - this.#carried.length;
    if (room > 0 && bytes.length > 0) this.#carried = Buffer.concat([this.#carried, bytes.subarray(0, room)]);
  }

  #line(line: string): void {
    const sample = SAMPLE.exec(line);
    if (sample !== null) this.lastSeries = sample[0];
    const name = sample?.[1] ?? TYPE_LINE.exec(line)?.[1];
    if (name === undefined || this.names.has(name)) return;
    if (this.names.size >= MAX_NAMES) this.overflowed = true;
    else this.names.add(name);
  }
}
