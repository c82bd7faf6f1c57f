import { describe, expect, it } from 'vitest';
import { numbers } from '../tracer/syscalls/numbers.ts';
import { denied, NO_RANDOMIZE, seccompProfile } from './seccomp-profile.ts';

interface Rule {
  names: string[];
  action: string;
  args?: { index: number; value: number }[];
}
const profile = JSON.parse(seccompProfile()) as {
  defaultAction: string;
  defaultErrnoRet: number;
  architectures: string[];
  syscalls: Rule[];
};
const allowed = profile.syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW');
const freely = new Set(allowed.filter(({ args }) => args === undefined).flatMap((r) => r.names));

describe('the seccomp profile', () => {
  it('refuses with EPERM what it does not allow, and knows no other architecture', () => {
    expect(profile).toMatchObject({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1 });
    expect(profile.architectures).toEqual(['SCMP_ARCH_X86_64']);
  });

  it('denies only calls that there are, each once', () => {
    const names = Object.values(denied).flat();
    expect(names.filter((name) => !Object.hasOwn(numbers, name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('allows, denies or looks into every call of the table', () => {
    const looked = new Set(profile.syscalls.flatMap(({ names }) => names));
    const either = new Set([...looked, ...Object.values(denied).flat()]);
    expect(Object.keys(numbers).filter((name) => !either.has(name))).toEqual([]);
    expect([...freely].filter((name) => Object.values(denied).flat().includes(name))).toEqual([]);
  });

  it('allows what a tracer needs', () => {
    for (const name of ['ptrace', 'process_vm_readv', 'process_vm_writev', 'seccomp']) {
      expect(freely).toContain(name);
    }
    const personalities = allowed.flatMap(({ names, args }) =>
      names.includes('personality') ? [args?.[0]?.value] : [],
    );
    expect(personalities).toContain(NO_RANDOMIZE);
  });
});
