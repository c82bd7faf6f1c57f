/** The monitor's port: session processes dial it, prove themselves, and talk in frames. */
import { createHash } from 'node:crypto';
import net from 'node:net';
import type { ReplicaId } from '../core/types.ts';
import { HelloError } from '../wire/hello.ts';
import type { Identity } from '../wire/hello.ts';
import type { Address, FromMonitor } from '../wire/messages.ts';
import { decodeToMonitor, encodeFromMonitor, slotOpBytes } from '../wire/monitor-codec.ts';
import { messageOf, StartError } from './errors.ts';
import { acceptHello, FramedSocket } from './framed-socket.ts';
import type { ReplicaLink } from './session-types.ts';
import type { MonitorSession } from './session.ts';

export interface SessionListener {
  /** Where it listens, the port filled in. */
  address: Address;
  close(): void;
}

/**
 * Listens for the session processes of one session. Strangers are refused by name and concern
 * nobody else. Throws StartError when the port cannot be had.
 */
export async function listenForTracers(options: {
  address: Address;
  session: string;
  replicas: number;
  key: Uint8Array;
  /** Frames go to this one; undefined until it exists. */
  monitor: () => MonitorSession | undefined;
}): Promise<SessionListener> {
  const { address, session, replicas, key } = options;
  const connections = new Set<FramedSocket>();
  const keyOf = (identity: Identity): Uint8Array => {
    const { role, replica } = identity;
    const known = role === 'tracer' && replica >= 1 && replica <= replicas;
    if (known && identity.session === session) return key;
    throw new HelloError(
      'HELLO_REFUSED',
      `expected a tracer of replica 1..${replicas} of session ${session}, ` +
        `got ${role} ${replica} of '${identity.session}'`,
    );
  };
  const server = net.createServer((socket) => {
    const framed = new FramedSocket(socket);
    connections.add(framed);
    acceptHello(framed, keyOf)
      .then(
        ({ replica }) => {
          const monitor = options.monitor();
          if (monitor === undefined) framed.destroy('the session has not been opened');
          else attach(framed, replica, monitor, () => connections.delete(framed));
        },
        () => connections.delete(framed),
      )
      .catch((error: unknown) => framed.destroy(messageOf(error)));
  });
  const port = await listen(server, address);
  return {
    address: { host: address.host, port },
    close() {
      server.close();
      for (const framed of connections) framed.close();
    },
  };
}

function attach(
  framed: FramedSocket,
  replica: ReplicaId,
  monitor: MonitorSession,
  closed: () => void,
): void {
  const link: ReplicaLink = {
    send: (message: FromMonitor) => framed.send((writer) => encodeFromMonitor(writer, message)),
    close: () => framed.close(),
  };
  framed.handle({
    frame(body) {
      const message = decodeToMonitor(body);
      monitor.message(replica, link, message, message.type === 'slot' ? digest(body) : '');
    },
    corrupt: () => monitor.corrupt(replica),
    closed(why) {
      closed();
      monitor.closed(replica, link, why);
    },
  });
}

/** Over the bytes as received; a cryptographic one, for a wrong request may be no accident. */
function digest(body: Buffer): string {
  return createHash('sha256').update(slotOpBytes(body)).digest('base64');
}

function listen(server: net.Server, address: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new StartError(
          `cannot listen on ${address.host}:${address.port}: ${error.message}; choose another --listen`,
        ),
      );
    });
    server.listen(address.port, address.host, () => {
      const bound = server.address();
      if (bound === null || typeof bound === 'string') reject(new Error('expected a TCP address'));
      else resolve(bound.port);
    });
  });
}
