import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../../test/fakes/stock-tools.js';
import { asciiJson } from '../lib/ascii-json.js';
import type { Receipt } from '../model/exhibit.js';
import { readReceiptFile } from './receipt-file.js';

const RECEIPT: Receipt = {
  exhibitId: 'case-abcd-x0001',
  sequence: 1,
  kind: 'drill',
  tagmanifestSha256: 'a'.repeat(64),
  custodyHeadSha256: 'b'.repeat(64),
  custodyEntries: 3,
  payloadFiles: 1,
  payloadBytes: 7,
  containerSha256: 'c'.repeat(64),
  signer: 'SHA256:abc',
};

let directory: string;
let pipes = 0;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-receipt-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A pipe that a shell writes into; it is open for writing before the path is given back. */
async function pipeFrom(line: string): Promise<string> {
  const path = join(directory, `pipe-${String((pipes += 1))}`);
  expect(runTool('mkfifo', [path]).status).toBe(0);
  // Open for reading as well, so that it does not wait for a reader, and closed when the shell ends.
  const shell = spawn('bash', ['-c', `exec 3<>"$0"; echo open; ${line}`, path], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise((resolve) => shell.stdout.once('data', resolve));
  return path;
}

describe('a receipt', () => {
  it('is read from a file, and from a pipe in as many pieces as it comes', async () => {
    const file = join(directory, 'receipt.json');
    writeFileSync(file, asciiJson(RECEIPT));
    expect(await readReceiptFile(file)).toEqual(RECEIPT);
    const slow = `head -c 100 ${file} >&3; sleep 0.1; tail -c +101 ${file} >&3; sleep 0.1`;
    expect(await readReceiptFile(await pipeFrom(slow))).toEqual(RECEIPT);
  });

  it('is none: too long, something else, not there, nothing written into a pipe', async () => {
    const endless = await pipeFrom('yes >&3');
    await expect(readReceiptFile(endless)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    const silent = await pipeFrom('sleep 0.1');
    await expect(readReceiptFile(silent)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await expect(readReceiptFile(directory)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    expect(await readReceiptFile(join(directory, 'nowhere'))).toBeNull();
  });
});
