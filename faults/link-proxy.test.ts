import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blankVote } from '../tmr/core/vote.ts';
import { encodeFrame } from '../tmr/wire/frame.ts';
import { encodePeerMessage } from '../tmr/wire/peer-codec.ts';
import { markRecord, RecordReader } from '../tmr/wire/record.ts';
import { XdrWriter } from '../tmr/wire/xdr.ts';
import { isVote, LinkProxy } from './link-proxy.ts';

let server: Server;
let proxy: LinkProxy;
let dialler: Socket;
let listener: Socket;

beforeEach(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await LinkProxy.open({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const accepted = once(server, 'connection');
  dialler = connect(proxy.address);
  dialler.on('error', () => undefined);
  [listener] = (await accepted) as [Socket];
  listener.on('error', () => undefined);
});
afterEach(async () => {
  dialler.destroy();
  listener.destroy();
  await proxy.close();
  server.close();
});

function send(socket: Socket, ...texts: string[]): void {
  for (const text of texts) socket.write(markRecord(Buffer.from(text)));
}

/** Resolves with the next `count` records. */
async function records(socket: Socket, count: number): Promise<string[]> {
  const reader = new RecordReader(1 << 20);
  const got: string[] = [];
  while (got.length < count) {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    reader.push(bytes);
    for (let body = reader.next(); body !== undefined; body = reader.next()) {
      got.push(body.toString('latin1'));
    }
  }
  return got;
}

describe('LinkProxy', () => {
  it('passes records both ways while nothing is wrong, and tells how many links it has', async () => {
    send(dialler, 'a', 'b');
    expect(await records(listener, 2)).toEqual(['a', 'b']);
    send(listener, 'c');
    expect(await records(dialler, 1)).toEqual(['c']);
    expect(proxy.links).toBe(1);
  });

  it('corrupts one bit of the records asked for, in one direction', async () => {
    const guard = proxy.corrupt('forward', 9, (_body, n) => n === 1);
    send(dialler, 'ab', 'ab', 'ab');
    expect(await records(listener, 3)).toEqual(['ab', 'a`', 'ab']);
    send(listener, 'ab', 'ab');
    expect(await records(dialler, 2)).toEqual(['ab', 'ab']);
    expect(guard.count).toBe(1);
    expect(await guard.acted).toBeGreaterThan(0);
  });

  it('loses records until it is healed', async () => {
    const guard = proxy.drop('forward');
    send(dialler, 'lost');
    await guard.acted;
    guard.heal();
    send(dialler, 'kept');
    expect(await records(listener, 1)).toEqual(['kept']);
  });

  it('holds records back and delivers them in order when it is healed', async () => {
    const guard = proxy.withhold('backward', (body) => body.toString() === 'b');
    send(listener, 'a', 'b', 'c');
    expect(await records(dialler, 1)).toEqual(['a']);
    await guard.acted;
    guard.heal();
    expect(await records(dialler, 2)).toEqual(['b', 'c']);
  });

  it('delays records without changing their order', async () => {
    proxy.delay('forward', 20, (_body, n) => n === 0);
    send(dialler, 'a', 'b');
    expect(await records(listener, 2)).toEqual(['a', 'b']);
  });

  it('cuts a link at both ends', async () => {
    const ends = [once(dialler, 'close'), once(listener, 'close')];
    proxy.cut();
    await Promise.all(ends);
    expect(proxy.links).toBe(0);
  });

  it('passes the end of a connection on', async () => {
    const end = once(listener, 'end');
    listener.resume();
    dialler.end();
    expect(await end).toEqual([]);
  });
});

describe('isVote', () => {
  const frame = (k: number): Buffer => {
    const vote = { ...blankVote(), k, call: 1, sigHi: 1, sigLo: 2 };
    const writer = new XdrWriter(256);
    return encodeFrame(writer, (w) => encodePeerMessage(w, { type: 'vote', vote })).subarray(4);
  };

  it('finds the vote of a rendezvous, and nothing in what is no vote', () => {
    expect([4, 5, 6].map((k) => isVote(5)(frame(k), 0))).toEqual([false, true, false]);
    expect([4, 5, 6].map((k) => isVote(5, true)(frame(k), 0))).toEqual([false, true, true]);
    expect(isVote(5)(Buffer.from('garbage'), 0)).toBe(false);
  });
});
