import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirm, confirmByTyping } from './confirm.js';

const signal = new AbortController().signal;
const declined = expect.objectContaining({ code: 'DECLINED', exitCode: 5 }) as Error;

function terminal(typed: string) {
  const output = new PassThrough();
  const input = new PassThrough();
  input.end(typed);
  return { input, output, shown: () => String(output.read() ?? '') };
}

describe('a question', () => {
  it.each(['y\n', 'yes\n', ' YES \n'])('is answered with yes by %j', async (typed) => {
    await expect(confirm('Close?', { yes: false, mayAsk: true, signal }, terminal(typed))).resolves.toBeUndefined();
  });

  it.each(['\n', 'n\n', 'yy\n', 'ok\n', ''])('is answered with no by %j', async (typed) => {
    await expect(confirm('Close?', { yes: false, mayAsk: true, signal }, terminal(typed))).rejects.toThrow(declined);
  });

  it('is not asked when there is nobody to answer, whatever stands in the input', async () => {
    const { shown, ...streams } = terminal('yes\n');
    await expect(confirm('Close?', { yes: false, mayAsk: false, signal }, streams)).rejects.toThrow(declined);
    expect(shown()).toBe('');
  });

  it('is not asked with --yes', async () => {
    const { shown, ...streams } = terminal('no\n');
    await confirm('Close?', { yes: true, mayAsk: true, signal }, streams);
    expect(shown()).toBe('');
  });

  it('is escaped', async () => {
    const { shown, ...streams } = terminal('y\n');
    await confirm('Trust \u001b[2Kme?', { yes: false, mayAsk: true, signal }, streams);
    expect(shown()).toContain('Trust \\x1b[2Kme? [y/N]');
  });

  it('ends when the run is interrupted', async () => {
    const controller = new AbortController();
    const asking = confirm(
      'Close?',
      { yes: false, mayAsk: true, signal: controller.signal },
      { input: new PassThrough(), output: new PassThrough() },
    );
    controller.abort();
    await expect(asking).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});

describe('a question that is answered by typing', () => {
  const asked = { question: 'Two are removed.', word: 'k7m2p9' };

  it('is answered by the word alone', async () => {
    const { shown, ...streams } = terminal('k7m2p9\n');
    await expect(confirmByTyping(asked, { yes: false, mayAsk: true, signal }, streams)).resolves.toBeUndefined();
    expect(shown()).toContain('Two are removed. Type k7m2p9 to go on: ');
  });

  it.each(['y\n', 'yes\n', 'K7M2P9\n', '\n', ''])('is answered with no by %j', async (typed) => {
    const answers = { yes: false, mayAsk: true, signal };
    await expect(confirmByTyping(asked, answers, terminal(typed))).rejects.toThrow(declined);
  });

  it('is declined when there is nobody to answer, and not asked with --yes', async () => {
    const nobody = { yes: false, mayAsk: false, signal };
    await expect(confirmByTyping(asked, nobody, terminal('k7m2p9\n'))).rejects.toThrow(declined);
    await confirmByTyping(asked, { yes: true, mayAsk: true, signal }, terminal(''));
  });
});
