/** The replicas of one session as the monitor knows them: who is connected, who may vote, who left and why. */
import type { ReplicaId } from '../core/types.ts';
import type { Address, FromMonitor } from '../wire/messages.ts';
import type { ReplicaLink, ReplicaRecord } from './session-types.ts';

export type LiveReplica = ReplicaRecord & { link: ReplicaLink };

export class Roster {
  readonly ids: readonly ReplicaId[];
  readonly #records: ReadonlyMap<ReplicaId, ReplicaRecord>;

  constructor(replicas: number) {
    this.ids = Array.from({ length: replicas }, (_, index) => index + 1);
    this.#records = new Map(this.ids.map((replica) => [replica, blankRecord(replica)]));
  }

  get all(): readonly ReplicaRecord[] {
    return [...this.#records.values()];
  }

  find(replica: ReplicaId): ReplicaRecord | undefined {
    return this.#records.get(replica);
  }

  /** Connected, and not out: what is voted is theirs. */
  live(): LiveReplica[] {
    return this.all.filter(
      (record): record is LiveReplica =>
        record.link !== undefined && record.connected && hasWord(record),
    );
  }

  tellLive(message: FromMonitor): void {
    for (const { link } of this.live()) link.send(message);
  }

  /** Tells each replica where the others are; `route` gives where `from` is to dial `to`. */
  introduce(route: (from: ReplicaId, to: ReplicaId, own: Address) => Address): void {
    for (const from of this.all) {
      const peers = this.all
        .filter(({ replica }) => replica !== from.replica)
        .map(({ replica, address }) => ({
          replica,
          address: route(from.replica, replica, address as Address),
        }));
      from.link?.send({ type: 'peers', peers });
    }
  }

  /** Of each replica why it left, for a session that ends for it. */
  reasons(): string {
    return this.all
      .map(
        ({ replica, reason, state }) =>
          `replica ${replica} ${reason || (state === 'member' ? 'is alone' : 'left')}`,
      )
      .join('; ');
  }
}

/** Neither flagged nor fenced nor gone. */
export function hasWord({ state }: ReplicaRecord): boolean {
  return state === 'member' || state === 'starting';
}

function blankRecord(replica: ReplicaId): ReplicaRecord {
  return {
    replica,
    state: 'starting',
    link: undefined,
    connected: false,
    pid: 0,
    replicaPid: 0,
    address: undefined,
    files: [],
    reason: '',
  };
}
