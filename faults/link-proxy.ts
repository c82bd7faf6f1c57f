/**
 * A TCP proxy on one link of the system (`--via 1-2=HOST:PORT`): faults from outside, without any
 * part of the session process. It passes whole records (RFC 5531 marking) on and asks its rules what
 * to do with each. A rule is a guard: `heal` undoes it, and `close` heals all.
 */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { checkFrame, FRAME_MAX } from '../tmr/wire/frame.ts';
import type { Address } from '../tmr/wire/messages.ts';
import { decodePeerMessage } from '../tmr/wire/peer-codec.ts';
import { markRecord, RecordReader } from '../tmr/wire/record.ts';
import { LinkPipe, type Verdict } from './link-pipe.ts';

/** `forward`: from the party that dials to the one that listens. */
export type Direction = 'forward' | 'backward';

/** Which records a rule is about. `n` counts those of the direction, HELLO included, from 0. */
export type RecordTest = (body: Buffer, n: number) => boolean;

export interface Guard {
  /** Records it has acted on. */
  readonly count: number;
  /** CLOCK_MONOTONIC ns of its first act. */
  readonly acted: Promise<number>;
  /** Undoes it: what it held back is delivered. */
  heal(): void;
}

interface Rule {
  direction: Direction;
  test: RecordTest;
  verdict: (body: Buffer) => Verdict;
  hit(): void;
}

export class LinkProxy {
  readonly #target: Address;
  readonly #server: Server;
  readonly #pipes = new Set<LinkPipe>();
  readonly #rules = new Set<Rule>();

  private constructor(target: Address) {
    this.#target = target;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens on a free port of loopback and forwards to `target`. */
  static async open(target: Address): Promise<LinkProxy> {
    const proxy = new LinkProxy(target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get address(): Address {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  /** Connections that pass through it now. */
  get links(): number {
    return this.#pipes.size / 2;
  }

  /** Holds records back until healed; order is kept, so all behind them wait too. */
  withhold(direction: Direction, test: RecordTest = everything): Guard {
    return this.#add(direction, test, () => ({ type: 'hold' }));
  }

  /** Records are lost. */
  drop(direction: Direction, test: RecordTest = everything): Guard {
    return this.#add(direction, test, () => ({ type: 'drop' }));
  }

  /** Another record in its place, `make`'s of the body that came. */
  replace(direction: Direction, make: (body: Buffer) => Buffer, test: RecordTest): Guard {
    return this.#add(direction, test, (body) => ({ type: 'pass', body: make(body) }));
  }

  /** Inverts bit `bit` of the record's body, counted from the first byte's least significant. */
  corrupt(direction: Direction, bit: number, test: RecordTest): Guard {
    const flip = (body: Buffer): Buffer => {
      const flipped = Buffer.from(body);
      const at = Math.floor(bit / 8) % flipped.length;
      flipped[at] = flipped[at]! ^ (1 << (bit % 8));
      return flipped;
    };
    return this.replace(direction, flip, test);
  }

  /** Records arrive later by `ms`, in order. */
  delay(direction: Direction, ms: number, test: RecordTest = everything): Guard {
    return this.#add(direction, test, () => ({ type: 'delay', ms }));
  }

  /** Ends the connections that there are, as a reset would; new ones are accepted. */
  cut(): void {
    for (const pipe of this.#pipes) pipe.destroy();
  }

  /** Heals everything, ends the connections, and listens no more. */
  async close(): Promise<void> {
    this.#rules.clear();
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #add(direction: Direction, test: RecordTest, verdict: Rule['verdict']): Guard {
    let count = 0;
    let first: (ns: number) => void = () => undefined;
    const acted = new Promise<number>((resolve) => {
      first = resolve;
    });
    const hit = (): void => {
      if (count++ === 0) first(Number(process.hrtime.bigint()));
    };
    const rule: Rule = { direction, test, verdict, hit };
    this.#rules.add(rule);
    return {
      get count() {
        return count;
      },
      acted,
      heal: () => {
        this.#rules.delete(rule);
        for (const pipe of this.#pipes) pipe.release(rule);
      },
    };
  }

  #accept(dialler: Socket): void {
    const listener = connect({ ...this.#target, noDelay: true });
    dialler.setNoDelay(true);
    this.#join(dialler, listener, 'forward');
    this.#join(listener, dialler, 'backward');
  }

  #join(from: Socket, to: Socket, direction: Direction): void {
    const reader = new RecordReader(FRAME_MAX);
    let n = 0;
    const pipe = new LinkPipe(from, to, (bytes) => {
      reader.push(bytes);
      for (let body = reader.next(); body !== undefined; body = reader.next()) {
        const [verdict, rule] = this.#judge(direction, body, n++);
        pipe.take(markRecord(body), verdict, rule);
      }
    });
    this.#pipes.add(pipe);
    to.once('close', () => this.#pipes.delete(pipe));
  }

  /** The first rule that is about the record decides. */
  #judge(direction: Direction, body: Buffer, n: number): [Verdict, Rule | undefined] {
    for (const rule of this.#rules) {
      if (rule.direction !== direction || !rule.test(body, n)) continue;
      rule.hit();
      return [rule.verdict(body), rule];
    }
    return [{ type: 'pass' }, undefined];
  }
}

/** The vote of rendezvous `k` (or of any from `k` on) between two tracers. */
export function isVote(k: number, andLater = false): RecordTest {
  return (body) => {
    const frame = checkFrame(body);
    if (frame === undefined) return false;
    try {
      const message = decodePeerMessage(frame);
      return message.type === 'vote' && (andLater ? message.vote.k >= k : message.vote.k === k);
    } catch {
      return false; // HELLO
    }
  };
}

function everything(): boolean {
  return true;
}
