/**
 * The virtual state of a replica's process: what the tracer holds instead of the kernel. Plain
 * data, so that it can be moved to another machine (DESIGN.md 5).
 */
import type { ClockPolicy } from '../wire/session-plan.ts';
import type { OpenVolumeFile } from './files/types.ts';

/** What a descriptor of the replica stands for. */
export type OpenFile =
  | OpenVolumeFile
  /** Descriptors 0-2 and their duplicates: served by the monitor's slots. `stream` is 0, 1 or 2. */
  | { kind: 'stream'; stream: 0 | 1 | 2; flags: number; offset: number }
  /** Opened by the replica's kernel itself: programs and libraries, pipes, memfds. */
  | {
      kind: 'local';
      /** Canonical path, or `pipe:`, `eventfd:`... for what has none. */
      path: string;
      flags: number;
    }
  /** A virtual file of /dev, /proc or /sys with fixed content or behaviour; `names`: a directory. */
  | {
      kind: 'virtual';
      path: string;
      flags: number;
      offset: number;
      content?: Buffer;
      names?: string[];
    };

export interface Descriptor {
  /** Shared by duplicates: offsets and status flags live in it. */
  file: OpenFile;
  closeOnExec: boolean;
}

/** The memfd that stands for one mapped volume file; one per inode. */
export interface Shadow {
  /** The tracer's own descriptor of it. */
  tracerFd: number;
  /** st_ino of the memfd, by which /proc/PID/maps names it. */
  inode: number;
  /** Path of the file as the replicas see it. */
  path: Buffer;
  /** Bytes filled. */
  size: number;
  /** mtime of the file when it was filled: a later one fills it again. */
  mtimeNs: bigint;
}

/** A MAP_SHARED mapping of a volume file through which the replica may write. */
export interface SharedMapping {
  address: number;
  length: number;
  /** Offset in the file. */
  offset: number;
  /** Key into `shadows`. */
  shadow: string;
  /** Kept open in the tracer for as long as the mapping is there. */
  file: OpenVolumeFile;
}

export interface ProcessState {
  /** Virtual ids, equal in all replicas. */
  pid: number;
  parentPid: number;
  processGroup: number;
  sessionId: number;
  uid: number;
  gid: number;
  groups: readonly number[];
  /** Canonical absolute path in the replicas' view. */
  cwd: Buffer;
  umask: number;
  descriptors: Map<number, Descriptor>;
  /** Path of the running program as the replicas see it (/proc/self/exe). */
  executable: Buffer;
  args: Buffer[];
  env: Buffer[];
  /** The program's clocks at rendezvous 0, from the plan; its time is base + agreed elapsed. */
  clockBases: { realtimeNs: bigint; monotonicNs: bigint; bootNs: bigint };
  clock: ClockPolicy;
  /** `--clock virtual`: what `elapsedNs` is then, advanced by each rendezvous and each sleep. */
  virtualElapsedNs: number;
  /** PR_SET_NAME, at most 15 bytes. */
  comm: Buffer;
  /** 0 is normal, 19 the weakest. */
  nice: number;
  /** personality(2) as the program sees it. */
  personality: number;
  /** Virtual st_ino by "device:inode" of local files, in the order in which they were met. */
  inodes: Map<string, number>;
  /** Mapped volume files by "fsid:fileid". */
  shadows: Map<string, Shadow>;
  sharedMappings: SharedMapping[];
  /** What a trapped rdtsc may destroy (determinism/tsc.ts). */
  segv: {
    /** struct kernel_sigaction as the program set it; undefined: default. */
    action: Buffer | undefined;
    blocked: boolean;
    /** The kernel has reset the disposition: put it back at the next call. */
    restore: boolean;
  };
  /** POSIX timers made so far; their ids count from 0. */
  timers: number;
  /** Programs started so far in this process; 0 for the first. */
  execCount: number;
  /** Private directory of copies of programs from volumes; removed by the session. */
  execDirectory: string | undefined;
  /** Copies made in it: their names count from 0, and have a fixed length. */
  execCopies: number;
  /** Bytes of program-visible randomness drawn so far. */
  randomCounter: number;
  /** Next id of an open file description. */
  nextFileId: number;
}
