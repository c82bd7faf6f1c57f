import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { goldenFrames } from './golden.ts';

const page = readFileSync(new URL('../../../docs/nfs-notice.md', import.meta.url), 'utf8');

/** Blocks that say "nfs NAME" on their fence, as bytes. */
const shown = new Map(
  [...page.matchAll(/^```text nfs (\S+)\n([0-9a-f\s]+)^```$/gm)].map(([, name, text]) => [
    name,
    (text ?? '').replaceAll(/\s/g, ''),
  ]),
);

test.each(Object.entries(goldenFrames()))(
  'docs/nfs-notice.md shows the bytes of %s',
  (name, frame) => {
    expect(shown.get(name)).toBe(frame.toString('hex'));
  },
);

test('docs/nfs-notice.md shows no other frames of the NFS server', () => {
  expect(new Set(shown.keys())).toEqual(new Set(Object.keys(goldenFrames())));
});
