/** Best effort: a terminal that went away must not stop a collection. */
export function writeStderr(text: string): void {
  try {
    process.stderr.write(text);
  } catch {
    // Nobody is left to tell.
  }
}
