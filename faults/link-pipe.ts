/** One direction of a proxied connection: records in order, each let go when its time has come. */
import type { Socket } from 'node:net';
import { markRecord } from '../tmr/wire/record.ts';

/** What is to happen to a record. */
export type Verdict =
  | { type: 'pass'; body?: Buffer }
  | { type: 'drop' }
  | { type: 'hold' }
  | { type: 'delay'; ms: number };

interface Queued {
  bytes: Buffer;
  /** performance.now() from which on it may go; Infinity while its rule holds it. */
  dueMs: number;
  rule: object | undefined;
}

export class LinkPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  #queue: Queued[] = [];
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  /** `receive` gets the bytes of `from` as they come. */
  constructor(from: Socket, to: Socket, receive: (bytes: Buffer) => void) {
    this.#from = from;
    this.#to = to;
    from.on('data', (bytes: Buffer) => {
      try {
        receive(bytes);
      } catch {
        this.destroy(); // No record of ours: there is nothing to pass on.
      }
    });
    from.on('end', () => {
      this.#ended = true;
      this.#flush();
    });
    from.on('error', () => undefined);
    from.on('close', (failed: boolean) => {
      this.#ended = true;
      if (failed) this.destroy();
      else this.#flush();
    });
  }

  /** A whole record with its mark. */
  take(bytes: Buffer, verdict: Verdict, rule: object | undefined): void {
    if (verdict.type === 'drop') return;
    const dueMs =
      verdict.type === 'hold'
        ? Infinity
        : verdict.type === 'delay'
          ? performance.now() + verdict.ms
          : 0;
    const sent =
      verdict.type === 'pass' && verdict.body !== undefined ? markRecord(verdict.body) : bytes;
    this.#queue.push({ bytes: sent, dueMs, rule });
    this.#flush();
  }

  /** What `rule` held back may go. */
  release(rule: object): void {
    for (const queued of this.#queue) if (queued.rule === rule) queued.dueMs = 0;
    this.#flush();
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#from.destroy();
    this.#to.destroy();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    for (;;) {
      const head = this.#queue[0];
      if (head === undefined) break;
      const waitMs = head.dueMs - performance.now();
      if (waitMs > 0) {
        if (waitMs < Infinity) this.#timer = setTimeout(() => this.#flush(), Math.ceil(waitMs));
        return;
      }
      this.#queue.shift();
      this.#to.write(head.bytes);
    }
    if (this.#ended) this.#to.end();
  }
}
