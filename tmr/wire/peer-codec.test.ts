import { describe, expect, it } from 'vitest';
import { goldenPeerMessages } from './golden.ts';
import { decodePeerMessage, encodePeerMessage } from './peer-codec.ts';
import { XdrError, XdrWriter } from './xdr.ts';

describe('frames between tracers', () => {
  it.each(Object.values(goldenPeerMessages))('$type comes back from its bytes', (message) => {
    const writer = new XdrWriter();
    encodePeerMessage(writer, message);
    expect(decodePeerMessage(Buffer.from(writer.bytes()))).toEqual(message);
  });

  it('keeps pseudo calls and large rendezvous numbers exact', () => {
    const golden = goldenPeerMessages.vote;
    if (golden.type !== 'vote') throw new Error('unreachable');
    const message = { type: 'vote', vote: { ...golden.vote, call: -3, k: 2 ** 40 + 1 } } as const;
    const writer = new XdrWriter();
    encodePeerMessage(writer, message);
    expect(writer.length).toBe(52);
    expect(decodePeerMessage(writer.bytes())).toEqual(message);
  });

  it('refuses a vote without a whole time, an unknown type and a cut frame', () => {
    const writer = new XdrWriter();
    encodePeerMessage(writer, goldenPeerMessages.vote);
    const bytes = Buffer.from(writer.bytes());
    expect(() => decodePeerMessage(bytes.subarray(0, 40))).toThrow(XdrError);
    for (const elapsedNs of [NaN, Infinity, 0.5, 2 ** 53]) {
      bytes.writeDoubleBE(elapsedNs, 4 + 24);
      expect(() => decodePeerMessage(bytes)).toThrow(/whole nanoseconds/);
    }
    expect(() => decodePeerMessage(Buffer.from([0, 0, 0, 7]))).toThrow(/got type 7/);
  });
});
