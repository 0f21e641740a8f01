import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';

const BASE = 0x40_0000;
const HEADERS_BYTES = 64 + 56;

/** `pause()` for ever, and `ppoll(NULL, 0, NULL, NULL)` where there is no such call. */
const MACHINES: Readonly<Record<string, { readonly machine: number; readonly code: readonly number[] }>> = {
  x64: { machine: 62, code: [0xb8, 0x22, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7] },
  arm64: {
    machine: 183,
    code: [0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800928, 0xd4000001, 0x17fffffa].flatMap((word) => [
      word & 0xff,
      (word >>> 8) & 0xff,
      (word >>> 16) & 0xff,
      word >>> 24,
    ]),
  },
};

/**
 * Writes an executable of its own that waits until it is killed, whatever it is called: `sleep` of some systems is one program for many
 * names, and does nothing under another one. Elsewhere than on x64 and arm64 it is a copy of sleep all the same.
 */
export function writePausingProgram(path: string): void {
  const known = MACHINES[process.arch];
  if (known === undefined) {
    copyFileSync('/bin/sleep', path);
    return;
  }
  const code = Buffer.from(known.code);
  const file = Buffer.alloc(HEADERS_BYTES + code.length);
  file.write('\x7fELF\x02\x01\x01', 'latin1');
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(known.machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(BASE + HEADERS_BYTES), 24);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  // One segment: the whole file, to be read and run.
  file.writeUInt32LE(1, 64);
  file.writeUInt32LE(5, 68);
  file.writeBigUInt64LE(BigInt(BASE), 80);
  file.writeBigUInt64LE(BigInt(BASE), 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(4096n, 112);
  code.copy(file, HEADERS_BYTES);
  writeFileSync(path, file);
  chmodSync(path, 0o755);
}
