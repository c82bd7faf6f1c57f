import * as native from 'ptrace-napi';
import { afterEach, describe, expect, it } from 'vitest';
import { markRecord } from '../../wire/record.ts';
import { Link } from './link.ts';
import { Pump } from './pump.ts';

const SECOND_NS = 1e9;
const open: number[] = [];

/** Two ends of one TCP connection on the loopback. */
function pair(maxRecord = 1 << 20): [Link, Link] {
  const listener = native.listen('127.0.0.1', 0, 1);
  const deadlineNs = native.monotonicNs() + SECOND_NS;
  const dialled = native.connect('127.0.0.1', listener.port, deadlineNs);
  const accepted = native.accept(listener.fd, deadlineNs);
  native.close(listener.fd);
  open.push(dialled, accepted);
  return [new Link(dialled, 'a', maxRecord), new Link(accepted, 'b', maxRecord)];
}

function send(link: Link, bytes: Buffer): void {
  expect(link.send(bytes, native.monotonicNs() + SECOND_NS)).toBe(true);
}

/** Receives until one record is whole. */
function receive(link: Link): Buffer | undefined {
  const fds = Int32Array.of(link.fd);
  for (;;) {
    const record = link.next();
    if (record !== undefined || link.closed) return record && Buffer.from(record);
    native.poll(fds, 1, new Uint8Array(1), native.monotonicNs() + SECOND_NS);
    link.receive();
  }
}

afterEach(() => {
  for (const fd of open.splice(0)) {
    try {
      native.close(fd);
    } catch {
      // Closed by the test.
    }
  }
});

describe('a link of a session process', () => {
  it('gives records whole however the bytes are cut', () => {
    const [a, b] = pair();
    const record = markRecord(Buffer.from('one record'));
    for (const byte of record) send(a, Buffer.of(byte));
    expect(receive(b)?.toString()).toBe('one record');
  });

  it('gives several records that came in one piece, in order', () => {
    const [a, b] = pair();
    send(a, Buffer.concat(['x', 'yy', ''].map((text) => markRecord(Buffer.from(text)))));
    expect([receive(b), receive(b), receive(b)].map(String)).toEqual(['x', 'yy', '']);
  });

  it('takes a record longer than its buffer', () => {
    const [a, b] = pair();
    const long = Buffer.alloc(700_000, 7);
    const half = markRecord(long);
    send(a, half.subarray(0, 100_000));
    b.receive();
    expect(b.next()).toBeUndefined();
    const rest = half.subarray(100_000);
    for (let at = 0; at < rest.length; at += 50_000) {
      send(a, rest.subarray(at, at + 50_000));
      b.receive();
    }
    expect(receive(b)?.equals(long)).toBe(true);
  });

  it('closes at a record beyond its bound, and at a fragment that is not the last', () => {
    const [a, b] = pair(1024);
    send(a, markRecord(Buffer.alloc(1025)));
    expect(receive(b)).toBeUndefined();
    expect(b.closed).toBe(true);
    const [c, d] = pair(1024);
    send(c, Buffer.from('00000004aabbccdd', 'hex'));
    expect(receive(d)).toBeUndefined();
    expect(d.closed).toBe(true);
  });

  it('hands out what came before the end of the connection', () => {
    const [a, b] = pair();
    send(a, markRecord(Buffer.from('last words')));
    a.close();
    expect(receive(b)?.toString()).toBe('last words');
    expect(receive(b)).toBeUndefined();
  });
});

describe('the pump', () => {
  it('keeps the order when the peer takes again what waits, before the pump has turned', () => {
    const [a, b] = pair();
    const record = (i: number): Buffer => markRecord(Buffer.from(`${i}:${'x'.repeat(200)}`));
    for (let i = 0; i < 100_000; i++) a.offer(record(i));
    const fds = Int32Array.of(b.fd);
    const got: number[] = [];
    const take = (): void => {
      while (
        !b.closed &&
        native.poll(fds, 1, new Uint8Array(1), native.monotonicNs() + SECOND_NS / 5) > 0
      ) {
        b.receive();
        for (let body = b.next(); body !== undefined; body = b.next()) {
          expect(body.length).toBe(body.indexOf(':') + 201);
          got.push(Number.parseInt(body.toString(), 10));
        }
      }
    };
    take();
    // The socket has room again, and what waits has not been sent yet.
    a.offer(record(100_000));
    for (let turn = 0; turn < 8; turn++) {
      a.flush();
      take();
    }
    expect(b.closed).toBe(false);
    expect(got).toEqual(got.map((_, index) => index));
  });

  it('tells the end of a connection once, after its records', () => {
    const [a, b] = pair();
    const order: string[] = [];
    const pump = new Pump();
    pump.watch(b, {
      record: (body) => order.push(body.toString()),
      closed: () => order.push('closed'),
    });
    send(a, markRecord(Buffer.from('bye')));
    a.close();
    pump.until(() => order.includes('closed'));
    pump.poll();
    expect(order).toEqual(['bye', 'closed']);
  });

  it('hands out a record that came together with the last one of HELLO', () => {
    const [a, b] = pair();
    send(a, Buffer.concat([markRecord(Buffer.from('hello')), markRecord(Buffer.from('vote'))]));
    expect(receive(b)?.toString()).toBe('hello');
    const order: string[] = [];
    const pump = new Pump();
    pump.watch(b, { record: (body) => order.push(body.toString()), closed: () => {} });
    pump.poll();
    expect(order).toEqual(['vote']);
  });

  it('never waits for a peer that takes nothing, and loses whole records then', () => {
    const [a, b] = pair();
    const count = 100_000;
    const record = (i: number): Buffer => markRecord(Buffer.from(`${i}:${'x'.repeat(200)}`));
    for (let i = 0; i < count; i++) a.offer(record(i));
    expect(a.closed).toBe(false);
    const got: number[] = [];
    const fds = Int32Array.of(b.fd);
    const takeAll = (): void => {
      do {
        a.flush();
        b.receive();
        for (let body = b.next(); body !== undefined; body = b.next()) {
          expect(body.length).toBe(body.indexOf(':') + 201);
          got.push(Number.parseInt(body.toString(), 10));
        }
        // A moment for the bytes on their way.
      } while (native.poll(fds, 1, new Uint8Array(1), native.monotonicNs() + SECOND_NS / 5) > 0);
    };
    takeAll();
    expect(got).toEqual(got.map((_, index) => index));
    expect(got.length).toBeGreaterThan(1000);
    expect(got.length).toBeLessThan(count);
    // It has come back.
    got.length = 0;
    a.offer(record(count));
    takeAll();
    expect(got).toEqual([count]);
  });
});
