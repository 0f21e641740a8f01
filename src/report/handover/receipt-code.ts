import qrcode from 'qrcode-generator';

/** Modules of white around the code that readers need. */
const QUIET = 4;

export interface ReceiptCode {
  /** Modules on each side, the quiet zone included. */
  readonly size: number;
  /** Dark modules as horizontal runs. */
  readonly runs: readonly { readonly x: number; readonly y: number; readonly length: number }[];
}

/** A QR code over printable ASCII of at most 1 KiB, error correction M. Throws a string for longer text, as the library does. */
export function receiptCode(text: string): ReceiptCode {
  const code = qrcode(0, 'M');
  code.addData(text, 'Byte');
  code.make();
  const side = code.getModuleCount();
  const runs: { x: number; y: number; length: number }[] = [];
  for (let y = 0; y < side; y += 1) {
    let length = 0;
    for (let x = 0; x <= side; x += 1) {
      if (x < side && code.isDark(y, x)) length += 1;
      else if (length > 0) {
        runs.push({ x: x - length + QUIET, y: y + QUIET, length });
        length = 0;
      }
    }
  }
  return { size: side + 2 * QUIET, runs };
}

/** The path data of the code in a square of `size` units. */
export function svgPathOf({ runs }: ReceiptCode): string {
  return runs.map(({ x, y, length }) => `M${String(x)} ${String(y)}h${String(length)}v1h-${String(length)}z`).join('');
}
