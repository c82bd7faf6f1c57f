import { describe, expect, it } from 'vitest';
import { machineTrapsTsc as asProgram } from '../../ptrace-napi/test-guests.ts';
import { machineTrapsTsc } from './tsc-probe.ts';

describe('the probe of the time stamp counter', () => {
  it('finds what a program finds that asks for the trap by itself', () => {
    expect(machineTrapsTsc()).toBe(asProgram());
  });
});
