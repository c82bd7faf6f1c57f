/** Acts on a room's tracers, as a user would with `docker kill`, `docker pause` and so on. */
import type { Container } from 'dockerode';
import type { ContainerControl } from '../faults/container-injector.ts';
import type { ContainerRoom } from '../tmr/containers/room.ts';

const MIB = 2 ** 20;
/** Above what is used now: a kernel with cgroup v1 refuses less, and the injector fills it. */
const HEADROOM_BYTES = 16 * MIB;

export function containerControl(room: ContainerRoom): ContainerControl {
  const of = (replica: number): Container => room.tracer(replica);
  const disconnect = async (replica: number, peer?: number): Promise<void> => {
    const networks = room.networksOf(replica, peer);
    await Promise.all(
      networks.map(({ engine, id }) =>
        engine.docker.getNetwork(id).disconnect({ Container: of(replica).id, Force: true }),
      ),
    );
  };
  const connect = async (replica: number, peer?: number): Promise<void> => {
    for (const { engine, id, address } of room.networksOf(replica, peer)) {
      const fixed = address === '' ? {} : { IPAMConfig: { IPv4Address: address } };
      await engine.docker
        .getNetwork(id)
        .connect({ Container: of(replica).id, EndpointConfig: fixed });
    }
  };
  return {
    kill: async (replica) => void (await of(replica).kill()),
    pause: async (replica) => void (await of(replica).pause()),
    unpause: async (replica) => void (await of(replica).unpause()),
    restart: async (replica) => void (await of(replica).restart({ t: 0 })),
    disconnect: (replica) => disconnect(replica),
    reconnect: (replica) => connect(replica),
    partition(a, b) {
      if (room.networksOf(a, b).length > 0) return disconnect(a, b);
      throw new Error(
        "expected one engine for link-partition: on several, links share the engines' networks",
      );
    },
    heal: (a, b) => connect(a, b),
    async setCpuPercent(replica, percent) {
      const cpus = percent === null ? room.cpus : percent / 100;
      await of(replica).update({ NanoCpus: Math.round(cpus * 1e9) });
    },
    async limitMemory(replica) {
      const stats = await of(replica).stats({ stream: false, 'one-shot': true });
      const bytes = stats.memory_stats.usage + HEADROOM_BYTES;
      await of(replica).update({ Memory: bytes, MemorySwap: bytes });
    },
    async state(replica) {
      const gone = {
        running: false,
        paused: false,
        networks: 0,
        startedAt: '',
        cpuPercent: null,
        memoryBytes: 0,
      };
      try {
        const { State, NetworkSettings, HostConfig } = await of(replica).inspect();
        return {
          running: State.Running,
          paused: State.Paused,
          startedAt: State.StartedAt,
          memoryBytes: HostConfig.Memory ?? 0,
          networks: Object.keys(NetworkSettings.Networks).length,
          cpuPercent: Math.round((HostConfig.NanoCpus ?? 0) / 1e7),
        };
      } catch (error) {
        // Removed by the engine as soon as it ended.
        if ((error as { statusCode?: number }).statusCode === 404) return gone;
        throw error;
      }
    },
  };
}
