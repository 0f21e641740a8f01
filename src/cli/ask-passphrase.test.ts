import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExhibitError } from '../model/errors.js';
import { askPassphrase, type PassphraseTerminal } from './ask-passphrase.js';
import { HiddenLine } from './hidden-line.js';
import { newPassphrase, terminalPassphrases } from './passphrase-source.js';

interface FakeTerminal extends PassphraseTerminal {
  readonly input: PassThrough & { setRawMode: (on: boolean) => void };
  readonly output: PassThrough;
  readonly raw: boolean[];
  shown(): string;
}

function fakeTerminal(interrupt: () => void = () => undefined): FakeTerminal {
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), { setRawMode: (on: boolean) => raw.push(on) });
  const output = new PassThrough();
  return { input, output, interrupt, raw, shown: () => String(output.read() ?? '') };
}

const answers = { yes: false, mayAsk: true, signal: new AbortController().signal };

describe('askPassphrase', () => {
  it('takes a line and shows nothing of it', async () => {
    const terminal = fakeTerminal();
    terminal.input.write('s3cret\n');
    expect((await askPassphrase('the key /k', answers, terminal)).toString()).toBe('s3cret');
    expect(terminal.shown()).toBe('Passphrase for the key /k: \n');
    expect(terminal.raw).toEqual([true, false]);
  });

  it('silences the terminal before it asks, and until it has answered', async () => {
    const order: string[] = [];
    const input = Object.assign(new PassThrough(), { setRawMode: (on: boolean) => order.push(`raw ${String(on)}`) });
    const output = new PassThrough();
    output.on('data', (text: Buffer) => order.push(text.toString().trim()));
    input.write('x\n');
    await askPassphrase('k', answers, { input, output, interrupt: () => undefined });
    await new Promise((resolve) => setImmediate(resolve));
    expect(order[0]).toBe('raw true');
    expect(order.filter((entry) => entry.startsWith('raw'))).toEqual(['raw true', 'raw false']);
  });

  it('escapes what it asks about', async () => {
    const terminal = fakeTerminal();
    terminal.input.write('x\r');
    await askPassphrase('/k\u001b[2J\n', answers, terminal);
    expect(terminal.shown()).not.toMatch(/\u001b|\/k\n/);
  });

  it('leaves what was typed after the line to the next question', async () => {
    const terminal = fakeTerminal();
    terminal.input.write('one\ntwo\n');
    const source = terminalPassphrases(answers, terminal);
    expect((await source.read('a')).toString()).toBe('one');
    expect((await source.read('b')).toString()).toBe('two');
  });

  it('asks nobody where nobody may be asked, or is there', async () => {
    const terminal = fakeTerminal();
    const refused = askPassphrase('k', { ...answers, mayAsk: false }, terminal);
    await expect(refused).rejects.toMatchObject({ code: 'DECLINED' });
    expect(terminal.shown()).toBe('');
  });

  it.each([
    ['Ctrl-D', '\u0004'],
    ['the end of the input', null],
  ])('is declined by %s', async (_what, typed) => {
    const terminal = fakeTerminal();
    if (typed === null) terminal.input.end();
    else terminal.input.write(`sec${typed}`);
    await expect(askPassphrase('k', answers, terminal)).rejects.toMatchObject({ code: 'DECLINED' });
    expect(terminal.raw.at(-1)).toBe(false);
  });

  it('hands Ctrl-C on and ends as the interruption says', async () => {
    const controller = new AbortController();
    const reason = new ExhibitError('INTERRUPTED', 'interrupted');
    const terminal = fakeTerminal(() => {
      controller.abort(reason);
    });
    terminal.input.write('sec\u0003');
    await expect(askPassphrase('k', { ...answers, signal: controller.signal }, terminal)).rejects.toBe(reason);
    expect(terminal.raw.at(-1)).toBe(false);
  });

  it('does not begin to wait after an interruption', async () => {
    const reason = new ExhibitError('INTERRUPTED', 'interrupted');
    const asked = askPassphrase('k', { ...answers, signal: AbortSignal.abort(reason) }, fakeTerminal());
    await expect(asked).rejects.toBe(reason);
  });
});

describe('newPassphrase', () => {
  it('is asked for twice, and both must be the same', async () => {
    const terminal = fakeTerminal();
    terminal.input.write('same\nsame\nsame\nother\n');
    const source = terminalPassphrases(answers, terminal);
    expect((await newPassphrase(source, 'k')).toString()).toBe('same');
    await expect(newPassphrase(source, 'k')).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });

  it('is taken once from a source that does not repeat itself', async () => {
    let reads = 0;
    const read = async (): Promise<Buffer> => Buffer.from(String((reads += 1)));
    expect((await newPassphrase({ maxTries: 1, read }, 'k')).toString()).toBe('1');
    expect(reads).toBe(1);
  });
});

describe('HiddenLine', () => {
  const typed = (bytes: string | Buffer): string => {
    const line = new HiddenLine();
    line.push(Buffer.from(bytes as string));
    return line.take().toString();
  };

  it.each([
    ['backspace takes a character', 'abc\u007f\u0008x\n', 'ax'],
    ['backspace takes all bytes of one', 'a\u00e9\u20ac\u{1f511}\u007f\u007f\n', 'a\u00e9'],
    ['backspace at the beginning does nothing', '\u007f\u007fa\n', 'a'],
    ['Ctrl-U takes the line', 'wrong\u0015right\n', 'right'],
    ['bytes above the limit are dropped', `${'a'.repeat(2000)}\n`, 'a'.repeat(1024)],
  ])('%s', (_what, bytes, line) => {
    expect(typed(bytes)).toBe(line);
  });

  it('gives back the bytes after the end of the line, in whatever pieces it got them', () => {
    const piece = fc.stringMatching(/^[a-z]{0,6}$/);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }), piece, fc.constantFrom('\n', '\r'), (pieces, rest, end) => {
        const line = new HiddenLine();
        for (const text of pieces) expect(line.push(Buffer.from(text))).toHaveLength(0);
        expect(line.push(Buffer.from(`${end}${rest}`)).toString()).toBe(rest);
        expect([line.state, line.take().toString(), line.take().length]).toEqual(['done', pieces.join(''), 0]);
      }),
    );
  });
});
