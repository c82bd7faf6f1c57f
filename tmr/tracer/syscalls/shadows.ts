/**
 * Mapped volume files. The kernel maps a memfd that the tracer fills from the volume, one per inode
 * (research/feasibility.md a). What the replica stores through a shared mapping is written back
 * before anything could see the difference: reads and writes of the file, msync, munmap, exec, exit.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import type { CallRun } from '../ports.ts';
import type { OpenVolumeFile } from '../files/types.ts';
import type { Shadow, SharedMapping } from '../process-state.ts';
import { CHUNK_BYTES } from './transfer.ts';

export const shadowKey = (file: OpenVolumeFile): string =>
  `${file.node.attributes.fsid}:${file.node.attributes.fileid}`;

/**
 * The shadow of `file`, filled and current. `own`: the placeholder behind the replica's descriptor
 * `fd` is that shadow, so that the kernel may map it through this number.
 */
export function shadowOf(
  run: CallRun,
  file: OpenVolumeFile,
  fd: number,
): { shadow: Shadow; own: boolean } {
  const { shadows } = run.process;
  const key = shadowKey(file);
  flushMapped(run, file);
  const known = shadows.get(key);
  const { size, mtimeNs } = run.files.fileAttributes(file);
  if (known !== undefined) {
    if (known.mtimeNs !== mtimeNs || known.size !== size) fill(run, file, known, size, mtimeNs);
    return { shadow: known, own: inodeOf(run, fd) === known.inode };
  }
  const tracerFd = openSync(`/proc/${run.tracee.pid}/fd/${fd}`, 'r+');
  const made: Shadow = {
    tracerFd,
    inode: fstatSync(tracerFd).ino,
    path: file.node.path,
    size: 0,
    mtimeNs,
  };
  shadows.set(key, made);
  fill(run, file, made, size, mtimeNs);
  return { shadow: made, own: true };
}

const inodeOf = (run: CallRun, fd: number): number => {
  const own = openSync(`/proc/${run.tracee.pid}/fd/${fd}`, 'r');
  try {
    return fstatSync(own).ino;
  } finally {
    closeSync(own);
  }
};

function fill(
  run: CallRun,
  file: OpenVolumeFile,
  shadow: Shadow,
  size: number,
  mtimeNs: bigint,
): void {
  ftruncateSync(shadow.tracerFd, size);
  for (let at = 0; at < size;) {
    const bytes = run.files.read(file, Math.min(CHUNK_BYTES, size - at), at);
    if (bytes.length === 0) break;
    writeSync(shadow.tracerFd, bytes, 0, bytes.length, at);
    at += bytes.length;
  }
  shadow.size = size;
  shadow.mtimeNs = mtimeNs;
}

/** Stores through shared mappings of this file reach the volume. */
export function flushMapped(run: CallRun, file: OpenVolumeFile): void {
  const { sharedMappings } = run.process;
  if (sharedMappings.length === 0) return;
  const key = shadowKey(file);
  for (const mapping of sharedMappings) if (mapping.shadow === key) writeBack(run, mapping);
}

export function flushAllMapped(run: CallRun): void {
  for (const mapping of run.process.sharedMappings) writeBack(run, mapping);
}

const PAGE_BYTES = 4096;
const page = Buffer.alloc(PAGE_BYTES);

/** Writes the pages of one mapping that differ from the file. */
function writeBack(run: CallRun, mapping: SharedMapping): void {
  const shadow = run.process.shadows.get(mapping.shadow);
  if (shadow === undefined) return;
  const end = Math.min(mapping.offset + mapping.length, shadow.size);
  let wrote = false;
  for (let at = mapping.offset; at < end; at += PAGE_BYTES) {
    const length = Math.min(PAGE_BYTES, end - at);
    readSync(shadow.tracerFd, page, 0, length, at);
    const mine = page.subarray(0, length);
    if (run.files.read(mapping.file, length, at).equals(mine)) continue;
    run.files.write(mapping.file, mine, at);
    wrote = true;
  }
  if (wrote) shadow.mtimeNs = run.files.fileAttributes(mapping.file).mtimeNs;
}

/** A write(2) is seen through mappings of the file. `at` undefined: it ended at the file's offset. */
export function wroteMapped(
  run: CallRun,
  file: OpenVolumeFile,
  bytes: Buffer,
  at: number | undefined,
): void {
  const { shadows } = run.process;
  if (shadows.size === 0) return;
  const shadow = shadows.get(shadowKey(file));
  if (shadow === undefined) return;
  const start = at ?? file.offset - bytes.length;
  writeSync(shadow.tracerFd, bytes, 0, bytes.length, start);
  const { size, mtimeNs } = run.files.fileAttributes(file);
  shadow.size = size;
  shadow.mtimeNs = mtimeNs;
}

/** The file's length changed (truncate): pages beyond its end fault, as natively. */
export function truncatedMapped(run: CallRun, file: OpenVolumeFile): void {
  const shadow = run.process.shadows.get(shadowKey(file));
  if (shadow === undefined) return;
  const { size, mtimeNs } = run.files.fileAttributes(file);
  ftruncateSync(shadow.tracerFd, size);
  shadow.size = size;
  shadow.mtimeNs = mtimeNs;
}

/** The address space is gone (exec, exit): mappings are written back and forgotten. */
export function dropMappings(run: CallRun): void {
  flushAllMapped(run);
  const files = new Set(run.process.sharedMappings.map((mapping) => mapping.file));
  run.process.sharedMappings = [];
  for (const file of files) closeUnless(run, file);
  for (const shadow of run.process.shadows.values()) closeSync(shadow.tracerFd);
  run.process.shadows.clear();
}

/** Closes a file that only a mapping held. */
export function closeUnless(run: CallRun, file: OpenVolumeFile): void {
  for (const other of run.process.descriptors.values()) if (other.file === file) return;
  if (run.process.sharedMappings.some((mapping) => mapping.file === file)) return;
  run.files.close(file);
}
