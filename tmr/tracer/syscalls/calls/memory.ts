/** The address space: run by the kernel; mapped volume files are filled first. */
import type { CallRun } from '../../ports.ts';
import type { OpenVolumeFile } from '../../files/types.ts';
import type { SharedMapping } from '../../process-state.ts';
import { Open } from '../abi/constants.ts';
import { fileOf } from '../descriptors.ts';
import { fail } from '../fail.ts';
import { longArg, toScratch, writeMemory } from '../memory.ts';
import { numbers } from '../numbers.ts';
import type { CallGroup } from '../policy.ts';
import { closeUnless, flushAllMapped, shadowKey, shadowOf } from '../shadows.ts';

const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_TYPE = 0xf;
const MAP_ANONYMOUS = 0x20;
const PAGE_BYTES = 4096;
const pageUp = (length: number): number => Math.ceil(length / PAGE_BYTES) * PAGE_BYTES;
const why = 'addresses are not compared between kernels; whether it worked is';

export const memoryCalls = {
  brk: { class: 'local', args: ['ptr'], perform: brk, why },
  mmap: {
    class: 'local',
    args: ['ptr', 'long', 'int', 'int', { select: mmapDescriptor }, 'long'],
    perform: mmap,
    why,
  },
  munmap: { class: 'local', args: ['ptr', 'long'], perform: munmap },
  mremap: { class: 'local', args: ['ptr', 'long', 'long', 'int', 'ptr'], perform: mremap, why },
  mprotect: { class: 'local', args: ['ptr', 'long', 'int'], perform: runAndFold },
  madvise: { class: 'local', args: ['ptr', 'long', 'int'], perform: runAndFold },
  mlock: { class: 'local', args: ['ptr', 'long'], perform: runAndFold },
  mlock2: { class: 'local', args: ['ptr', 'long', 'int'], perform: runAndFold },
  munlock: { class: 'local', args: ['ptr', 'long'], perform: runAndFold },
  mlockall: { class: 'local', args: ['int'], perform: runAndFold },
  munlockall: { class: 'local', args: [], perform: runAndFold },
  msync: {
    class: 'local',
    args: ['ptr', 'long', 'int'],
    perform: (run) => {
      flushAllMapped(run);
      runAndFold(run);
    },
  },
  mincore: {
    class: 'local',
    args: ['ptr', 'long', 'ptr'],
    perform: mincore,
    why: 'residence in memory differs by nature: every page is said to be there',
  },
} as const satisfies CallGroup;

function mmapDescriptor(tracee: { argInt(i: number): number }): 'int' | 'ignore' {
  return (tracee.argInt(3) & MAP_ANONYMOUS) === 0 ? 'int' : 'ignore';
}

function runAndFold(run: CallRun): void {
  run.foldNumber(run.runToExit());
}

/** The errno, or 0 for any address. */
function foldAddress(run: CallRun, result: number): number {
  run.foldNumber(result < 0 && result > -PAGE_BYTES ? result : 0);
  return result;
}

function brk(run: CallRun): void {
  const wanted = run.tracee.arg(0);
  const result = run.runToExit();
  run.foldNumber(wanted === 0 || result === wanted ? 1 : 0);
}

function mmap(run: CallRun): void {
  const { tracee } = run;
  const flags = tracee.argInt(3);
  if ((flags & MAP_ANONYMOUS) !== 0) {
    foldAddress(run, run.runToExit());
    return;
  }
  const file = fileOf(run, tracee.argInt(4));
  if (file.kind === 'local') {
    foldAddress(run, run.runToExit());
    return;
  }
  if (file.kind !== 'volume-file') fail('ENODEV');
  mapVolume(run, file, flags);
}

function mapVolume(run: CallRun, file: OpenVolumeFile, flags: number): void {
  const { tracee } = run;
  const protection = tracee.argInt(2);
  const mode = file.flags & Open.accessMode;
  // MAP_SHARED_VALIDATE is 3: both bits of the type are set.
  const shared = (flags & MAP_TYPE & MAP_SHARED) !== 0;
  if (mode === Open.writeOnly) fail('EACCES');
  if (shared && (protection & PROT_WRITE) !== 0 && mode !== Open.readWrite) fail('EACCES');
  const fd = tracee.argInt(4);
  const length = pageUp(tracee.arg(1));
  const offset = longArg(tracee, 5);
  const { shadow, own } = shadowOf(run, file, fd);
  let address: number;
  if (own) {
    address = foldAddress(run, run.runToExit());
  } else {
    address = foldAddress(run, mapThrough(run, shadow.tracerFd));
    run.skip(address);
  }
  if (shared && mode === Open.readWrite && address > 0) {
    const mapping: SharedMapping = { address, length, offset, shadow: shadowKey(file), file };
    run.process.sharedMappings.push(mapping);
  }
}

/** The file is mapped already through another descriptor: the same memfd, opened for a moment. */
function mapThrough(run: CallRun, tracerFd: number): number {
  const { tracee } = run;
  const path = toScratch(run, Buffer.from(`/proc/${process.pid}/fd/${tracerFd}\0`));
  const args = [0, 1, 2, 3, 4, 5].map((i) => longArg(tracee, i));
  const fd = run.inject(numbers.open, [path, Open.readWrite, 0]);
  if (fd < 0) return fd;
  args[4] = fd;
  const address = run.inject(numbers.mmap, args);
  run.inject(numbers.close, [fd]);
  return address;
}

function munmap(run: CallRun): void {
  const start = run.tracee.arg(0);
  const end = start + pageUp(run.tracee.arg(1));
  if (run.process.sharedMappings.length > 0) {
    flushAllMapped(run);
    cut(run, start, end);
  }
  runAndFold(run);
}

/** Takes [start, end) out of the table of shared mappings. */
function cut(run: CallRun, start: number, end: number): void {
  const before = run.process.sharedMappings;
  const after: SharedMapping[] = [];
  for (const one of before) {
    const oneEnd = one.address + one.length;
    if (end <= one.address || start >= oneEnd) {
      after.push(one);
      continue;
    }
    if (one.address < start) after.push({ ...one, length: start - one.address });
    if (oneEnd > end) {
      const skipped = end - one.address;
      after.push({
        ...one,
        address: end,
        length: oneEnd - end,
        offset: one.offset + skipped,
      });
    }
  }
  run.process.sharedMappings = after;
  for (const one of before)
    if (!after.some((kept) => kept.file === one.file)) closeUnless(run, one.file);
}

function mremap(run: CallRun): void {
  const { tracee } = run;
  const [from, oldLength, newLength] = [tracee.arg(0), tracee.arg(1), tracee.arg(2)];
  flushAllMapped(run);
  const mapping = run.process.sharedMappings.find((one) => one.address === from);
  const address = foldAddress(run, run.runToExit());
  if (mapping === undefined || address < 0 || oldLength === 0) return;
  mapping.address = address;
  mapping.length = pageUp(newLength);
}

function mincore(run: CallRun): void {
  const { tracee } = run;
  const [length, vector] = [tracee.arg(1), tracee.arg(2)];
  const result = run.runToExit();
  run.foldNumber(result);
  if (result === 0) writeMemory(run, vector, Buffer.alloc(pageUp(length) / PAGE_BYTES, 1));
}
