/** Calls that bring files to stable storage, or tell how they will be used. */
import type { CallRun } from '../../ports.ts';
import { Errno } from '../abi/errno.ts';
import { descriptorOf, fileOf, isVolume } from '../descriptors.ts';
import type { CallGroup } from '../policy.ts';
import { flushAllMapped, flushMapped } from '../shadows.ts';

export const syncCalls = {
  fsync: { class: 'file-service', args: ['int'], perform: sync },
  fdatasync: { class: 'file-service', args: ['int'], perform: sync },
  sync_file_range: {
    class: 'file-service',
    args: ['int', 'long', 'long', 'uint'],
    perform: sync,
  },
  sync: { class: 'file-service', args: [], perform: syncAll },
  syncfs: {
    class: 'file-service',
    args: ['int'],
    perform: (run) => {
      descriptorOf(run, run.tracee.argInt(0));
      syncAll(run);
    },
  },
  fadvise64: { class: 'file-service', args: ['int', 'long', 'long', 'int'], perform: advise },
  readahead: { class: 'file-service', args: ['int', 'long', 'long'], perform: advise },
} as const satisfies CallGroup;

function sync(run: CallRun): void {
  const file = fileOf(run, run.tracee.argInt(0));
  if (isVolume(file)) {
    flushMapped(run, file);
    run.files.sync(file);
    return run.skip(0);
  }
  if (file.kind === 'stream' && run.plan.streams[file.stream].kind === 'file') {
    run.files.flush();
    return run.skip(run.monitor.slot({ type: 'sync', fd: file.stream }).result);
  }
  run.skip(file.kind === 'local' && file.path.startsWith('/usr') ? 0 : -Errno.EINVAL);
}

function syncAll(run: CallRun): void {
  flushAllMapped(run);
  run.files.flush();
  run.skip(0);
}

function advise(run: CallRun): void {
  const file = fileOf(run, run.tracee.argInt(0));
  const isPipe =
    (file.kind === 'local' && file.path.startsWith('pipe:')) ||
    (file.kind === 'stream' && run.plan.streams[file.stream].kind === 'pipe');
  run.skip(isPipe ? -Errno.ESPIPE : 0);
}
