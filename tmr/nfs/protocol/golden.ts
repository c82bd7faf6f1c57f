/**
 * One example of every frame of the private program, and a call of a replica, whole records with
 * their mark: docs/nfs-notice.md shows these bytes, and a test compares them.
 */
import {
  encodeHello,
  encodeWelcome,
  NONCE_BYTES,
  proof,
  sessionKey,
  type Identity,
} from '../../wire/hello.ts';
import { XdrWriter } from '../../wire/xdr.ts';
import type { Procedure } from './codec.ts';
import {
  AUTH_TMR_DIGEST,
  NFS_PROGRAM,
  NFS_VERSION,
  TMR_PROGRAM,
  TMR_VERSION,
} from './constants.ts';
import { encodeCaller, requestDigest } from './digest.ts';
import { getattr } from './file-procedures.ts';
import { machineName } from './identity.ts';
import { bye, clock, flag, hello, status } from './private-program.ts';
import { encodeCall, finishReply, startReply, type SysCredential } from './rpc.ts';

export const goldenSecret = 'a secret for the golden frames';
export const goldenIdentity: Identity = {
  role: 'tracer',
  session: 's1',
  replica: 1,
  buildId: 'b1',
};

/** Frames by name, in the order in which they travel. */
export function goldenFrames(): Record<string, Buffer> {
  const diallerNonce = Buffer.alloc(NONCE_BYTES, 0x11);
  const listenerNonce = Buffer.alloc(NONCE_BYTES, 0x22);
  const key = sessionKey(Buffer.from(goldenSecret), goldenIdentity.session);
  const prove = (direction: 'dialler' | 'listener') =>
    proof(key, direction, goldenIdentity, diallerNonce, listenerNonce);
  const config = Buffer.alloc(0);
  const notice = { accused: 2, stream: 0, k: 120, mechanism: 'signature' };
  return {
    'null-call': call(1, { number: 0, args: bye.args, result: bye.result }, undefined),
    'null-reply': reply(1, bye, undefined),
    'hello-1-call': call(2, hello, { step: 1, body: encodeHello(goldenIdentity, diallerNonce) }),
    'hello-1-reply': reply(2, hello, {
      ok: true,
      welcome: encodeWelcome(listenerNonce, prove('listener')),
    }),
    'hello-2-call': call(3, hello, { step: 2, body: prove('dialler'), config }),
    'hello-2-reply': reply(3, hello, { ok: true, welcome: Buffer.alloc(0) }),
    'hello-refused-reply': reply(3, hello, { ok: false, reason: 'session s1 is not open here' }),
    'flag-call': call(4, flag, notice),
    'flag-reply-not-counted': reply(4, flag, { ok: true, counted: false }),
    'status-call': call(5, status, { since: 1 }),
    'status-reply': reply(5, status, {
      version: 2,
      state: 'open',
      replicas: 3,
      notices: [],
      flags: [{ accused: 2, tIsolatedNs: 5 }],
      digestFaults: [],
    }),
    'bye-call': call(6, bye, undefined),
    'clock-call': call(8, clock, undefined),
    'clock-reply': reply(8, clock, { tNs: 5e12, clockId: 'boot/time:[4026531834]' }),
    ...slot(),
  };
}

/** GETATTR as call 7 of stream 0, and the reply that all replicas get. */
function slot(): Record<string, Buffer> {
  const writer = new XdrWriter();
  getattr.args.write(writer, { object: Buffer.from('handle') });
  const args = Buffer.from(writer.bytes());
  const credential: SysCredential = {
    flavour: 'sys',
    stamp: 0,
    machineName: machineName({ session: goldenIdentity.session, stream: 0, counter: 7 }),
    uid: 1000,
    gid: 1000,
    gids: [],
  };
  const header = { xid: 7, program: NFS_PROGRAM, version: NFS_VERSION, procedure: getattr.number };
  const caller = encodeCaller(credential);
  const body = requestDigest(caller, NFS_PROGRAM, NFS_VERSION, getattr.number, args);
  const verifier = { flavour: AUTH_TMR_DIGEST, body };
  const answer = startReply(new XdrWriter(), 7, verifier);
  getattr.result.write(answer, { status: 70 });
  return {
    'getattr-call': copy(encodeCall(new XdrWriter(), { ...header, credential }, args)),
    'getattr-reply': copy(finishReply(answer)),
  };
}

function call<Args, Result>(xid: number, procedure: Procedure<Args, Result>, args: Args): Buffer {
  const body = new XdrWriter();
  procedure.args.write(body, args);
  const header = {
    xid,
    program: TMR_PROGRAM,
    version: TMR_VERSION,
    procedure: procedure.number,
    credential: { flavour: 'none' },
  } as const;
  return copy(encodeCall(new XdrWriter(), header, body.bytes()));
}

function reply<Args, Result>(
  xid: number,
  procedure: Procedure<Args, Result>,
  result: Result,
): Buffer {
  const writer = startReply(new XdrWriter(), xid);
  procedure.result.write(writer, result);
  return copy(finishReply(writer));
}

function copy(view: Buffer): Buffer {
  return Buffer.from(view);
}
