/**
 * The bytes of every example frame, by the name under which docs/wire.md shows it. HELLO is worked
 * out with a fixed secret and fixed nonces, so that another implementation can check its proofs.
 */
import { encodeControl } from './control-codec.ts';
import { encodeFrame } from './frame.ts';
import {
  goldenFromDaemon,
  goldenFromMonitor,
  goldenPeerMessages,
  goldenToDaemon,
  goldenToMonitor,
} from './golden.ts';
import {
  DiallerHandshake,
  encodeRefused,
  ListenerHandshake,
  NONCE_BYTES,
  sessionKey,
} from './hello.ts';
import { encodeFromMonitor, encodeToMonitor } from './monitor-codec.ts';
import { encodePeerMessage } from './peer-codec.ts';
import { XdrWriter } from './xdr.ts';

export const goldenSecret = 'correct horse battery staple';
export const goldenSession = '0123456789abcdef';

/** Record mark and checksum included, in hex. */
export function goldenFrames(): Map<string, string> {
  const frames = new Map<string, string>();
  const add = (name: string, body: (writer: XdrWriter) => void): void => {
    frames.set(name, encodeFrame(new XdrWriter(), body).toString('hex'));
  };
  for (const [name, body] of helloBodies()) add(name, (writer) => void writer.raw(body));
  for (const message of Object.values(goldenPeerMessages)) {
    add(`peer ${message.type}`, (writer) => encodePeerMessage(writer, message));
  }
  for (const message of Object.values(goldenToMonitor)) {
    add(`to-monitor ${message.type}`, (writer) => encodeToMonitor(writer, message));
  }
  for (const message of Object.values(goldenFromMonitor)) {
    add(`from-monitor ${message.type}`, (writer) => encodeFromMonitor(writer, message));
  }
  for (const message of Object.values(goldenToDaemon)) {
    add(`to-daemon ${message.type}`, (writer) => encodeControl(writer, message));
  }
  for (const message of Object.values(goldenFromDaemon)) {
    add(`from-daemon ${message.type}`, (writer) => encodeControl(writer, message));
  }
  return frames;
}

/** Tracer 1 dials tracer 2; nonces of bytes 01 and 02. */
function helloBodies(): [string, Buffer][] {
  const key = sessionKey(Buffer.from(goldenSecret), goldenSession);
  const identity = {
    role: 'tracer',
    session: goldenSession,
    replica: 1,
    buildId: 'tmr-0.1.0',
  } as const;
  const dialler = new DiallerHandshake(identity, key, Buffer.alloc(NONCE_BYTES, 1));
  const listener = new ListenerHandshake(Buffer.alloc(NONCE_BYTES, 2));
  const hello = dialler.start();
  const welcome = listener.onHello(hello, () => key);
  const proof = dialler.onWelcome(welcome, 'tracer 2');
  listener.onProof(proof);
  return [
    ['hello', hello],
    ['welcome', welcome],
    ['proof', proof],
    ['refused', encodeRefused('no such session')],
  ];
}
