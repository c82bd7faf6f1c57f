import { expect, it } from 'vitest';
import { hardened, ordinaryUser } from './privileges.ts';
import { seccompProfile } from './seccomp-profile.ts';

it('leaves a container nothing beyond what is listed here', () => {
  const limits = { memoryBytes: 2 ** 29, pids: 100, cpus: 1.5 };
  expect(hardened({ uid: 7, gid: 8 }, limits)).toEqual({
    CapDrop: ['ALL'],
    Privileged: false,
    ReadonlyRootfs: true,
    SecurityOpt: ['no-new-privileges', `seccomp=${seccompProfile()}`],
    Init: true,
    Tmpfs: {
      '/tmp': 'rw,exec,nosuid,nodev,mode=1777,size=512m',
      '/run/tmr': 'rw,noexec,nosuid,nodev,mode=0700,size=16m,uid=7,gid=8',
    },
    Memory: 2 ** 29,
    // No swap on top.
    MemorySwap: 2 ** 29,
    PidsLimit: 100,
    NanoCpus: 1.5e9,
  });
});

it('runs nothing as root, not even for root', () => {
  const { uid, gid } = ordinaryUser();
  const [own, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  expect([uid, gid]).toEqual(own === 0 ? [65534, 65534] : [own, group]);
});
