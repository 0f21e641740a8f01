import { describe, expect, it } from 'vitest';
import { ERROR_TABLE } from '../model/errors.js';
import { MESSAGE_TABLE } from '../model/message.js';
import { explainCode } from './explain-code.js';
import { explainResult } from './results/key-results.js';

describe('explain', () => {
  it('knows every code of both tables', () => {
    for (const code of Object.keys(ERROR_TABLE))
      expect(explainResult.parse(explainCode(code))).toMatchObject({ code, kind: 'error' });
    for (const code of Object.keys(MESSAGE_TABLE))
      expect(explainResult.parse(explainCode(code))).toMatchObject({ code, kind: 'message' });
  });

  it('reads a code in any case and with dashes', () => {
    expect(explainCode(' case-locked ')).toMatchObject({ code: 'CASE_LOCKED', exitCode: 30 });
  });

  it('suggests the nearest code, and does not take inherited names for codes', () => {
    expect(() => explainCode('CASE_LOKED')).toThrow('did you mean CASE_LOCKED?');
    for (const code of ['constructor', '__proto__', 'toString'])
      expect(() => explainCode(code)).toThrow('there is no code');
  });
});
