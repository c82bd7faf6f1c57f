/** Dialling, accepting and HELLO for a session process: synchronous, each with one deadline. */
import * as native from 'ptrace-napi';
import {
  DiallerHandshake,
  HELLO_DEADLINE_MS,
  HelloError,
  ListenerHandshake,
  NONCE_BYTES,
  UNPROVEN_RECORD_MAX,
  encodeRefused,
  type Identity,
} from '../../wire/hello.ts';
import { FRAME_MAX, checkFrame, encodeFrame } from '../../wire/frame.ts';
import type { Address } from '../../wire/messages.ts';
import { XdrWriter } from '../../wire/xdr.ts';
import { Link } from './link.ts';

const writer = new XdrWriter(1024);

/** Dials and proves both sides. Throws HelloError or PtraceError (ECONNREFUSED, ETIMEDOUT). */
export function dial(
  address: Address,
  identity: Identity,
  key: Uint8Array,
  name: string,
  deadlineNs: number,
): Link {
  const link = connect(address, name, deadlineNs);
  try {
    const handshake = new DiallerHandshake(identity, key, native.randomBytes(NONCE_BYTES));
    sendFrame(link, handshake.start(), deadlineNs);
    const proof = handshake.onWelcome(receiveFrame(link, deadlineNs), name);
    sendFrame(link, proof, deadlineNs);
  } catch (error) {
    link.close();
    throw error;
  }
  link.maxRecord = FRAME_MAX;
  return link;
}

/** Connects without HELLO (the NFS server's is two RPC calls). */
export function connect(address: Address, name: string, deadlineNs: number): Link {
  return new Link(
    native.connect(address.host, address.port, deadlineNs),
    name,
    UNPROVEN_RECORD_MAX,
  );
}

/**
 * Accepts one connection and proves both sides. Returns undefined for a stranger: garbage or a
 * wrong secret closes that connection and concerns nobody else.
 */
export function accept(
  listener: number,
  session: string,
  key: Uint8Array,
  deadlineNs: number,
): { link: Link; identity: Identity } | undefined {
  const link = new Link(native.accept(listener, deadlineNs), 'a peer', UNPROVEN_RECORD_MAX);
  // A stranger that says nothing must not use up the time of the start.
  const helloDeadlineNs = Math.min(deadlineNs, native.monotonicNs() + HELLO_DEADLINE_MS * 1e6);
  try {
    const handshake = new ListenerHandshake(native.randomBytes(NONCE_BYTES));
    const hello = receiveFrame(link, helloDeadlineNs);
    const welcome = handshake.onHello(hello, (identity) => {
      if (identity.session === session && identity.role === 'tracer') return key;
      throw new HelloError(
        'HELLO_REFUSED',
        `expected a tracer of session ${session}, got ${identity.role} of ${identity.session}`,
      );
    });
    sendFrame(link, welcome, helloDeadlineNs);
    const identity = handshake.onProof(receiveFrame(link, helloDeadlineNs));
    link.maxRecord = FRAME_MAX;
    return { link, identity };
  } catch (error) {
    if (error instanceof HelloError) sendFrame(link, encodeRefused(error.message), helloDeadlineNs);
    link.close();
    return undefined;
  }
}

function sendFrame(link: Link, body: Uint8Array, deadlineNs: number): void {
  link.send(
    encodeFrame(writer, (w) => w.raw(body)),
    deadlineNs,
  );
}

function receiveFrame(link: Link, deadlineNs: number): Buffer {
  const body = checkFrame(waitRecord(link, deadlineNs));
  if (body === undefined) {
    throw new HelloError('HELLO_GARBAGE', `expected a tmr frame from ${link.name}, got garbage`);
  }
  return body;
}

const fds = new Int32Array(1);
const ready = new Uint8Array(1);

/** The next record of one link, before the pump runs. */
export function waitRecord(link: Link, deadlineNs: number): Buffer {
  for (;;) {
    const record = link.next();
    if (record !== undefined) return record;
    if (link.closed) {
      throw new HelloError('HELLO_REFUSED', `${link.name} closed the connection during HELLO`);
    }
    fds[0] = link.fd;
    if (native.poll(fds, 1, ready, deadlineNs) === 0) {
      throw new HelloError('HELLO_REFUSED', `${link.name} did not answer HELLO in time`);
    }
    link.receive();
  }
}
