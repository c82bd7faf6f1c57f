import { expect, test } from 'vitest';
import * as native from './index.js';
import { codeOf } from './test-guests.ts';

const soon = () => native.monotonicNs() + 5e9;
const past = 0;

/** Two ends of a connection over loopback. */
function pair(host = '127.0.0.1'): { near: number; far: number; closeAll: () => void } {
  const listener = native.listen(host, 0, 1);
  const near = native.connect(host, listener.port, soon());
  const far = native.accept(listener.fd, soon());
  native.close(listener.fd);
  const closeAll = () => {
    native.close(near);
    native.close(far);
  };
  return { near, far, closeAll };
}

test.each(['127.0.0.1', '::1'])('bytes go from one end to the other over %s', (host) => {
  const { near, far, closeAll } = pair(host);
  const into = Buffer.alloc(8);
  expect(native.recv(far, into, 0, 8)).toBe(-1);
  expect(native.send(near, Buffer.from('abcdef'), 1, 4, soon())).toBe(4);
  const ready = new Uint8Array(3);
  expect(native.poll(Int32Array.of(-1, far, near), 3, ready, soon())).toBe(1);
  expect([...ready]).toEqual([0, 1, 0]);
  expect(native.recv(far, into, 2, 3)).toBe(3);
  expect(native.recv(far, into, 5, 3)).toBe(1);
  expect(into.toString('latin1')).toBe('\0\0bcde\0\0');
  closeAll();
});

test('the end of a stream is 0, readable, and sending gives EPIPE or ECONNRESET', () => {
  const { near, far } = pair();
  native.close(near);
  const ready = new Uint8Array(1);
  expect(native.poll(Int32Array.of(far), 1, ready, soon())).toBe(1);
  expect(native.recv(far, Buffer.alloc(1), 0, 1)).toBe(0);
  const sendTwice = () => {
    native.send(far, Buffer.alloc(1), 0, 1, soon());
    native.poll(Int32Array.of(far), 1, ready, soon());
    for (;;) native.send(far, Buffer.alloc(1), 0, 1, soon());
  };
  expect(['EPIPE', 'ECONNRESET']).toContain(codeOf(sendTwice));
  native.close(far);
});

test('send stops at the deadline when the peer does not read, and goes on later', () => {
  const { near, far, closeAll } = pair();
  const bytes = Buffer.alloc(32 << 20, 7);
  const first = native.send(near, bytes, 0, bytes.length, past);
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(bytes.length);
  const into = Buffer.alloc(1 << 20);
  for (let got = 0; got < first;) {
    native.poll(Int32Array.of(far), 1, new Uint8Array(1), soon());
    got += native.recv(far, into, 0, into.length);
  }
  expect(native.send(near, bytes, 0, 1000, soon())).toBe(1000);
  closeAll();
});

test('deadlines: poll 0, accept and connect ETIMEDOUT', () => {
  const { near, closeAll } = pair();
  const ready = Uint8Array.of(9);
  expect(native.poll(Int32Array.of(near), 1, ready, past)).toBe(0);
  expect(native.poll(Int32Array.of(near), 1, ready, native.monotonicNs() + 1e6)).toBe(0);
  expect(ready[0]).toBe(0);
  const listener = native.listen('127.0.0.1', 0, 0);
  expect(codeOf(() => native.accept(listener.fd, past))).toBe('ETIMEDOUT');
  // A backlog of 0 takes one connection; the next has no answer.
  const filling: number[] = [];
  const fill = () => {
    for (let i = 0; i < 4; i++) {
      filling.push(native.connect('127.0.0.1', listener.port, native.monotonicNs() + 2e7));
    }
  };
  expect(codeOf(fill)).toBe('ETIMEDOUT');
  for (const fd of [...filling, listener.fd]) native.close(fd);
  closeAll();
});

test('the tick breaks poll, and not accept or send', () => {
  const { near, closeAll } = pair();
  native.setTick(1e6);
  expect(native.poll(Int32Array.of(near), 1, new Uint8Array(1), Infinity)).toBe(-1);
  const listener = native.listen('127.0.0.1', 0, 0);
  const until = native.monotonicNs() + 2e7;
  expect(codeOf(() => native.accept(listener.fd, until))).toBe('ETIMEDOUT');
  expect(native.monotonicNs()).toBeGreaterThanOrEqual(until);
  native.setTick(0);
  native.close(listener.fd);
  closeAll();
});

test('a closed descriptor among others is ready, and recv says EBADF', () => {
  const { near, far } = pair();
  native.close(near);
  native.close(far);
  const ready = new Uint8Array(1);
  expect(native.poll(Int32Array.of(far), 1, ready, Infinity)).toBe(1);
  expect(codeOf(() => native.recv(far, Buffer.alloc(1), 0, 1))).toBe('EBADF');
  expect(codeOf(() => native.close(far))).toBe('EBADF');
});

test('refused, in use, no such host', () => {
  const listener = native.listen('127.0.0.1', 0, 1);
  expect(codeOf(() => native.listen('127.0.0.1', listener.port, 1))).toBe('EADDRINUSE');
  native.close(listener.fd);
  expect(codeOf(() => native.connect('127.0.0.1', listener.port, soon()))).toBe('ECONNREFUSED');
  expect(codeOf(() => native.connect('localhost', 1, soon()))).toBe('ERR_ARGUMENT');
  expect(codeOf(() => native.listen('127.0.0.1', 65_536, 1))).toBe('ERR_ARGUMENT');
  const room = Buffer.alloc(4);
  expect(codeOf(() => native.recv(0, room, 0, 0))).toBe('ERR_ARGUMENT');
  expect(codeOf(() => native.recv(0, room, 2, 3))).toBe('ERR_ARGUMENT');
  expect(codeOf(() => native.poll(new Int32Array(1), 2, new Uint8Array(2), past))).toBe(
    'ERR_ARGUMENT',
  );
});
