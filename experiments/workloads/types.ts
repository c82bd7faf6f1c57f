import type { WorkloadSize } from '../types.ts';

/** A program under test, as data. `runnable.ts` turns it into something the harness can run. */
export interface Workload {
  name: string;
  title: string;
  /** What it does to the system under test. */
  about: string;
  /** A C source in workloads/src/, compiled once into the cache and copied into each volume. */
  build?: { source: string; libraries: string[] };
  /** Programs that must be installed, with the Debian package that has each. */
  needs: { program: string; package: string }[];
  /** argv. `./NAME` is in the volume. */
  command: Record<WorkloadSize, string[]>;
  environment?: Record<string, string>;
  /** A file that the volume holds at the start. */
  input?: { file: string; kind: 'text' | 'table'; bytes: Record<WorkloadSize, number> };
  /** What the volume holds at the end, for people. */
  volume: string;
  /** Output and volume equal a native run, byte for byte. */
  deterministic: boolean;
  /** A native run on the machine this was written on, seconds; for estimates only. */
  nominalSeconds: Record<WorkloadSize, number>;
}

export const mebibyte = 1024 * 1024;
/** Sizes that most workloads share. */
export const inputBytes = { small: 8 * mebibyte, large: 32 * mebibyte };
