/**
 * One session, from the plan to the end, in one synchronous call: connections, the replica, the
 * trace loop, and leaving nothing behind.
 */
import * as native from 'ptrace-napi';
import { tickMs } from '../../core/bounds.ts';
import { createCore } from '../../core/create-core.ts';
import type { ReplicaId } from '../../core/types.ts';
import { buildId } from '../../wire/build-id.ts';
import type { Identity } from '../../wire/hello.ts';
import type { Address } from '../../wire/messages.ts';
import type { SessionPlan } from '../../wire/session-plan.ts';
import { disposition } from '../determinism/disposition.ts';
import { NfsFileService } from '../files/nfs-file-service.ts';
import type { FileService } from '../files/types.ts';
import { connectPeers } from './connect-peers.ts';
import { connect, dial } from './handshake.ts';
import { MonitorLink } from './monitor-link.ts';
import { Placer } from './placement.ts';
import { launchReplica, type Launched } from './launch.ts';
import { Pump } from './pump.ts';
import { Recorder } from './recorder.ts';
import { ServerLink } from './server-link.ts';
import { Services } from './services.ts';
import { SessionEnd } from './session-end.ts';
import { isExpected, starting } from './start-error.ts';
import type { Interpose } from './session-ports.ts';
import { TraceLoop } from './trace-loop.ts';
import { Voter } from './voter.ts';

const MS = 1e6;
const START_SHARE = 0.8;
const PEERS_MAX = 16;
const PROGRESS_PERIOD_NS = 500 * MS;
/** What the daemon is told about a session that is over. */
export interface SessionResult {
  outcome: 'completed' | SessionEnd['kind'] | 'failed';
  reason: string;
}

/** `loadInterposer` gives what wraps the ports, if anything; what it throws is told to the monitor. */
export function runSession(
  plan: SessionPlan,
  cpus: readonly number[],
  loadInterposer: () => Interpose | undefined,
): SessionResult {
  const session = new Session(plan, cpus);
  try {
    session.run(loadInterposer);
    return { outcome: 'completed', reason: '' };
  } catch (error) {
    return session.fail(error);
  } finally {
    session.close();
  }
}

class Session {
  readonly #plan: SessionPlan;
  readonly #key: Buffer;
  readonly #identity: Identity;
  readonly #pump = new Pump();
  readonly #recorder: Recorder;
  readonly #placer: Placer;
  readonly #startDeadlineNs: number;
  readonly #sendTimeoutNs: number;
  #listener = -1;
  #nextProgressNs = 0;
  #monitor: MonitorLink | undefined;
  #server: ServerLink | undefined;
  #services: Services | undefined;
  #voter: Voter | undefined;
  #loop: TraceLoop | undefined;
  #launched: Launched | undefined;
  #peers: { replica: ReplicaId; address: Address }[] | undefined;
  /** The monitor has found the same bytes at all replicas (R0). */
  #mayRun = false;

  constructor(plan: SessionPlan, cpus: readonly number[]) {
    this.#plan = plan;
    const { settings, replica } = plan;
    this.#key = Buffer.from(plan.sessionKey ?? '', 'hex');
    this.#identity = { role: 'tracer', session: plan.session, replica, buildId: buildId() };
    this.#recorder = new Recorder(replica);
    // Before the monitor's own patience ends, so that it hears what was missing.
    this.#startDeadlineNs = native.monotonicNs() + settings.startTimeoutMs * MS * START_SHARE;
    // A party that takes nothing for as long as the services may be silent is as good as gone.
    this.#sendTimeoutNs = settings.serviceTimeoutMs * MS;
    this.#placer = new Placer({
      policy: settings.placement,
      replica,
      replicas: settings.replicas,
      cpus,
    });
  }

  run(loadInterposer: () => Interpose | undefined): void {
    const { settings } = this.#plan;
    native.setTick(Math.min(tickMs(settings.timeoutMs) * MS, this.#placer.periodNs));
    // First of all the one to whom a failure can be told.
    const monitor = this.#dialMonitor();
    const interpose = loadInterposer();
    const { host, port } = this.#plan.listen;
    const listening = starting(`cannot listen for the other tracers on ${host}:${port}`, () =>
      native.listen(host, port, PEERS_MAX),
    );
    this.#listener = listening.fd;
    monitor.send({
      type: 'ready',
      pid: process.pid,
      address: { host, port: listening.port },
    });
    this.#awaitPeers(native.monotonicNs() + settings.startTimeoutMs * MS);
    const voter = this.#startVoter(monitor, interpose);
    voter.start();
    const server = this.#dialServer(voter);
    this.#watchServices(server, monitor);
    this.#runProgram(voter, server, monitor);
    this.#leave(server, monitor, voter);
  }

  /** The monitor gives up at the start time-out itself; one that vanished without a word cannot say so. */
  #awaitPeers(dueNs: number): void {
    while (this.#peers === undefined) {
      if (native.monotonicNs() >= dueNs) {
        throw new SessionEnd('lost', 'monitor lost: it did not say where the other tracers are');
      }
      this.#pump.turn(dueNs);
    }
  }

  /** Turns whatever ended the session early into words for the monitor. */
  fail(error: unknown): SessionResult {
    const outcome = error instanceof SessionEnd ? error.kind : 'failed';
    const reason = error instanceof Error ? error.message : String(error);
    this.#killReplica();
    try {
      this.#sendStatistics();
      if (outcome === 'crashed') this.#monitor?.send({ type: 'down', reason });
      if (outcome === 'fenced' || outcome === 'crashed')
        this.#monitor?.send({ type: 'fenced', reason });
      else if (outcome !== 'ended') this.#monitor?.send({ type: 'stopped', reason });
    } catch {
      // The monitor is gone too; there is nobody left to tell.
    }
    if (outcome === 'failed' && !isExpected(error)) {
      process.stderr.write(`tmr: session process: ${describe(error)}\n`);
    }
    return { outcome, reason };
  }

  close(): void {
    this.#killReplica();
    this.#voter?.closeAll();
    this.#server?.close();
    this.#monitor?.close();
    if (this.#listener >= 0) native.close(this.#listener);
    this.#launched?.cleanUp();
    native.setTick(0);
    this.#placer.release();
  }

  #dialMonitor(): MonitorLink {
    const link = dial(
      this.#plan.monitor,
      this.#identity,
      this.#key,
      'the monitor',
      this.#startDeadlineNs,
    );
    this.#monitor = new MonitorLink(link, this.#pump, this.#sendTimeoutNs, {
      peers: (peers) => {
        this.#peers = peers;
      },
      go: () => {
        this.#mayRun = true;
      },
      signal: (signal) => this.#signalled(signal),
      suspend: () => this.#suspend(true),
      resume: () => this.#suspend(false),
      closed: () => this.#lost('monitor'),
      heard: () => this.#services?.heard('monitor'),
    });
    return this.#monitor;
  }

  #startVoter(monitor: MonitorLink, interpose: Interpose | undefined): Voter {
    const { settings } = this.#plan;
    const core = createCore({
      self: this.#plan.replica,
      replicas: settings.replicas,
      policy: settings.policy,
      timeoutFrom: settings.timeoutFrom,
      detect: settings.detect,
      timeoutNs: settings.timeoutMs * MS,
      linkDelayNs: settings.linkDelayMs * MS,
      tickNs: tickMs(settings.timeoutMs) * MS,
      askDelayNs: settings.askDelayMs * MS,
      startTimeoutNs: settings.startTimeoutMs * MS,
      sealKeys: this.#plan.sealKeys,
    });
    const voter = new Voter({
      core,
      pump: this.#pump,
      monitor,
      recorder: this.#recorder,
      servicePorts: {
        noticeToServer: (accused, stream, k, mechanism) =>
          this.#server?.notice({ accused, stream, k, mechanism }),
        sendBytesToServer: (record) => this.#server?.transmit(record),
        sendToMonitor: (message) => monitor.transmit(message),
        closeService: (service) => (service === 'nfs' ? this.#server : monitor)?.drop(),
      },
    });
    this.#voter = voter;
    const links = connectPeers({
      identity: this.#identity,
      key: this.#key,
      listener: this.#listener,
      peers: this.#peers ?? [],
      deadlineNs: this.#startDeadlineNs,
    });
    for (const { replica, link } of links) voter.addPeer(replica, link);
    if (interpose !== undefined) {
      voter.ports = interpose(voter.ports, {
        plan: this.#plan,
        options: settings.interpose?.options,
        monotonicNs: native.monotonicNs,
      });
    }
    const { ports } = voter;
    monitor.outlet = (message) => ports.sendToMonitor(message);
    return voter;
  }

  #dialServer({ ports }: Voter): ServerLink {
    const { program, nfs, session } = this.#plan;
    const link = starting(`cannot reach the NFS server at ${nfs.host}:${nfs.port}`, () =>
      connect(nfs, 'the NFS server', this.#startDeadlineNs),
    );
    const server = new ServerLink({
      link,
      pump: this.#pump,
      session,
      uid: program.uid,
      gid: program.gid,
      groups: program.groups,
      sendTimeoutNs: this.#sendTimeoutNs,
    });
    this.#server = server;
    server.outlet = (record) => ports.sendBytesToServer(record);
    server.hello(this.#identity, this.#key, this.#startDeadlineNs);
    server.watch({
      heard: () => this.#services?.heard('file server'),
      closed: () => this.#lost('file server'),
    });
    return server;
  }

  #watchServices(server: ServerLink, monitor: MonitorLink): void {
    const { settings } = this.#plan;
    this.#services = new Services({
      serviceTimeoutNs: settings.serviceTimeoutMs * MS,
      graceNs: (settings.timeoutMs * MS) / 4,
      ping: { 'file server': () => server.ping(), monitor: () => monitor.send({ type: 'ping' }) },
      tell: (lost) => {
        if (lost === 'file server') monitor.send({ type: 'lost', party: 'nfs' });
      },
    });
    this.#pump.addTimed(this.#services);
  }

  #runProgram(voter: Voter, server: ServerLink, monitor: MonitorLink): void {
    const { program, volumes, settings } = this.#plan;
    const files: FileService = new NfsFileService({
      port: server,
      volumes,
      caches: settings.caches,
      credentials: { uid: program.uid, gid: program.gid, groups: program.groups },
    });
    // Only now: until here three starts share the cores as they fall free.
    this.#placer.place(0);
    const launched = starting(`cannot run ${program.file}`, () =>
      launchReplica(this.#plan, files, this.#placer.cpus()),
    );
    this.#launched = launched;
    const loop = new TraceLoop({
      tracee: launched.tracee,
      plan: this.#plan,
      process: launched.process,
      files,
      monitor,
      voter,
      recorder: this.#recorder,
      tick: () => {
        this.#placer.place(launched.tracee.pid);
        this.#pump.poll();
      },
      decided: () => {
        if (this.#services?.lost === true) this.#pump.until(() => false);
        this.#tellProgress(voter, monitor);
      },
    });
    this.#loop = loop;
    monitor.send({
      type: 'started',
      replicaPid: launched.tracee.pid,
      files: launched.files,
    });
    this.#pump.until(() => this.#mayRun);
    loop.run(launched.digest);
  }

  /** R10, then last words. */
  #leave(server: ServerLink, monitor: MonitorLink, voter: Voter): void {
    voter.end();
    server.bye();
    this.#sendStatistics();
    monitor.send({ type: 'progress', rendezvous: voter.k + 1, members: voter.members.length });
  }

  /** For `--progress`: now and then, at a rendezvous. */
  #tellProgress(voter: Voter, monitor: MonitorLink): void {
    const nowNs = native.monotonicNs();
    if (nowNs < this.#nextProgressNs) return;
    this.#nextProgressNs = nowNs + PROGRESS_PERIOD_NS;
    monitor.send({ type: 'progress', rendezvous: voter.k + 1, members: voter.members.length });
  }

  #sendStatistics(): void {
    this.#monitor?.send({
      type: 'statistics',
      json: this.#recorder.statistics({
        tsc: this.#loop?.tsc.used ?? (this.#plan.settings.tsc === 'native' ? 'native' : 'trap'),
        placement: this.#placer.placement,
      }),
    });
  }

  #lost(party: 'file server' | 'monitor'): void {
    if (this.#services === undefined) throw new SessionEnd('lost', `${party} lost`);
    // Under `paper` a notice is obeyed at once: whom the server cuts off is out (protocol.md 3b v).
    if (this.#plan.settings.policy === 'paper' && party === 'file server') {
      throw new SessionEnd('fenced', 'cut off by the file server');
    }
    this.#services.lose(party);
  }

  /** R18: a signal that the program takes care of is marked in the next vote. */
  #signalled(signal: number): void {
    const pid = this.#launched?.tracee.pid;
    if (pid === undefined || this.#voter === undefined) return;
    const kind = disposition(pid, signal);
    this.#monitor?.send({ type: 'disposition', signal, kind });
    if (kind !== 'default') this.#voter.announceSignal(signal);
  }

  /** Ctrl-Z (R18): time-outs stop, and the replica is held at its next rendezvous. */
  #suspend(suspend: boolean): void {
    if (suspend) {
      this.#voter?.suspend();
      this.#services?.suspend();
    } else {
      this.#services?.resume();
      this.#voter?.resume();
    }
  }

  #killReplica(): void {
    const tracee = this.#loop?.tracee ?? this.#launched?.tracee;
    if (tracee !== undefined) this.#launched?.kill(tracee);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
