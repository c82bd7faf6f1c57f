import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible } from './visible-text.ts';

describe('text for a terminal', () => {
  it('shows what would move the cursor, colour the screen or turn the line, instead of doing it', () => {
    expect(visible('x\nroot: \u001b[2Jdone\r\u009b1m \u202etxt\u007f')).toBe(
      'x\\u000aroot: \\u001b[2Jdone\\u000d\\u009b1m \\u202etxt\\u007f',
    );
  });

  it('is left as it is when it does nothing of that', () => {
    expect(visible('/tmp/Größe 日本 🙂 \\n')).toBe('/tmp/Größe 日本 🙂 \\n');
  });

  it('never holds a control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
