/**
 * A session as data: what the monitor sends to each tracer daemon, and (the volumes) to the NFS
 * server. Plain JSON; `schema.ts` beside it checks what arrives from outside.
 */
import type { Detect, Policy, ReplicaId, TimeoutFrom } from '../core/types.ts';
import type { Address } from './messages.ts';

/** Longest duration in the settings of a session, ms: a day. */
export const DURATION_MAX_MS = 86_400_000;

/** What one of descriptors 0-2 is at the monitor, so that fstat, lseek and ioctl can answer. */
export interface StandardStream {
  kind: 'file' | 'pipe' | 'tty' | 'null' | 'socket' | 'closed';
  /** fcntl F_GETFL flags (access mode, O_APPEND, O_NONBLOCK). */
  flags: number;
  /** st_mode, st_size, st_ino, st_dev, st_rdev, st_uid, st_gid, st_nlink, st_blksize and times in s. */
  stat: {
    mode: number;
    size: number;
    ino: number;
    dev: number;
    rdev: number;
    uid: number;
    gid: number;
    nlink: number;
    blksize: number;
    blocks: number;
    atimeNs: number;
    mtimeNs: number;
    ctimeNs: number;
  };
  /** Current offset of a seekable file, else 0. */
  offset: number;
  /** struct termios as TCGETS gives it, and struct winsize, in base64; for a tty. */
  termios?: string;
  winsize?: string;
  /** Path of the terminal as ttyname(3) finds it at the monitor. */
  ttyName?: string;
  /** Descriptors that share one open file (2>&1) have the same number here. */
  shared: number;
}

/** A directory tree of the NFS server under the path at which replicas see it. */
export interface Volume {
  /** Path under the server's export root ("/" for the root itself). */
  subtree: string;
  /** Absolute path in the replicas. */
  path: string;
  access: 'rw' | 'ro';
  /** `session`: nobody else writes, tracers may cache. `close-to-open`: others may write between opens. */
  consistency: 'session' | 'close-to-open';
}

export type TscPolicy = 'auto' | 'trap' | 'native';
export type ClockPolicy = 'real' | 'virtual';

export interface SessionSettings {
  replicas: number;
  timeoutMs: number;
  timeoutFrom: TimeoutFrom;
  detect: Detect;
  policy: Policy;
  linkDelayMs: number;
  askDelayMs: number;
  startTimeoutMs: number;
  serviceTimeoutMs: number;
  tsc: TscPolicy;
  clock: ClockPolicy;
  /** Session seed, 64 hex digits (256 bits): random bytes, AT_RANDOM, virtual ids. */
  seed: string;
  /** Whether the user chose it (then random bytes are reproducible, not secret). */
  seedGiven: boolean;
  /** A call that must be refused ends the session at once. */
  strictCalls: boolean;
  /** Caches of file data and attributes in the tracers. */
  caches: boolean;
  placement: 'auto' | 'pair' | 'rotate' | 'none';
  /** Module whose decorators wrap the session's ports (fault injection), and what it is given. */
  interpose?: { module: string; options: unknown };
}

/** The program as the user started it. Strings are base64 where bytes may not be UTF-8. */
export interface Program {
  /** Found in PATH by the monitor; absolute. */
  file: string;
  /** The same file as execve is given it, relative to `cwd` or absolute: what a script has as $0. */
  typed?: string;
  argsBase64: string[];
  envBase64: string[];
  cwd: string;
  umask: number;
  uid: number;
  gid: number;
  groups: number[];
  rlimits: { resource: number; soft: number | 'infinity'; hard: number | 'infinity' }[];
  hostName: string;
}

/** START: the body of the request to a tracer daemon. */
export interface SessionPlan {
  session: string;
  replica: ReplicaId;
  /** Hex; set by the daemon from its secret for the session process, never sent by the monitor. */
  sessionKey?: string;
  program: Program;
  settings: SessionSettings;
  /** This tracer's two primes, and all tracers' moduli by replica - 1 (`tmr/core/seal.ts`). */
  sealKeys: { own: [number, number]; moduli: number[] };
  /** The monitor's clocks at launch, in ns as decimal strings: the bases of the program's time (R0, R8). */
  clockBases: { realtimeNs: string; monotonicNs: string; bootNs: string };
  streams: [StandardStream, StandardStream, StandardStream];
  volumes: Volume[];
  monitor: Address;
  nfs: Address;
  /** Listen here for peers; port 0: ephemeral. */
  listen: Address;
}
