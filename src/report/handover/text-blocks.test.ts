import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/fakes/any-text.js';
import { renderText } from './render-text.js';
import { textBlocks } from './text-blocks.js';

const internal = expect.objectContaining({ code: 'INTERNAL' }) as Error;

describe('a template of a plain document', () => {
  it('has titles, headings, paragraphs, bullets, lines to fill in and commands', () => {
    const template = '# T\n\n## H\n\none\ntwo {{x}}\n\n- b\n  more\n\n_ Name\n\n    run {{x}}\n    it\n';
    expect(textBlocks(template, { x: '1' })).toEqual([
      { kind: 'title', text: 'T' },
      { kind: 'heading', text: 'H' },
      { kind: 'paragraph', text: 'one two 1' },
      { kind: 'bullet', text: 'b more' },
      { kind: 'blank', text: 'Name' },
      { kind: 'verbatim', lines: ['run 1', 'it'] },
    ]);
  });

  it('repeats a block for each value of a list, and leaves out a block whose value is null', () => {
    expect(
      textBlocks('- {{*all}} of {{n}}\n\n{{none}} here\n\n    {{none}}', { all: ['a', 'b'], n: '2', none: null }),
    ).toEqual([
      { kind: 'bullet', text: 'a of 2' },
      { kind: 'bullet', text: 'b of 2' },
    ]);
  });

  it('fails for a name that nobody fills, also one that every object has, and for stray braces', () => {
    expect(() => textBlocks('{{x}}', {})).toThrow(internal);
    expect(() => textBlocks('{{constructor}}', {})).toThrow(internal);
    expect(() => textBlocks('{{not a name}}', {})).toThrow(internal);
  });

  it('never takes a value for structure, and never fills in what a value says', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const hostile = `\n\n# ${value}{{secret}}\n\n- x`;
        expect(textBlocks('a {{x}} b', { x: hostile, secret: 'filled' })).toEqual([
          { kind: 'paragraph', text: `a ${hostile} b` },
        ]);
      }),
    );
  });

  it('bounds each value', () => {
    const [block] = textBlocks('{{x}}', { x: 'y'.repeat(1_000_000) });
    expect(block?.kind === 'paragraph' ? block.text.length : 0).toBe(1500);
  });
});

describe('plain text', () => {
  it('wraps at 78 columns, hangs bullets, underlines headings, and puts the marking first', () => {
    const long = 'word '.repeat(30).trim();
    const text = renderText(textBlocks('## {{h}}\n\n- {{x}}\n\n- {{x}}\n\n_ Sign', { h: 'H', x: long }), 'SECRET');
    const lines = text.split('\n');
    expect(lines.slice(0, 6)).toEqual(['='.repeat(78), 'SECRET', '='.repeat(78), '', 'H', '-']);
    expect(Math.max(...lines.map((line) => line.length))).toBe(78);
    expect(text).toContain(`\n  * ${'word '.repeat(15).trim()}\n    word`);
    expect(text).toContain('\nSign:\n\n    ____');
  });

  it('shows what would act in a terminal', () => {
    expect(renderText(textBlocks('{{x}}', { x: '\u001b]0;t\u0007\u202e\r' }), null)).toBe(
      '\\x1b]0;t\\x07\\u{202e}\\r\n',
    );
  });
});
