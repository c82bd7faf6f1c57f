/** What the user of a program gets from a run, and how two runs compare. */
import { createHash } from 'node:crypto';
import { digestVolume, volumeDifferences, type VolumeState } from './volume-digest.ts';

export interface ServiceResult {
  stdout: Buffer;
  stderr: Buffer;
  /** Exit status as a shell gives it: 128 + signal number for a signal. */
  status: number;
  volume: VolumeState;
}

export function serviceResult(
  run: { stdout: Buffer; stderr: Buffer; status: number },
  volume: string,
): ServiceResult {
  return { ...run, volume: digestVolume(volume) };
}

/** How `got` differs from `expected`, a sentence each; empty when they are equal. */
export function serviceDifferences(expected: ServiceResult, got: ServiceResult): string[] {
  const differences: string[] = [];
  for (const stream of ['stdout', 'stderr'] as const) {
    const at = firstDifference(expected[stream], got[stream]);
    if (at >= 0) {
      const lengths = `${got[stream].length} bytes, expected ${expected[stream].length}`;
      differences.push(`${stream} differs at byte ${at} (${lengths})`);
    }
  }
  if (expected.status !== got.status) {
    differences.push(`exit status ${got.status}, expected ${expected.status}`);
  }
  const files = volumeDifferences(expected.volume.entries, got.volume.entries);
  return [...differences, ...files.map((text) => `file ${text}`)];
}

/** True when a stream holds bytes that are no beginning of the expected ones. */
export function hasWrongOutput(expected: ServiceResult, got: ServiceResult): boolean {
  return (['stdout', 'stderr'] as const).some(
    (stream) => !expected[stream].subarray(0, got[stream].length).equals(got[stream]),
  );
}

/** SHA-256 over stdout, stderr, exit status and volume, hex. */
export function resultDigest(result: ServiceResult): string {
  const hash = createHash('sha256');
  for (const part of [result.stdout, result.stderr]) {
    hash.update(createHash('sha256').update(part).digest());
  }
  return hash.update(`${result.status}\0${result.volume.digest}`).digest('hex');
}

function firstDifference(a: Buffer, b: Buffer): number {
  if (a.equals(b)) return -1;
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return i;
  return shorter;
}
