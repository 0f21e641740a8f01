/** Counts what of a database could not be read. */
export class Damage {
  count = 0;

  note(): void {
    this.count += 1;
  }
}
