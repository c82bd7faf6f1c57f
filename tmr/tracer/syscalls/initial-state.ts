/** The virtual state of a session's first process, from its plan. */
import type { Descriptor, ProcessState } from '../process-state.ts';
import type { SessionPlan } from '../../wire/session-plan.ts';
import { commOf } from './comm.ts';
import { Open } from './abi/constants.ts';
import { virtualClockBases } from '../determinism/clock.ts';

/** Id of the program's process as it sees it; its parent is `virtualPid - 1`. */
export const virtualPid = 1000;

/** Before `resolveProgram` has found what `executable` is. */
export function initialProcessState(plan: SessionPlan): ProcessState {
  const { program } = plan;
  const executable = Buffer.from(program.file);
  return {
    pid: virtualPid,
    parentPid: virtualPid - 1,
    processGroup: virtualPid,
    sessionId: virtualPid - 1,
    uid: plan.program.uid,
    gid: plan.program.gid,
    groups: plan.program.groups,
    cwd: Buffer.from(plan.program.cwd),
    umask: plan.program.umask,
    descriptors: standardDescriptors(plan),
    executable,
    args: program.argsBase64.map((text) => Buffer.from(text, 'base64')),
    env: program.envBase64.map((text) => Buffer.from(text, 'base64')),
    clockBases:
      plan.settings.clock === 'virtual'
        ? virtualClockBases(Buffer.from(plan.settings.seed, 'hex'))
        : {
            realtimeNs: BigInt(plan.clockBases.realtimeNs),
            monotonicNs: BigInt(plan.clockBases.monotonicNs),
            bootNs: BigInt(plan.clockBases.bootNs),
          },
    clock: plan.settings.clock,
    virtualElapsedNs: 0,
    comm: commOf(executable),
    nice: 0,
    personality: 0,
    inodes: new Map(),
    shadows: new Map(),
    sharedMappings: [],
    segv: { action: undefined, blocked: false, restore: false },
    timers: 0,
    execCount: 0,
    execDirectory: undefined,
    execCopies: 0,
    randomCounter: 0,
    nextFileId: 1,
  };
}

/** Descriptors that share one open file at the monitor (2>&1) share their flags here. */
function standardDescriptors(plan: SessionPlan): Map<number, Descriptor> {
  const descriptors = new Map<number, Descriptor>();
  const byShared = new Map<number, Descriptor['file']>();
  for (const stream of [0, 1, 2] as const) {
    const at = plan.streams[stream];
    if (at.kind === 'closed') continue;
    const file = byShared.get(at.shared) ?? {
      kind: 'stream' as const,
      stream,
      flags: at.flags | Open.largefile,
      offset: at.offset,
    };
    byShared.set(at.shared, file);
    descriptors.set(stream, { file, closeOnExec: false });
  }
  return descriptors;
}
