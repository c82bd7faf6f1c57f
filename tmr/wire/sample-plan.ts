/** A complete, plausible plan for tests of all rooms; each call gives a fresh one. */
import type { SessionPlan, StandardStream } from './session-plan.ts';

export function samplePlan(): SessionPlan {
  return {
    session: '0123456789abcdef',
    replica: 1,
    program: {
      file: '/bin/true',
      argsBase64: [Buffer.from('true').toString('base64')],
      envBase64: [Buffer.from('LANG=C').toString('base64')],
      cwd: '/',
      umask: 0o022,
      uid: 1000,
      gid: 1000,
      groups: [1000],
      rlimits: [{ resource: 7, soft: 1024, hard: 'infinity' }],
      hostName: 'tmr',
    },
    settings: {
      replicas: 3,
      timeoutMs: 5000,
      timeoutFrom: 'quorum',
      detect: 'any',
      policy: 'agreed',
      linkDelayMs: 200,
      askDelayMs: 1250,
      startTimeoutMs: 30000,
      serviceTimeoutMs: 5000,
      tsc: 'auto',
      clock: 'real',
      seed: '00'.repeat(32),
      seedGiven: true,
      strictCalls: false,
      caches: true,
      placement: 'auto',
    },
    sealKeys: {
      own: [33_256_679, 29_585_993],
      moduli: [983_931_872_097_247, 927_369_624_809_239, 950_948_237_748_433],
    },
    clockBases: { realtimeNs: '1700000000000000000', monotonicNs: '5000', bootNs: '5000' },
    streams: [sampleStream(0), sampleStream(1), sampleStream(2)],
    volumes: [{ subtree: '/', path: '/', access: 'ro', consistency: 'close-to-open' }],
    monitor: { host: '127.0.0.1', port: 40000 },
    nfs: { host: '127.0.0.1', port: 2049 },
    listen: { host: '127.0.0.1', port: 0 },
  };
}

function sampleStream(fd: number): StandardStream {
  return {
    kind: 'pipe',
    flags: fd === 0 ? 0 : 1,
    stat: {
      mode: 0o010600,
      size: 0,
      ino: 100 + fd,
      dev: 13,
      rdev: 0,
      uid: 1000,
      gid: 1000,
      nlink: 1,
      blksize: 4096,
      blocks: 0,
      atimeNs: 0,
      mtimeNs: 0,
      ctimeNs: 0,
    },
    offset: 0,
    shared: fd,
  };
}
