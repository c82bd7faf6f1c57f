import { describe, expect, it } from 'vitest';
import { goldenFromMonitor, goldenToMonitor } from './golden.ts';
import type { SlotOp, ToMonitor } from './messages.ts';
import {
  decodeFromMonitor,
  decodeToMonitor,
  encodeFromMonitor,
  encodeToMonitor,
} from './monitor-codec.ts';
import { XdrError, XdrWriter } from './xdr.ts';

describe('frames between session process and monitor', () => {
  it.each(Object.values(goldenToMonitor))('$type comes back from its bytes', (message) => {
    const writer = new XdrWriter();
    encodeToMonitor(writer, message);
    expect(decodeToMonitor(Buffer.from(writer.bytes()))).toEqual(message);
  });

  it.each(Object.values(goldenFromMonitor))('$type from the monitor comes back', (message) => {
    const writer = new XdrWriter();
    encodeFromMonitor(writer, message);
    expect(decodeFromMonitor(Buffer.from(writer.bytes()))).toEqual(message);
  });

  const ops: SlotOp[] = [
    { type: 'output', fd: 2, bytes: Buffer.from([0, 1, 2, 3, 4]) },
    { type: 'input', fd: 0, count: 65536, offset: 2 ** 40 + 1 },
    { type: 'seek', fd: 0, offset: -(2 ** 33) - 5, whence: 2 },
    { type: 'truncate', fd: 1, length: 7 },
    { type: 'sync', fd: 1 },
    { type: 'exit', kind: 'status', value: 3 },
    { type: 'exit', kind: 'signal', value: 9 },
    { type: 'abort', reason: 'clone3 with CLONE_VM is not supported' },
  ];
  it.each(ops)('slot operation $type comes back', (op) => {
    const writer = new XdrWriter();
    encodeToMonitor(writer, { type: 'slot', n: 2 ** 35, op });
    expect(decodeToMonitor(Buffer.from(writer.bytes()))).toEqual({ type: 'slot', n: 2 ** 35, op });
  });

  it('keeps NaN where there was no second arrival', () => {
    const writer = new XdrWriter();
    const flag = { ...goldenToMonitor.flag, tSecondArrivalNs: NaN } as typeof goldenToMonitor.flag;
    encodeToMonitor(writer, flag);
    expect(decodeToMonitor(writer.bytes())).toEqual(flag);
  });

  const figures = (goldenToMonitor.statistics as Extract<ToMonitor, { type: 'statistics' }>).json;
  it.each([
    ['no object', 3],
    ['a rendezvous that is text', { ...figures, rendezvous: 'x' }],
    ['a negative time', { ...figures, skewMaxNs: -1 }],
    ['a time that is missing', { ...figures, burstMaxNs: undefined }],
    ['a count beyond 2^53', { ...figures, calls: { write: 2 ** 53 } }],
    ['calls that are no counts', { ...figures, calls: null }],
    ['a list of calls', { ...figures, calls: [1] }],
    ['suspects that are no list', { ...figures, linkSuspects: {} }],
    ['a suspect without a count', { ...figures, linkSuspects: [{ from: 1, to: 2 }] }],
    [
      'too many suspects',
      {
        ...figures,
        linkSuspects: Array.from({ length: 100 }, () => ({ from: 1, to: 2, count: 1 })),
      },
    ],
    ['a counter of another kind', { ...figures, tsc: 'magic' }],
    ['a placement that is no text', { ...figures, placement: 1 }],
  ])('refuses statistics with %s, which would break the report', (_what, json) => {
    const writer = new XdrWriter();
    encodeToMonitor(writer, { type: 'statistics', json: json as never });
    expect(() => decodeToMonitor(Buffer.from(writer.bytes()))).toThrow(XdrError);
  });

  it('leaves out of statistics what it does not know', () => {
    const writer = new XdrWriter();
    encodeToMonitor(writer, { type: 'statistics', json: { ...figures, more: 1 } as never });
    expect(decodeToMonitor(Buffer.from(writer.bytes()))).toEqual(goldenToMonitor.statistics);
  });

  it('refuses unknown types, cut frames, trailing bytes and the other direction', () => {
    const writer = new XdrWriter();
    expect(() => decodeToMonitor(Buffer.from([0, 0, 0, 99]))).toThrow(/got type 99/);
    encodeToMonitor(writer, goldenToMonitor.flag);
    const flag = Buffer.from(writer.bytes());
    expect(() => decodeToMonitor(flag.subarray(0, flag.length - 4))).toThrow(XdrError);
    expect(() => decodeToMonitor(Buffer.concat([flag, Buffer.alloc(4)]))).toThrow(
      /expected the end/,
    );
    expect(() => decodeFromMonitor(flag)).toThrow(/from the monitor/);
  });
});
