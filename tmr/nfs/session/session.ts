/** One session at the file server: its replicas' connections, slots, notices and state. */
import type { ReplicaId } from '../../core/types.ts';
import type { Export, ExportView } from '../exports/export.ts';
import type { MountPoints } from '../procedures/mount.ts';
import type {
  FlagArgs,
  FlagResult,
  SessionConfig,
  SessionStatus,
} from '../protocol/private-program.ts';
import { Membership } from './membership.ts';
import { SlotTable, type SlotRequest } from './slots.ts';

/** What a session needs of a connection. */
export interface SessionConnection {
  /** Ends it at once. */
  cut(): void;
}

export interface SessionFiles {
  /** Volumes in the order of the configuration, then the system if it is served. */
  exports: Export[];
  view: ExportView;
  mounts: MountPoints;
}

const NOTICES_REPORTED = 64;
const DIGEST_FAULTS_REPORTED = 64;
/** `tmr/core` opens no other stream than 0 yet: what else a tracer names is no call of its replica. */
const STREAMS = 1;
/** Its tracer's, one left behind by a host that vanished, one that sends notices, and one to spare. */
const CONNECTIONS_MAX = 4;
/**
 * Time for a replica that holds the others up to catch up, by 1024 calls. The server knows no time-out
 * of the session, and need not: they have agreed on those calls, so a healthy one is making them, and
 * 30 ms for each is more than a MiB takes. Tracers wait without a time-out of their own (R9).
 */
const CATCH_UP_MS = 30_000;

export class Session {
  readonly id: string;
  readonly config: SessionConfig;
  readonly files: SessionFiles;
  readonly #membership: Membership;
  readonly #slots: SlotTable;
  readonly #connections = new Map<ReplicaId, Set<SessionConnection>>();
  readonly #digestFaults: SessionStatus['digestFaults'] = [];
  readonly #changedOutside = new Set<string>();
  readonly #waiters = new Set<() => void>();
  readonly #nowNs: () => number;
  #version = 1;
  #state: SessionStatus['state'] = 'open';
  #reason: string | undefined;

  /** `nowNs`: CLOCK_MONOTONIC. */
  constructor(id: string, config: SessionConfig, files: SessionFiles, nowNs: () => number) {
    this.id = id;
    this.config = config;
    this.files = files;
    this.#nowNs = nowNs;
    this.#membership = new Membership(config.replicas, config.policy);
    this.#slots = new SlotTable({
      streams: STREAMS,
      started: config.replicas,
      policy: config.policy,
      isUnflagged: (replica) => this.#membership.isUnflagged(replica),
      onDigestFault: (replica, stream, counter) => this.#digestFault(replica, stream, counter),
      onNoQuorum: () => this.#stop('no quorum at file server'),
      later: (run) => void setTimeout(run, CATCH_UP_MS).unref(),
    });
  }

  /** Why a replica may not bind a connection; undefined: it may. */
  refusal(replica: ReplicaId): string | undefined {
    if (!this.#membership.isReplica(replica)) {
      return `session ${this.id} has replicas 1 to ${this.config.replicas}, not ${replica}`;
    }
    if (this.#membership.isFlagged(replica)) {
      return `replica ${replica} of session ${this.id} is flagged and stays out`;
    }
    if (this.#state !== 'open') return `session ${this.id} is over: ${this.#reason ?? this.#state}`;
    if ((this.#connections.get(replica)?.size ?? 0) >= CONNECTIONS_MAX) {
      return `replica ${replica} of session ${this.id} has ${CONNECTIONS_MAX} connections already`;
    }
    return undefined;
  }

  bind(replica: ReplicaId, connection: SessionConnection): void {
    const connections = this.#connections.get(replica) ?? new Set();
    this.#connections.set(replica, connections.add(connection));
    this.#slots.connected(replica);
  }

  unbind(replica: ReplicaId, connection: SessionConnection): void {
    const connections = this.#connections.get(replica);
    connections?.delete(connection);
    if (connections?.size === 0) this.#slots.disconnected(replica);
  }

  /** Why a request has no slot and is not answered; undefined: it has one. */
  request(request: SlotRequest): string | undefined {
    if (!this.#membership.isUnflagged(request.replica)) return 'its replica is flagged';
    return this.#slots.arrive(request);
  }

  flag(accuser: ReplicaId, args: FlagArgs): FlagResult {
    if (this.#state !== 'open') return { ok: false, reason: this.#reason ?? 'the session is over' };
    const before = this.#membership.isFlagged(args.accused);
    const known = this.#membership.notices.length;
    const outcome = this.#membership.notice(accuser, args, this.#nowNs());
    if (outcome.kind === 'invalid') return { ok: false, reason: outcome.reason };
    if (outcome.kind === 'stop') {
      this.#stop(outcome.reason);
      return { ok: false, reason: outcome.reason };
    }
    const isNew = !before && this.#membership.isFlagged(args.accused);
    if (isNew) {
      this.#cut(args.accused);
      this.#slots.flagged();
    }
    if (isNew || this.#membership.notices.length > known) this.#changed();
    return { ok: true, counted: outcome.kind === 'counted' };
  }

  /** A replica said goodbye. */
  leave(replica: ReplicaId): void {
    this.#slots.left(replica);
  }

  /** The monitor is gone or said goodbye: everything of the session ends. */
  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#slots.stop();
    this.#changed();
    for (const replica of this.#connections.keys()) this.#cut(replica);
  }

  /** Somebody else changed a volume; told in the status once. */
  changedOutside(volume: string): void {
    if (this.#changedOutside.has(volume)) return;
    this.#changedOutside.add(volume);
    this.#changed();
  }

  status(): SessionStatus {
    const status: SessionStatus = {
      version: this.#version,
      state: this.#state,
      replicas: this.config.replicas,
      notices: this.#membership.notices.slice(0, NOTICES_REPORTED),
      flags: this.#membership.flags(),
      digestFaults: this.#digestFaults,
    };
    if (this.#reason !== undefined) status.reason = this.#reason;
    if (this.#changedOutside.size > 0) status.volumeChangedOutside = [...this.#changedOutside];
    return status;
  }

  get version(): number {
    return this.#version;
  }

  /** Calls `tell` at the next change. Returns how to give up. */
  whenChanged(tell: (status: SessionStatus) => void): () => void {
    const waiter = () => {
      this.#waiters.delete(waiter);
      tell(this.status());
    };
    this.#waiters.add(waiter);
    return () => this.#waiters.delete(waiter);
  }

  #digestFault(replica: ReplicaId, stream: number, counter: number): void {
    if (this.#digestFaults.length >= DIGEST_FAULTS_REPORTED) return;
    this.#digestFaults.push({ replica, stream, counter, tNs: this.#nowNs() });
    this.#changed();
  }

  /**
   * Nothing runs any more, and nobody is answered. Connections stay: the monitor hears of it by
   * STATUS and ends the session, before tracers take silence for a lost server.
   */
  #stop(reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'stopped';
    this.#reason = reason;
    this.#slots.stop();
    this.#changed();
  }

  #cut(replica: ReplicaId): void {
    for (const connection of this.#connections.get(replica) ?? []) connection.cut();
    this.#connections.delete(replica);
  }

  #changed(): void {
    this.#version++;
    for (const waiter of this.#waiters) waiter();
  }
}
