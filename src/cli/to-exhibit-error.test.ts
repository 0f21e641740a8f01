import { Errors } from '@oclif/core';
import { describe, expect, it } from 'vitest';
import { ExhibitError } from '../model/errors.js';
import { type ErrorContext, toExhibitError, unknownCommand } from './to-exhibit-error.js';

const context: ErrorContext = {
  command: 'case list',
  bin: 'exhibit',
  flagNames: ['output', 'json'],
  interrupted: null,
};

describe('what was thrown as the one error that can be shown', () => {
  it('keeps an error of ours as it is', () => {
    const error = new ExhibitError('CASE_INVALID', 'no');
    expect(toExhibitError(error, context)).toBe(error);
  });

  it('turns what the framework says of the command line into exit 2 with the help to read', () => {
    const error = toExhibitError(
      new Errors.CLIError('Missing 1 required arg\nSee more help with --help', { exit: 1 }),
      context,
    );
    expect(error).toMatchObject({
      code: 'USAGE_INVALID',
      exitCode: 2,
      message: 'Missing 1 required arg',
      hints: ['exhibit help case list'],
    });
  });

  it('never repeats the value of an unknown flag', () => {
    const thrown = Object.assign(new Errors.CLIError('Nonexistent flag: --ouput=s3cr3t'), {
      flags: ['--ouput=s3cr3t'],
    });
    const error = toExhibitError(thrown, context);
    expect(error.message).toBe('There is no flag --ouput. Did you mean --output?');
    expect(JSON.stringify(error)).not.toContain('s3cr3t');
  });

  it('takes anything else for a bug, without credentials that its text holds', () => {
    const error = toExhibitError(new TypeError('bad header: Bearer abcdefghijklmnop'), context);
    expect(error).toMatchObject({ code: 'INTERNAL', exitCode: 1, message: 'bad header: Bearer [credential]' });
    expect(toExhibitError('a string', context).code).toBe('INTERNAL');
  });

  it('blames an abort on the signal that caused it, and only then', () => {
    const abort = new DOMException('This operation was aborted', 'AbortError');
    const interrupted = new ExhibitError('INTERRUPTED', 'interrupted');
    expect(toExhibitError(abort, { ...context, interrupted })).toBe(interrupted);
    expect(toExhibitError(abort, context).code).toBe('INTERNAL');
    expect(toExhibitError(new TypeError('x'), { ...context, interrupted }).code).toBe('INTERNAL');
  });

  it('names the nearest command', () => {
    const commands = ['case list', 'collect', 'verify'];
    expect(unknownCommand(['colect'], commands, 'exhibit').message).toContain('Did you mean exhibit collect?');
    expect(unknownCommand(['case', 'lst'], commands, 'exhibit').message).toContain('Did you mean exhibit case list?');
    expect(unknownCommand(['zzzzzz'], commands, 'exhibit').message).toBe('There is no command zzzzzz.');
  });
});
