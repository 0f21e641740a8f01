import { describe, expect, it } from 'vitest';
import { ERROR_TABLE, type ErrorCode, ExhibitError } from '../model/errors.js';
import { errorDocument, renderError } from './render-error.js';
import { errorResult } from './results/error-result.js';

const plain = { debug: false };

describe('an error for people', () => {
  it('says what failed on which object, the cause, what is safe, one command and the code', () => {
    const error = new ExhibitError('CASE_LOCKED', 'case k7m2p9 is being written', {
      subject: 'pid 4242',
      hints: ['ps -p 4242'],
      safe: 'Nothing was changed.',
    });
    expect(renderError(error, plain)).toBe(
      [
        'Error: case k7m2p9 is being written (pid 4242)',
        ERROR_TABLE.CASE_LOCKED.meaning,
        'Safe: Nothing was changed.',
        'Try: ps -p 4242',
        'Code: CASE_LOCKED (exit 30; exhibit explain CASE_LOCKED)',
        '',
      ].join('\n'),
    );
  });

  it('has a command or a remedy to try for every code', () => {
    for (const code of Object.keys(ERROR_TABLE) as ErrorCode[]) {
      expect(renderError(new ExhibitError(code, 'x'), plain)).toMatch(/^Try: \S.+$/m);
    }
  });

  it('asks to report a bug and shows the stack with --debug only', () => {
    const cause = new TypeError('x is not a function');
    const error = new ExhibitError('INTERNAL', 'x is not a function', { cause });
    expect(renderError(error, plain)).toContain('Please report it');
    expect(renderError(error, plain)).not.toContain('render-error.test');
    expect(renderError(error, { debug: true })).toContain('render-error.test');
  });

  it('lets no escape sequence of a hostile name through', () => {
    const hostile = 'pod\u001b]0;owned\u0007\u202egnp.exe';
    const text = renderError(
      new ExhibitError('TARGET_GONE', `no pod ${hostile}`, { subject: hostile, hints: [hostile] }),
      { debug: true },
    );
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text).toContain('\\x1b]0;owned\\x07\\u{202e}gnp.exe');
  });

  it('shows a cause with --debug, but no credential that stands in it', () => {
    const cause = new Error('GET failed: authorization: Bearer s3cr3t-value-0123456789');
    const text = renderError(new ExhibitError('CLUSTER_UNREACHABLE', 'no answer', { cause }), { debug: true });
    expect(text).toContain('GET failed');
    expect(text).not.toContain('s3cr3t');
  });
});

describe('an error for programs', () => {
  it('holds the allow-list and nothing of the cause or of added properties', () => {
    const cause = Object.assign(new Error('token=s3cr3t'), { secret: 's3cr3t', $metadata: { key: 's3cr3t' } });
    const error = Object.assign(new ExhibitError('CUT', 'the answer ended early', { cause, subject: '/api' }), {
      password: 's3cr3t',
    });
    const document = errorDocument(error);
    expect(JSON.stringify(document)).not.toContain('s3cr3t');
    expect(errorResult.parse(JSON.parse(JSON.stringify(document)))).toEqual({
      error: {
        code: 'CUT',
        exitCode: 10,
        message: 'the answer ended early',
        subject: '/api',
        hints: [],
        retryable: false,
      },
    });
  });
});
