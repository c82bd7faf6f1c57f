/** The replica's descriptor table: what a number stands for, shared by duplicates. */
import type { CallRun } from '../ports.ts';
import type { Descriptor, OpenFile } from '../process-state.ts';
import type { OpenVolumeFile } from '../files/types.ts';
import { Open } from './abi/constants.ts';
import { fail } from './fail.ts';

/** EBADF. */
export function descriptorOf(run: CallRun, fd: number): Descriptor {
  return run.process.descriptors.get(fd) ?? fail('EBADF');
}

/** EBADF; also where only a path is held (O_PATH). */
export function fileOf(run: CallRun, fd: number): OpenFile {
  const { file } = descriptorOf(run, fd);
  if ((file.flags & Open.path) !== 0) fail('EBADF');
  return file;
}

export const isVolume = (file: OpenFile): file is OpenVolumeFile =>
  file.kind === 'volume-file' || file.kind === 'volume-directory';

export const mayRead = (file: OpenFile): boolean =>
  (file.flags & Open.accessMode) !== Open.writeOnly;
export const mayWrite = (file: OpenFile): boolean =>
  (file.flags & Open.accessMode) !== Open.readOnly;

/** A number that the kernel gave, recorded and folded; a negative result is only folded. */
export function install(run: CallRun, fd: number, file: OpenFile, closeOnExec: boolean): number {
  run.foldNumber(fd);
  if (fd >= 0) run.process.descriptors.set(fd, { file, closeOnExec });
  return fd;
}

/** Takes a number out of the table; the file is closed with its last descriptor. Throws what close does. */
export function release(run: CallRun, fd: number): void {
  const { descriptors } = run.process;
  const descriptor = descriptors.get(fd);
  if (descriptor === undefined) return;
  descriptors.delete(fd);
  const { file } = descriptor;
  if (isVolume(file) && !isOpen(run, file)) run.files.close(file);
}

function isOpen(run: CallRun, file: OpenFile): boolean {
  for (const other of run.process.descriptors.values()) if (other.file === file) return true;
  // A shared mapping writes back through it after close(2).
  return run.process.sharedMappings.some((mapping) => mapping.file === file);
}
