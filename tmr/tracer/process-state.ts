/**
 * The virtual state of a replica's process: what the tracer holds instead of the kernel. Plain
 * data, so that it can be moved to another machine (DESIGN.md 5).
 */
import type { OpenVolumeFile } from './files/types.ts';

/** What a descriptor of the replica stands for. */
export type OpenFile =
  | OpenVolumeFile
  /** Descriptors 0-2 and their duplicates: served by the monitor's slots. `stream` is 0, 1 or 2. */
  | { kind: 'stream'; stream: 0 | 1 | 2; flags: number; offset: number }
  /** Opened by the replica's kernel itself: programs and libraries, pipes, memfds. */
  | { kind: 'local'; path: string; flags: number }
  /** A virtual file of /dev, /proc or /sys with fixed content or behaviour. */
  | { kind: 'virtual'; path: string; flags: number; offset: number; content?: Buffer };

export interface Descriptor {
  /** Shared by duplicates: offsets and status flags live in it. */
  file: OpenFile;
  closeOnExec: boolean;
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
  /** Bytes of program-visible randomness drawn so far. */
  randomCounter: number;
  /** Next id of an open file description. */
  nextFileId: number;
}
