/**
 * Where the parts of the system run during a campaign: processes of this machine, or containers.
 * Everything above, trial and golden run, is the same for both.
 */
import type { WriteEvent } from '../faults/event-log.ts';
import type { ContainerControl } from '../faults/container-injector.ts';
import type { ProcessIdentity } from '../faults/process-state.ts';
import type { ReplicaId } from '../tmr/core/types.ts';
import type { ProcessEnd, ProcessRequest } from './process-run.ts';
import type { HostsName } from './types.ts';

/** One session: `tmr monitor` with `options` behind those that say where the parts are. */
export interface MonitorRun extends Omit<ProcessRequest, 'command'> {
  options: readonly string[];
  /** What the session works on and where its report goes; there before and afterwards. */
  directory: string;
}

/** Where the injectors of a session write what they did. */
export interface EventSink {
  /** For the interposed module: a path, or the tag of lines on stderr. */
  eventLog: string | { stderr: string };
  /** An event of the harness's own. */
  write: WriteEvent;
  close(): Promise<void>;
}

export interface Hosts {
  readonly name: HostsName;
  /** To whom the files of a run must belong; null: to us, as they are made. */
  readonly owner: { uid: number; gid: number } | null;
  /** The module for `--interpose`, as session processes find it. */
  readonly interposeModule: string;
  /** Faults of containers; null where there are none. */
  readonly control: ContainerControl | null;
  /** Starts what is not running and replaces what a fault broke. */
  ready(): Promise<void>;
  /** After a hang: nothing that an earlier session left behind may touch the next. */
  restart(): Promise<void>;
  close(): Promise<void>;
  /** Rejects with an AbortError, and when the session's process cannot be started. */
  runMonitor(run: MonitorRun): Promise<ProcessEnd>;
  /**
   * Opens a place for events; they are all in `file` when it is closed. `onEvent`: each as it comes, from
   * hosts where they come by a stream.
   */
  openEvents(file: string, onEvent: WriteEvent): EventSink;
  /** Whether a process of a replica's host is gone. */
  isDead(replica: ReplicaId, process: ProcessIdentity): Promise<boolean>;
  /** For the manifest. */
  describe(): Promise<Record<string, unknown>>;
}
