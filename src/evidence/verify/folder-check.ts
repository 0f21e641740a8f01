import type { Findings } from './findings.js';

/** Finds a payload file that is a folder of another one. Paths come in bytewise order; holds those that begin one another, which are few. */
export class FolderCheck {
  readonly #findings: Findings;
  readonly #beginnings: string[] = [];

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  see(path: string): void {
    const beginnings = this.#beginnings;
    for (let last = beginnings.at(-1); last !== undefined && !path.startsWith(last); last = beginnings.at(-1))
      beginnings.pop();
    const folder = beginnings.find((file) => path[file.length] === '/');
    if (folder !== undefined)
      this.#findings.add('grammar', { path, expected: `a folder at ${folder}`, found: 'a file of that name' });
    beginnings.push(path);
  }
}
