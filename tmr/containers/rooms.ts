/** Rooms that stand on an engine, and the sessions in them: for `tmr status --engine`. */
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Container, ContainerInfo } from 'dockerode';
import type { SessionStatusEntry } from '../monitor/status-dir.ts';
import { execIn } from './container.ts';
import { demultiplex } from './demultiplex.ts';
import type { Engine } from './engine.ts';
import { imagePaths } from './image.ts';
import { isGone, OWNER_LABEL, thisProcess, type Owner } from './leftovers.ts';

export interface RoomStatus {
  room: string;
  engine: string;
  /** Whose process made it; `alive` is null for one of another machine. */
  owner: { pid: number; alive: boolean | null };
  parts: { part: string; container: string; state: string }[];
  /** As `tmr status` in the monitor's container has them; null when it does not answer. */
  sessions: SessionStatusEntry[] | null;
}

export const ROOM_LABEL = 'org.tmr.room';
export const PART_LABEL = 'org.tmr.part';
/** A container that a fault holds does not answer. */
const ANSWER_MS = 5000;

export async function roomsOn(engine: Engine): Promise<RoomStatus[]> {
  const { docker } = engine;
  const all = await docker.listContainers({ all: true, filters: { label: [ROOM_LABEL] } });
  const byRoom = new Map<string, ContainerInfo[]>();
  for (const container of all) {
    const room = container.Labels[ROOM_LABEL] ?? '';
    byRoom.set(room, [...(byRoom.get(room) ?? []), container]);
  }
  return Promise.all([...byRoom].map(([room, parts]) => describeRoom(engine, room, parts)));
}

async function describeRoom(
  { docker, url }: Engine,
  room: string,
  containers: readonly ContainerInfo[],
): Promise<RoomStatus> {
  const label = containers[0]?.Labels[OWNER_LABEL];
  const { pid, machine } = JSON.parse(label ?? '{}') as Partial<Owner>;
  const parts = containers
    .map(({ Names, State, Labels }) => ({
      part: Labels[PART_LABEL] ?? '',
      container: Names[0]?.replace(/^\//, '') ?? '',
      state: State,
    }))
    .toSorted((a, b) => (a.part < b.part ? -1 : 1));
  const monitor = parts.find(({ part, state }) => part === 'monitor' && state === 'running');
  return {
    room,
    engine: url,
    owner: { pid: pid ?? 0, alive: machine === thisProcess().machine ? !isGone(label) : null },
    parts,
    sessions:
      monitor === undefined ? null : await sessionsIn(docker.getContainer(monitor.container)),
  };
}

async function sessionsIn(monitor: Container): Promise<SessionStatusEntry[] | null> {
  try {
    const run = await execIn(monitor, {
      command: [imagePaths.node, imagePaths.script, 'status', '--json'],
      cwd: '/',
      environment: {},
      tty: false,
    });
    const timer = setTimeout(() => run.connection.destroy(), ANSWER_MS);
    run.connection.end();
    const stdout = new PassThrough();
    const said = text(stdout);
    await demultiplex(run.connection, stdout, new PassThrough().resume()).catch(() => undefined);
    clearTimeout(timer);
    stdout.end();
    return (JSON.parse(await said) as { sessions: SessionStatusEntry[] }).sessions;
  } catch {
    // It ended meanwhile, or did not answer.
    return null;
  }
}
