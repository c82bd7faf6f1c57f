import { describe, expect, test } from 'vitest';
import { decodeTsc, holdsTsc } from './tsc.ts';

describe('time stamp counter instructions', () => {
  test('are told by their opcodes', () => {
    expect(decodeTsc(Buffer.from([0x0f, 0x31, 0x90]))).toBe('rdtsc');
    expect(decodeTsc(Buffer.from([0x0f, 0x01, 0xf9]))).toBe('rdtscp');
    expect(decodeTsc(Buffer.from([0x0f, 0x31]))).toBe('rdtsc');
  });

  test('are not seen in other instructions', () => {
    for (const bytes of [[0x0f, 0x01, 0xf8], [0x0f, 0x0b], [0x31, 0x0f], [0x0f], []]) {
      expect(decodeTsc(Buffer.from(bytes))).toBeUndefined();
    }
  });

  test('are found in a program text', () => {
    expect(holdsTsc(Buffer.from([0x90, 0x0f, 0x31, 0xc3]))).toBe(true);
    expect(holdsTsc(Buffer.from([0x90, 0x0f, 0x01, 0xf9]))).toBe(true);
    expect(holdsTsc(Buffer.from([0x90, 0x0f, 0x05, 0xc3]))).toBe(false);
  });
});
