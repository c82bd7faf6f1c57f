/**
 * One session from plan to report: opens it at the NFS server, gives each tracer daemon its plan,
 * lets `MonitorSession` decide, and puts everything away.
 */
import { lookup } from 'node:dns/promises';
import { writeSync } from 'node:fs';
import { isIP } from 'node:net';
import { hrtime } from 'node:process';
import { tickMs } from '../core/bounds.ts';
import type { SessionStatus } from '../nfs/protocol/private-program.ts';
import { buildId } from '../wire/build-id.ts';
import { clockIdentity } from '../wire/clock-identity.ts';
import { sessionKey } from '../wire/hello.ts';
import type { Address } from '../wire/messages.ts';
import type { SessionPlan, SessionSettings, Volume } from '../wire/session-plan.ts';
import { isLoopback } from './addresses.ts';
import type { Routes } from './addresses.ts';
import { clockBases } from './clock-bases.ts';
import { partyClock } from './clock-offset.ts';
import type { PartyClock } from './clock-offset.ts';
import { DaemonClient } from './daemon-client.ts';
import { exitStatus, messageOf, StartError } from './errors.ts';
import type { Exit, SessionResult } from './facts.ts';
import { FileServerClient } from './file-server-client.ts';
import { listenForTracers } from './listener.ts';
import type { SessionListener } from './listener.ts';
import type { NativeDescriptors } from './native.ts';
import { describeProgram, type Caller } from './program.ts';
import { showProgress } from './progress.ts';
import { buildReport } from './report.ts';
import { writeReport } from './report-file.ts';
import { drawSealKeys } from './seal-keys.ts';
import { MonitorSession } from './session.ts';
import { SessionStatusFile, type StatusDirectory } from './status-dir.ts';
import { StreamService } from './stream-io.ts';
import { describeStreams } from './streams.ts';
import { forwardSignals } from './terminal-signals.ts';
import { suspectCounter } from './time-stamp-counter.ts';
import { visible } from './visible-text.ts';
import { ownVolumes } from './volumes.ts';

/** Where the parts are. */
export interface Parts {
  tracers: Address[];
  nfs: Address;
  /** Null when the server is not ours. */
  nfsPid: number | null;
}

export interface LaunchOptions {
  session: string;
  secret: Uint8Array;
  /** File with the secret, for outside clients of the session. */
  secretFile: string;
  command: readonly string[];
  cwd: string;
  settings: SessionSettings;
  volumes: Volume[];
  /** Called once the command is known to exist; `run` starts the parts then. */
  parts: () => Promise<Parts>;
  /** Undefined: the address by which the first tracer daemon is reached, any free port. */
  listen: Address | undefined;
  /** Whose program it is, when not this process's. */
  caller?: Caller;
  /** Where replica r is to listen: entry r-1. */
  sessionPorts: readonly number[];
  routes: Routes;
  statusDirectory: StatusDirectory;
  reportFile?: string;
  progress: boolean;
  native: NativeDescriptors;
}

/** Time for session processes to leave when they are told to, ms. */
const LEAVE_MS = 1500;
/** Grace beyond T + 2d for stragglers after the exit status is out, ms. */
const LINGER_MARGIN_MS = 1000;
const SIGNAL_GRACE_MIN_MS = 1000;
const STDERR = 2;

/** Runs one session and returns how the process is to end. Never rejects for a session's failure. */
export async function launch(options: LaunchOptions): Promise<Exit> {
  return await new Launch(options).run();
}

class Launch {
  readonly #options: LaunchOptions;
  readonly #key: Buffer;
  readonly #sealKeys: SessionPlan['sealKeys'][];
  readonly #monitor: MonitorSession;
  readonly #status: SessionStatusFile;
  readonly #streams: SessionPlan['streams'];
  readonly #tStartNs = nowNs();
  #service: StreamService;
  #tRunningNs = NaN;
  #parts: Parts | undefined;
  #daemons: DaemonClient[] = [];
  readonly #stopped = new Set<DaemonClient>();
  #fileServer: FileServerClient | undefined;
  #listener: SessionListener | undefined;
  readonly #clocks: PartyClock[] = [];
  /** Replicas on machines that trap no rdtsc whatever they are asked. */
  readonly #untrapped: number[] = [];

  constructor(options: LaunchOptions) {
    this.#options = options;
    this.#key = sessionKey(options.secret, options.session);
    this.#sealKeys = drawSealKeys(options.settings.replicas);
    this.#streams = describeStreams(options.native);
    this.#service = new StreamService(this.#streams, options.native);
    this.#status = new SessionStatusFile(options.statusDirectory, say);
    const { settings } = options;
    this.#monitor = new MonitorSession(
      {
        replicas: settings.replicas,
        policy: settings.policy,
        startTimeoutMs: settings.startTimeoutMs,
        lingerMs: settings.timeoutMs + 2 * settings.linkDelayMs + LINGER_MARGIN_MS,
        signalGraceMs: Math.max(SIGNAL_GRACE_MIN_MS, 4 * tickMs(settings.timeoutMs)),
      },
      {
        nowNs,
        perform: (op) => this.#service.perform(op),
        after: (ms, then) => {
          // Sockets and signals first: after Ctrl-Z much is due at once (protocol.md 1).
          let drained: NodeJS.Immediate | undefined;
          const timer = setTimeout(() => {
            drained = setImmediate(then);
          }, ms);
          return () => {
            clearTimeout(timer);
            clearImmediate(drained);
          };
        },
        stopReplica: (replica) => this.#stop(replica),
        route: (from, to, own) => this.#route(from, to, own),
        say,
        changed: () => this.#changed(),
      },
    );
  }

  async run(): Promise<Exit> {
    const options = this.#options;
    const restore = forwardSignals({
      signal: (signal) => this.#monitor.signal(signal),
      interrupt: (signal) => this.#monitor.interrupt(signal),
      suspend: () => this.#monitor.suspend(),
      resume: () => this.#monitor.resume(),
    });
    const endProgress = options.progress ? showProgress(this.#monitor) : () => undefined;
    const started = this.#start().catch((error: unknown) => {
      const status = error instanceof StartError ? error.exitStatus : exitStatus.failed;
      this.#monitor.fail(messageOf(error), status);
    });
    const result = await this.#monitor.ended;
    const tEndNs = nowNs();
    endProgress();
    const [fileServer] = await Promise.all([this.#fileServer?.bye(), this.#daemonsGone()]);
    void started;
    this.#listener?.close();
    for (const daemon of this.#daemons) daemon.close();
    this.#sayRefused();
    const { facts } = this.#monitor;
    const suspect = suspectCounter(facts, this.#untrapped);
    if (suspect !== undefined) say(suspect);
    this.#report(result, tEndNs, fileServer);
    options.statusDirectory.remove(options.session);
    restore();
    return result.exit;
  }

  async #start(): Promise<void> {
    const { session, settings, volumes, ...options } = this.#options;
    // Before anything is started: a command that does not exist costs nothing.
    const program = describeProgram(options.command, options.cwd, options.caller);
    process.title = `tmr monitor ${session}`;
    // A name that nobody knows is told before anything is started.
    await options.routes.resolve(numericAddress);
    this.#parts = await resolveHosts(await options.parts());
    const identity = { role: 'monitor', session, replica: 0, buildId: buildId() } as const;
    const { replicas, policy, detect } = settings;
    const [fileServer, ...daemons] = await Promise.all([
      FileServerClient.open(this.#parts.nfs, identity, this.#key, {
        replicas,
        policy,
        detect,
        volumes: ownVolumes(volumes),
      }),
      ...this.#parts.tracers.map((address, index) =>
        DaemonClient.connect(index + 1, address, session, this.#key, buildId()),
      ),
    ]);
    this.#daemons = daemons;
    this.#fileServer = fileServer;
    this.#watchFileServer(fileServer, settings.serviceTimeoutMs);
    this.#compareClocks();
    this.#listener = await listenForTracers({
      address: options.listen ?? { host: daemons[0]?.localHost ?? '127.0.0.1', port: 0 },
      session,
      replicas,
      key: this.#key,
      monitor: () => this.#monitor,
    });
    this.#changed();
    const bases = clockBases(options.native);
    await Promise.all(
      daemons.map((daemon, index) => {
        const replica = index + 1;
        return daemon.start(this.#plan(replica, daemon, program, bases)).then(({ trapsTsc }) => {
          if (!trapsTsc) this.#untrapped.push(replica);
        });
      }),
    );
  }

  /** While the session processes start, which takes longer than all questions. */
  #compareClocks(): void {
    const ownId = clockIdentity();
    const parties = [
      ...this.#daemons.map((daemon, index) => [`tracer ${index + 1}`, daemon] as const),
      ['file-server', this.#fileServer] as const,
    ];
    for (const [party, client] of parties) {
      void client
        ?.probeClock(() => this.#monitor.state === 'starting')
        .then((answers) => {
          const clock = partyClock(party, answers, ownId);
          if (clock !== undefined) this.#clocks.push(clock);
        });
    }
  }

  #plan(
    replica: number,
    daemon: DaemonClient,
    program: SessionPlan['program'],
    bases: SessionPlan['clockBases'],
  ): SessionPlan {
    const { session, settings, volumes, routes, sessionPorts } = this.#options;
    const parts = this.#parts as Parts;
    const host = parts.tracers[replica - 1]?.host ?? '127.0.0.1';
    const listener = this.#listener as SessionListener;
    return {
      session,
      replica,
      program,
      settings,
      sealKeys: this.#sealKeys[replica - 1]!,
      clockBases: bases,
      streams: this.#streams,
      volumes,
      monitor: routes.monitor(replica, dialable(listener.address, daemon.localHost)),
      nfs: routes.nfs(replica, parts.nfs),
      listen: { host: isLoopback(host) ? host : '0.0.0.0', port: sessionPorts[replica - 1] ?? 0 },
    };
  }

  #watchFileServer(fileServer: FileServerClient, serviceTimeoutMs: number): void {
    fileServer.watch(serviceTimeoutMs, {
      status: (status) => {
        for (const { replica } of status.digestFaults) this.#monitor.fileEvidence(replica);
        if (status.state === 'stopped') {
          this.#monitor.stop(status.reason ?? 'the file server stopped the session');
        }
      },
      lost: (why) => this.#monitor.fileServerLost(why),
    });
  }

  /** A tracer that listens on all addresses is reached where its daemon is. */
  #route(from: number, to: number, own: Address): Address {
    const host = this.#parts?.tracers[to - 1]?.host ?? own.host;
    return this.#options.routes.peer(from, to, dialable(own, host));
  }

  #stop(replica: number): void {
    const daemon = this.#daemons[replica - 1];
    if (daemon === undefined) return;
    daemon.stop();
    this.#stopped.add(daemon);
  }

  /** Nothing outlives its owner: waits, within bounds, for what was told to end. */
  async #daemonsGone(): Promise<void> {
    if (this.#monitor.replicas.every(({ pid }) => pid === 0)) {
      // Never connected: whatever the daemons have started has to go.
      for (const daemon of this.#daemons) {
        daemon.stop();
        this.#stopped.add(daemon);
      }
    }
    const gone = Promise.all([...this.#stopped].map(({ processGone }) => processGone));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, LEAVE_MS);
    });
    await Promise.race([gone, late]);
    clearTimeout(timer);
  }

  #changed(): void {
    const { session, secretFile, volumes } = this.#options;
    const { state } = this.#monitor;
    if (state === 'running' && Number.isNaN(this.#tRunningNs)) this.#tRunningNs = nowNs();
    if (this.#parts === undefined || this.#listener === undefined || state === 'ended') return;
    this.#status.write(
      {
        session,
        state,
        secretFile,
        monitor: { pid: process.pid, address: this.#listener.address },
        nfs: { pid: this.#parts.nfsPid, address: this.#parts.nfs },
        replicas: this.#monitor.replicas.map(({ replica, pid, replicaPid, address, state }) => ({
          replica,
          sessionPid: pid,
          replicaPids: replicaPid === 0 ? [] : [replicaPid],
          address: address ?? null,
          state: state === 'flagged' ? state : statusOf(state),
        })),
      },
      {
        writes: volumes.filter(({ access }) => access === 'rw').map(({ subtree }) => subtree),
      },
    );
  }

  #sayRefused(): void {
    const writes = this.#monitor.facts.refused.filter(
      ({ kind, errno }) => kind === 'path' && errno === 'EROFS',
    );
    const first = writes[0];
    if (first === undefined) return;
    const count = writes.reduce((sum, fact) => sum + fact.count, 0);
    const what = count === 1 ? '1 write' : `${count} writes`;
    const verb = count === 1 ? 'was' : 'were';
    say(`${what} outside the volumes ${verb} refused (EROFS), first: ${first.what}`);
  }

  #report(result: SessionResult, tEndNs: number, fileServer: SessionStatus | undefined): void {
    const { reportFile, session, command, settings, volumes } = this.#options;
    if (reportFile === undefined) return;
    try {
      writeReport(
        reportFile,
        buildReport({
          session,
          command,
          settings,
          volumes,
          tracers: this.#parts?.tracers ?? [],
          facts: this.#monitor.facts,
          result,
          slots: this.#monitor.slotsCompleted,
          fileServer,
          untrapped: this.#untrapped,
          clocks: this.#clocks.toSorted((a, b) => (a.party < b.party ? -1 : 1)),
          tStartNs: this.#tStartNs,
          tRunningNs: this.#tRunningNs,
          tEndNs,
        }),
      );
    } catch (error) {
      // The program has run: its status is worth more than the report.
      say(`cannot write the report: ${messageOf(error)}`);
    }
  }
}

function statusOf(state: string): 'member' | 'fenced' {
  return state === 'member' || state === 'starting' ? 'member' : 'fenced';
}

/** An address on which a process listens, as another is to dial it. */
function dialable(address: Address, reachedAt: string): Address {
  const wildcard = address.host === '0.0.0.0' || address.host === '::';
  return wildcard ? { host: reachedAt, port: address.port } : address;
}

/** Session processes dial numbers only. */
async function resolveHosts(parts: Parts): Promise<Parts> {
  return {
    tracers: await Promise.all(parts.tracers.map(numericAddress)),
    nfs: await numericAddress(parts.nfs),
    nfsPid: parts.nfsPid,
  };
}

async function numericAddress(address: Address): Promise<Address> {
  if (isIP(address.host) !== 0) return address;
  try {
    return { host: (await lookup(address.host)).address, port: address.port };
  } catch (error) {
    throw new StartError(`cannot find host ${address.host}: ${messageOf(error)}`);
  }
}

/** CLOCK_MONOTONIC; exact below 2^53 ns, 104 days of uptime. */
function nowNs(): number {
  return Number(hrtime.bigint());
}

/** One line of ours on stderr, whatever the text holds. */
export function say(line: string): void {
  try {
    writeSync(STDERR, `tmr: ${visible(line)}\n`);
  } catch {
    // A full or closed stderr must not end the session; the report has it all.
  }
}
