/** The links between tracers: i dials j for i < j, and expects the others. */
import type { ReplicaId } from '../../core/types.ts';
import type { Identity } from '../../wire/hello.ts';
import type { Address } from '../../wire/messages.ts';
import { accept, dial } from './handshake.ts';
import type { Link } from './link.ts';
import { starting } from './start-error.ts';

export interface Peer {
  replica: ReplicaId;
  link: Link;
}

/** All links of one tracer, each proved. Throws StartError that names the tracer that is missing. */
export function connectPeers(options: {
  identity: Identity;
  key: Uint8Array;
  listener: number;
  peers: readonly { replica: ReplicaId; address: Address }[];
  deadlineNs: number;
}): Peer[] {
  const { identity, key, deadlineNs } = options;
  const self = identity.replica;
  const connected: Peer[] = [];
  for (const { replica, address } of options.peers) {
    if (replica <= self) continue;
    const name = `tracer ${replica}`;
    const doing = `tracer ${self} cannot reach ${name} at ${address.host}:${address.port}`;
    const link = starting(doing, () => dial(address, identity, key, name, deadlineNs));
    connected.push({ replica, link });
  }
  const expected = new Set(options.peers.map(({ replica }) => replica).filter((r) => r < self));
  while (expected.size > 0) {
    const doing = `tracer ${self} waits for tracer ${[...expected].join(' and ')}`;
    const peer = starting(doing, () => accept(options.listener, identity.session, key, deadlineNs));
    if (peer !== undefined && expected.delete(peer.identity.replica)) {
      connected.push({ replica: peer.identity.replica, link: peer.link });
    } else {
      peer?.link.close();
    }
  }
  return connected;
}
