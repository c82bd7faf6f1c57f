/** One tracer daemon as the monitor talks to it: start a replica, end it, ask for its time. */
import { hrtime } from 'node:process';
import type { ReplicaId } from '../core/types.ts';
import { decodeControl, encodeControl } from '../wire/control-codec.ts';
import type { FromDaemon, ToDaemon } from '../wire/control-codec.ts';
import { HelloError } from '../wire/hello.ts';
import type { Address } from '../wire/messages.ts';
import type { SessionPlan } from '../wire/session-plan.ts';
import { formatAddress } from './addresses.ts';
import { probeClock } from './clock-offset.ts';
import type { ClockAnswers } from './clock-offset.ts';
import { messageOf, StartError, wrongPart } from './errors.ts';
import { dial } from './framed-socket.ts';
import type { FramedSocket } from './framed-socket.ts';

export type Started = Extract<FromDaemon, { type: 'starting' }>;

interface Time {
  tNs: number;
  clockId: string;
  tReceivedNs: number;
}

export class DaemonClient {
  readonly #framed: FramedSocket;
  readonly #name: string;
  readonly #session: string;
  /** Loaded for what is seldom said: it takes longer than all the rest of a monitor's start. */
  #checks: Promise<typeof import('../wire/schema.ts')> | undefined;
  #answer: ((message: FromDaemon | Error) => void) | undefined;
  #time: ((time: Time | Error) => void) | undefined;
  #gone: () => void = () => undefined;
  /** Resolves when the session's process has left, or the connection has ended. */
  readonly processGone = new Promise<void>((resolve) => {
    this.#gone = resolve;
  });

  /** Our own address on the connection: where the daemon's host reaches us. */
  readonly localHost: string;

  private constructor(framed: FramedSocket, name: string, session: string) {
    this.#framed = framed;
    this.localHost = framed.localHost;
    this.#name = name;
    this.#session = session;
    framed.handle({
      frame: (body) => this.#receive(body),
      corrupt: () => framed.destroy('garbage'),
      closed: (why) => {
        this.#gone();
        this.#answer?.(new StartError(`${name} hung up: ${why}`));
        this.#time?.(new StartError(`${name} hung up: ${why}`));
      },
    });
  }

  /** Dials with the session's key. Throws StartError with what to do. */
  static async connect(
    replica: ReplicaId,
    address: Address,
    session: string,
    key: Uint8Array,
    buildId: string,
  ): Promise<DaemonClient> {
    const name = `tracer daemon ${replica}`;
    try {
      const identity = { role: 'monitor', session, replica: 0, buildId } as const;
      return new DaemonClient(await dial(address, identity, key, name), name, session);
    } catch (error) {
      // Its HELLO failed in another way than by secret or version: it is no daemon of ours.
      const foreign =
        error instanceof HelloError && !['HELLO_SECRET', 'HELLO_VERSION'].includes(error.code);
      if (foreign) throw wrongPart('tracer', formatAddress(address), error.message);
      throw new StartError(messageOf(error));
    }
  }

  /** Sends the plan; resolves with what the daemon says once the session process has it. */
  async start(plan: SessionPlan): Promise<Started> {
    const answer = await this.#ask({ type: 'start', plan });
    if (answer.type === 'starting') return answer;
    const why = answer.type === 'refused' ? answer.reason : `unexpected answer '${answer.type}'`;
    throw new StartError(`${this.#name} refused: ${why}`);
  }

  /** Asks for the daemon's time, beside all else, while `go` says so. Never rejects. */
  probeClock(go: () => boolean): Promise<ClockAnswers | undefined> {
    const ask = () =>
      new Promise<Time>((resolve, reject) => {
        this.#time = (time) => {
          this.#time = undefined;
          if (time instanceof Error) reject(time);
          else resolve(time);
        };
        this.#framed.send((writer) => encodeControl(writer, { type: 'clock' }));
      });
    return probeClock(ask, nowNs, go);
  }

  /** Ends the session's process, however it stands. */
  stop(): void {
    const request: ToDaemon = { type: 'stop', session: this.#session };
    this.#framed.send((writer) => encodeControl(writer, request));
  }

  close(): void {
    this.#framed.close();
  }

  #ask(request: ToDaemon): Promise<FromDaemon> {
    return new Promise((resolve, reject) => {
      this.#answer = (message) => {
        this.#answer = undefined;
        if (message instanceof Error) reject(message);
        else resolve(message);
      };
      this.#framed.send((writer) => encodeControl(writer, request));
    });
  }

  /** In the order of arrival: once the checks are being loaded, everything waits for them. */
  #receive(body: Buffer): void {
    const tReceivedNs = nowNs();
    let json: unknown;
    try {
      json = decodeControl(body);
    } catch (error) {
      this.#garbled(error);
      return;
    }
    const usual = this.#checks === undefined ? usualAnswer(json) : undefined;
    if (usual !== undefined) {
      this.#take(usual, tReceivedNs);
      return;
    }
    this.#checks ??= import('../wire/schema.ts');
    void this.#checks
      .then(({ parseFromDaemon }) => this.#take(parseFromDaemon(json), tReceivedNs))
      .catch((error: unknown) => this.#garbled(error));
  }

  #take(message: FromDaemon, tReceivedNs: number): void {
    if (message.type === 'clock') this.#time?.({ ...message, tReceivedNs });
    else if (message.type === 'ended') this.#gone();
    else this.#answer?.(message);
  }

  #garbled(error: unknown): void {
    this.#answer?.(new StartError(`${this.#name}: ${messageOf(error)}`));
  }
}

/**
 * The answers of every session, and of a replica's death, checked by hand: loading the checks takes the
 * monitor some 75 ms, in which neither the start goes on nor a notice is counted. Undefined for all
 * others, and for broken ones.
 */
export function usualAnswer(json: unknown): FromDaemon | undefined {
  const message = (json ?? {}) as Record<string, unknown>;
  const { type, pid, trapsTsc, session, code, signal, tNs, clockId } = message;
  switch (type) {
    case 'starting':
      if (!Number.isInteger(pid) || typeof trapsTsc !== 'boolean') return undefined;
      return { type, pid: pid as number, trapsTsc };
    case 'ended':
      if (typeof session !== 'string' || !isNullOr('number', code) || !isNullOr('string', signal)) {
        return undefined;
      }
      return { type, session, code: code as number | null, signal: signal as string | null };
    case 'clock':
      if (typeof tNs !== 'number' || !(tNs >= 0) || typeof clockId !== 'string') return undefined;
      return { type, tNs, clockId };
    default:
      return undefined;
  }
}

function isNullOr(type: 'number' | 'string', value: unknown): boolean {
  return value === null || typeof value === type;
}

function nowNs(): number {
  return Number(hrtime.bigint());
}
