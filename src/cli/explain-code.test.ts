import { describe, expect, it } from 'vitest';
import { ERROR_TABLE } from '../model/errors.js';
import { MESSAGE_TABLE } from '../model/message.js';
import { codesOfExit, explainCode, listCodes } from './explain-code.js';
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

  it('lists every code, and those of an exit status', () => {
    expect(
      listCodes()
        .map(({ code }) => code)
        .sort(),
    ).toEqual([...Object.keys(ERROR_TABLE), ...Object.keys(MESSAGE_TABLE)].sort());
    expect(codesOfExit(11).map(({ code }) => code)).toContain('CLUSTER_FORBIDDEN');
    expect(() => codesOfExit(77)).toThrow('no error ends with exit status 77; there are: 1, 2, 3');
  });
});
