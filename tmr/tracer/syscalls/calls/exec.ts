/** execve: another program in the same process. */
import type { CallRun } from '../../ports.ts';
import { isVolume, release } from '../descriptors.ts';
import { commOf } from '../comm.ts';
import { fail, resultOf } from '../fail.ts';
import { readPath, readStrings, toScratch } from '../memory.ts';
import type { CallGroup } from '../policy.ts';
import { findProgram, type ProgramImage } from '../program.ts';
import { dropMappings, flushAllMapped } from '../shadows.ts';

export const execCalls = {
  execve: {
    class: 'process-control',
    args: ['path', 'strings', 'strings'],
    perform: execve,
    why: 'programs of volumes are copied, #! lines are read by the tracer',
  },
} as const satisfies CallGroup;

function execve(run: CallRun): void {
  const { process, tracee } = run;
  const path = Buffer.from(readPath(run, 0));
  const args = readStrings(run, tracee.arg(1));
  const env = readStrings(run, tracee.arg(2));
  const image = findProgram(run.files, process, path, args);
  flushAllMapped(run);
  run.files.flush();
  passImage(run, image, args.length);
  const before = { ...process };
  // The exec stop comes before the exit stop: the new program's state is needed there.
  process.executable = image.executable;
  process.args = image.args;
  process.env = env;
  process.comm = commOf(path);
  process.execCount++;
  const result = run.runToExit();
  if (result < 0) {
    const { executable, comm } = before;
    Object.assign(process, { executable, comm, args: before.args, env: before.env });
    run.foldNumber(result);
    return;
  }
  afterSuccess(run);
}

/** Scratch: the path, then the words put before argv[1], then the pointers. */
function passImage(run: CallRun, image: ProgramImage, given: number): void {
  const { tracee } = run;
  let used = 0;
  const put = (bytes: Buffer): number => {
    if (used + bytes.length + 1 > run.scratch.size) fail('E2BIG');
    const address = toScratch(run, Buffer.concat([bytes, Buffer.from([0])]), used);
    used += bytes.length + 1;
    return address;
  };
  const argv = tracee.arg(1);
  tracee.setArg(0, put(image.localPath));
  if (image.prepended === 0) return;
  const words = image.args.slice(0, image.prepended).map(put);
  used = Math.ceil(used / 8) * 8;
  const kept = Math.max(0, given - 1);
  const pointers = Buffer.alloc(8 * (words.length + kept + 1));
  if (used + pointers.length > run.scratch.size) fail('E2BIG');
  words.forEach((address, i) => pointers.writeBigUInt64LE(BigInt(address), 8 * i));
  if (kept > 0) tracee.read(argv + 8, pointers, 8 * words.length, 8 * kept);
  tracee.setArg(1, toScratch(run, pointers, used));
}

function afterSuccess(run: CallRun): void {
  const { process } = run;
  dropMappings(run);
  for (const [fd, { closeOnExec, file }] of process.descriptors) {
    if (!closeOnExec) continue;
    if (isVolume(file)) resultOf(() => (release(run, fd), 0));
    else process.descriptors.delete(fd);
  }
  // Handlers are gone; an ignored signal stays so.
  const { segv } = process;
  if (segv.action?.readBigUInt64LE(0) !== 1n) segv.action = undefined;
  segv.restore = false;
}
