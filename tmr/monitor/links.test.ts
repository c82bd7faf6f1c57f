import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkFrame, encodeFrame } from '../wire/frame.ts';
import { DiallerHandshake, NONCE_BYTES, sessionKey } from '../wire/hello.ts';
import type { Address, FromMonitor, ToMonitor } from '../wire/messages.ts';
import { decodeFromMonitor, encodeToMonitor } from '../wire/monitor-codec.ts';
import { markRecord, RecordReader } from '../wire/record.ts';
import { XdrWriter } from '../wire/xdr.ts';
import type { SessionResult } from './facts.ts';
import { acceptHello, dial, FramedSocket } from './framed-socket.ts';
import { listenForTracers } from './listener.ts';
import type { SessionListener } from './listener.ts';
import { MonitorSession } from './session.ts';

const session = 'test-session';
const key = sessionKey(Buffer.from('a secret of some length'), session);
const putAway: (() => void)[] = [];
afterEach(() => {
  for (const undo of putAway.splice(0)) undo();
});

/** A tracer's side of the monitor link, over TCP. */
class FakeTracer {
  readonly #framed: FramedSocket;
  readonly #waiting: ((message: FromMonitor) => void)[] = [];
  readonly #received: FromMonitor[] = [];
  readonly closed: Promise<string>;

  private constructor(framed: FramedSocket) {
    this.#framed = framed;
    this.closed = new Promise((resolve) => {
      framed.handle({
        frame: (body) => this.#receive(decodeFromMonitor(Buffer.from(body))),
        corrupt: () => undefined,
        closed: resolve,
      });
    });
  }

  static async dial(address: Address, replica: number): Promise<FakeTracer> {
    const identity = { role: 'tracer', session, replica, buildId: 'test' } as const;
    const framed = await dial(address, identity, key, 'the monitor');
    putAway.push(() => framed.destroy('test over'));
    return new FakeTracer(framed);
  }

  send(message: ToMonitor): void {
    this.#framed.send((writer) => encodeToMonitor(writer, message));
  }

  next(): Promise<FromMonitor> {
    const message = this.#received.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#framed.close();
  }

  #receive(message: FromMonitor): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#received.push(message);
    else waiting(message);
  }
}

async function start(): Promise<{
  listener: SessionListener;
  out: string[];
  ended: Promise<SessionResult>;
  tracers: FakeTracer[];
}> {
  const out: string[] = [];
  const monitor = new MonitorSession(
    { replicas: 3, policy: 'agreed', startTimeoutMs: 30_000, lingerMs: 5000, signalGraceMs: 1000 },
    {
      nowNs: () => Number(process.hrtime.bigint()),
      perform: (op) => {
        if (op.type === 'output') out.push(op.bytes.toString());
        return Promise.resolve({ result: 1, bytes: Buffer.alloc(0) });
      },
      after: (ms, then) => {
        const timer = setTimeout(then, ms);
        return () => clearTimeout(timer);
      },
      stopReplica: () => undefined,
      route: (_from, _to, own) => own,
      say: () => undefined,
      changed: () => undefined,
    },
  );
  const listener = await listenForTracers({
    address: { host: '127.0.0.1', port: 0 },
    session,
    replicas: 3,
    key,
    monitor: () => monitor,
  });
  putAway.push(() => listener.close());
  const tracers: FakeTracer[] = [];
  for (const replica of [1, 2, 3]) {
    const tracer = await FakeTracer.dial(listener.address, replica);
    tracer.send({ type: 'ready', pid: replica, address: { host: '127.0.0.1', port: replica } });
    tracers.push(tracer);
  }
  for (const [index, tracer] of tracers.entries()) {
    expect(await tracer.next()).toMatchObject({ type: 'peers' });
    tracer.send({ type: 'started', replicaPid: 10 + index, files: [] });
  }
  for (const tracer of tracers) expect(await tracer.next()).toEqual({ type: 'go' });
  return { listener, out, ended: monitor.ended, tracers };
}

describe('three tracers over TCP', () => {
  it('get their output out on two equal requests, and the program ends with their word', async () => {
    const { out, ended, tracers } = await start();
    for (const [index, tracer] of tracers.entries()) {
      const bytes = Buffer.from(index === 1 ? 'wrong' : 'right');
      tracer.send({ type: 'slot', n: 0, op: { type: 'output', fd: 1, bytes } });
    }
    expect(await tracers[0]?.next()).toMatchObject({ type: 'slot-reply', n: 0, result: 1 });
    expect(await tracers[2]?.next()).toMatchObject({ type: 'slot-reply', n: 0, result: 1 });
    expect(out).toEqual(['right']);
    for (const tracer of tracers) {
      tracer.send({ type: 'slot', n: 1, op: { type: 'exit', kind: 'signal', value: 11 } });
      tracer.close();
    }
    expect(await ended).toEqual({ outcome: 'completed', reason: '', exit: { signal: 11 } });
  });

  it('are asked for a sign of life, so that a host that vanished is noticed; strangers are not', async () => {
    const keepAlive = vi.spyOn(net.Socket.prototype, 'setKeepAlive');
    putAway.push(() => keepAlive.mockRestore());
    const { listener } = await start();
    const stranger = net.connect(listener.address.port, listener.address.host);
    await new Promise((resolve) => stranger.once('connect', resolve));
    putAway.push(() => stranger.destroy());
    const ports = keepAlive.mock.contexts.map((socket) => (socket as net.Socket).localPort);
    // The fake tracers dial with the same class.
    expect(ports.filter((port) => port === listener.address.port)).toHaveLength(3);
    expect(keepAlive.mock.calls.every(([on, ms]) => on === true && ms === 60_000)).toBe(true);
  });

  it('stop safely when all of them go', async () => {
    const { ended, tracers } = await start();
    for (const tracer of tracers) tracer.close();
    expect(await ended).toMatchObject({ outcome: 'stopped', exit: { status: 125 } });
  });
});

describe('strangers at the port', () => {
  it('are refused by name without the secret, for another session, and for a replica too many', async () => {
    const { listener } = await start();
    const attempt = (identity: { session: string; replica: number }, secret: Uint8Array) =>
      dial(
        listener.address,
        { role: 'tracer', buildId: 'test', ...identity },
        secret,
        'the monitor',
      );
    const wrong = sessionKey(Buffer.from('another secret'), session);
    await expect(attempt({ session, replica: 1 }, wrong)).rejects.toThrow(/same --secret-file/);
    await expect(attempt({ session: 'other', replica: 1 }, key)).rejects.toThrow(/'other'/);
    await expect(attempt({ session, replica: 4 }, key)).rejects.toThrow(/replica 1\.\.3/);
  });

  it('are not listened to any more: what they go on to send is not kept', async () => {
    const accepted = new Promise<FramedSocket>((resolve) => {
      const server = net.createServer((socket) => {
        const framed = new FramedSocket(socket);
        acceptHello(framed, () => key).catch(() => socket.on('close', () => resolve(framed)));
      });
      putAway.push(() => server.close());
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as net.AddressInfo;
        const stranger = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        putAway.push(() => stranger.destroy());
        stranger.write(framed(Buffer.from('no HELLO')));
        // The refusal and the end of the connection are here: it sends on all the same.
        stranger.resume().on('end', () => {
          for (let i = 0; i < 100; i++) stranger.write(framed(Buffer.alloc(100)));
          stranger.end();
        });
      });
    });
    let kept = 0;
    const refused = await accepted;
    await new Promise<string>((closed) => {
      refused.handle({ frame: () => kept++, corrupt: () => kept++, closed });
    });
    expect(kept).toBe(0);
  });

  it.each([
    ['garbage', randomBytes(64)],
    ['a record longer than HELLO may be', markRecord(Buffer.alloc(2000))],
    ['a frame with a wrong checksum', markRecord(Buffer.alloc(100))],
    ['an announced length that never comes', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ])('are hung up on for %s, and the session goes on', async (_what, bytes) => {
    const { listener, tracers, ended } = await start();
    const socket = net.connect(listener.address.port, listener.address.host);
    const closed = new Promise((resolve) => socket.on('close', resolve).on('error', resolve));
    socket.resume().write(bytes);
    await closed;
    for (const tracer of tracers) {
      tracer.send({ type: 'slot', n: 0, op: { type: 'exit', kind: 'status', value: 0 } });
      tracer.close();
    }
    expect(await ended).toMatchObject({ outcome: 'completed' });
  });
});

describe('one faulty tracer', () => {
  it('that sends nonsense along with the proof of a further connection harms that one alone', async () => {
    const { listener, tracers, ended } = await start();
    await proveAndSend(listener.address, Buffer.from([0, 0, 0, 99]));
    for (const tracer of tracers) {
      tracer.send({ type: 'slot', n: 0, op: { type: 'exit', kind: 'status', value: 0 } });
      tracer.close();
    }
    expect(await ended).toMatchObject({ outcome: 'completed' });
  });
});

/** Proves itself as replica 3; a frame with `body` follows in the same segment. Waits for the end. */
async function proveAndSend({ host, port }: Address, body: Buffer): Promise<void> {
  const identity = { role: 'tracer', session, replica: 3, buildId: 'test' } as const;
  const handshake = new DiallerHandshake(identity, key, randomBytes(NONCE_BYTES));
  const socket = net.connect(port, host);
  const reader = new RecordReader(4096);
  const closed = new Promise((resolve) => socket.on('close', resolve).on('error', resolve));
  socket.on('data', (bytes: Buffer) => {
    reader.push(bytes);
    const welcome = reader.next();
    if (welcome === undefined) return;
    const proof = handshake.onWelcome(checkFrame(welcome) as Buffer, 'the monitor');
    socket.write(Buffer.concat([framed(proof), framed(body)]));
  });
  socket.write(framed(handshake.start()));
  await closed;
}

function framed(bytes: Buffer): Buffer {
  return Buffer.from(encodeFrame(new XdrWriter(64), (writer) => writer.raw(bytes)));
}
