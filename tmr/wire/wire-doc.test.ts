import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkFrame } from './frame.ts';
import { goldenFromMonitor, goldenPeerMessages, goldenToMonitor } from './golden.ts';
import { goldenFrames } from './golden-frames.ts';
import { decodeFromMonitor, decodeToMonitor } from './monitor-codec.ts';
import { decodePeerMessage } from './peer-codec.ts';

const page = new URL('../../docs/wire.md', import.meta.url);

/** Blocks fenced as ```golden NAME with hex digits and white space. */
function documented(): Map<string, string> {
  const text = readFileSync(page, 'utf8');
  const blocks = text.matchAll(/^```golden (.+)\n([0-9a-f\s]+)```$/gm);
  return new Map([...blocks].map(([, name, hex]) => [name ?? '', (hex ?? '').replace(/\s/g, '')]));
}

describe('docs/wire.md', () => {
  const shown = documented();

  it.each([...goldenFrames()])('shows the bytes of %s', (name, hex) => {
    expect(shown.get(name)).toBe(hex);
  });

  it('shows nothing that is not sent', () => {
    expect([...shown.keys()].sort()).toEqual([...goldenFrames().keys()].sort());
  });

  it('can be read back', () => {
    const read = (name: string): Buffer => {
      const record = Buffer.from(shown.get(name) ?? '', 'hex').subarray(4);
      return checkFrame(record) as Buffer;
    };
    for (const [type, message] of Object.entries(goldenPeerMessages)) {
      expect(decodePeerMessage(read(`peer ${type}`))).toEqual(message);
    }
    for (const [type, message] of Object.entries(goldenToMonitor)) {
      expect(decodeToMonitor(read(`to-monitor ${type}`))).toEqual(message);
    }
    for (const [type, message] of Object.entries(goldenFromMonitor)) {
      expect(decodeFromMonitor(read(`from-monitor ${type}`))).toEqual(message);
    }
  });
});
