/** The least privilege with which the parts work (research/feasibility.md c), and their limits. */
import type { HostConfig } from 'dockerode';
import { seccompProfile } from './seccomp-profile.ts';

export interface ContainerUser {
  uid: number;
  gid: number;
}

export interface ContainerLimits {
  memoryBytes: number;
  pids: number;
  /** CPUs, may be a fraction. */
  cpus: number;
}

/** Debian's nobody and nogroup. */
const NOBODY = 65534;
const EXEC_BYTES = '512m';

/** An ordinary user: the caller, or nobody when that is root. */
export function ordinaryUser(): ContainerUser {
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid, gid: process.getgid?.() ?? uid };
}

export function userText({ uid, gid }: ContainerUser): string {
  return `${uid}:${gid}`;
}

/** No capability, no way to gain one, nothing written but in memory. */
export function hardened(user: ContainerUser, limits: ContainerLimits): HostConfig {
  const own = `uid=${user.uid},gid=${user.gid}`;
  return {
    CapDrop: ['ALL'],
    Privileged: false,
    ReadonlyRootfs: true,
    // The engine takes the profile's text; a path would be the engine's, not ours.
    SecurityOpt: ['no-new-privileges', `seccomp=${seccompProfile()}`],
    // Orphans of a killed replica are reaped, and the daemon gets signals.
    Init: true,
    Tmpfs: {
      // Copies of programs that are executed from a volume.
      '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${EXEC_BYTES}`,
      '/run/tmr': `rw,noexec,nosuid,nodev,mode=0700,size=16m,${own}`,
    },
    Memory: limits.memoryBytes,
    MemorySwap: limits.memoryBytes,
    PidsLimit: limits.pids,
    NanoCpus: Math.round(limits.cpus * 1e9),
  };
}
