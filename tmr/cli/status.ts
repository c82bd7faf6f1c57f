/** `tmr status`: the sessions of this user on this machine, and those in containers of an engine. */
import Table from 'cli-table3';
import { Command } from 'commander';
import type { RoomStatus } from '../containers/rooms.ts';
import { formatAddress } from '../monitor/addresses.ts';
import { publicStatus, StatusDirectory } from '../monitor/status-dir.ts';
import type { SessionStatusEntry } from '../monitor/status-dir.ts';

interface Options {
  json?: boolean;
  /** True: the default engine. */
  engine?: string | true;
}

export function statusCommand(): Command {
  return new Command('status')
    .description(
      'Shows your sessions on this machine: processes, addresses and members. Those in containers are shown with --engine.',
    )
    .option('--json', 'for programs: {version, sessions: [...]} (docs/report.md)')
    .option(
      '--engine [url]',
      'and what stands on this Docker engine, unix:///PATH or tcp://HOST:PORT (default: DOCKER_HOST or the default socket)',
    )
    .addHelpText('after', '\nExamples:\n  tmr status --json\n  tmr status --engine')
    .action(async ({ json, engine }: Options) => {
      const status = publicStatus(new StatusDirectory().list());
      const rooms = engine === undefined ? undefined : await roomsOf(engine);
      const text =
        json === true
          ? JSON.stringify({ ...status, ...(rooms === undefined ? {} : { rooms }) }, undefined, 2)
          : describe(status.sessions, rooms);
      process.stdout.write(`${text}\n`);
    });
}

async function roomsOf(named: string | true): Promise<RoomStatus[]> {
  const { defaultEngine, openEngine, parseEngine } = await import('../containers/engine.ts');
  const { roomsOn } = await import('../containers/rooms.ts');
  return roomsOn(await openEngine(named === true ? defaultEngine() : parseEngine(named)));
}

function describe(
  sessions: readonly SessionStatusEntry[],
  rooms: readonly RoomStatus[] | undefined,
): string {
  const parts = sessions.map(describeSession);
  if (sessions.length === 0) {
    parts.push(
      rooms === undefined
        ? 'no session is running (in containers: tmr status --engine)'
        : 'no session is running outside of containers',
    );
  }
  if (rooms?.length === 0) parts.push('no containers of ours are on this engine');
  return [...parts, ...(rooms ?? []).map(describeRoom)].join('\n\n');
}

function describeRoom({ room, engine, owner, parts, sessions }: RoomStatus): string {
  const gone = owner.alive === false ? ', which is gone: tmr clean removes it' : '';
  const elsewhere = owner.alive === null ? ' of another machine' : '';
  const lines = [
    `room ${room} on ${engine}, of process ${owner.pid}${elsewhere}${gone}`,
    ...parts.map(({ part, container, state }) => `  ${part}: ${container}, ${state}`),
  ];
  if (sessions?.length === 0) lines.push('  no session is running in it');
  return [lines.join('\n'), ...(sessions ?? []).map(describeSession)].join('\n');
}

function describeSession(entry: SessionStatusEntry): string {
  const table = new Table({
    head: ['replica', 'state', 'tracer pid', 'replica pids', 'address'],
    style: { head: [], border: [] },
  });
  for (const { replica, state, sessionPid, replicaPids, address } of entry.replicas) {
    const at = address === null ? '' : formatAddress(address);
    table.push([replica, state, sessionPid || '', replicaPids.join(' '), at]);
  }
  const { monitor, nfs } = entry;
  return [
    `session ${entry.session}: ${entry.state}`,
    `monitor ${formatAddress(monitor.address)} pid ${monitor.pid}, ` +
      `NFS server ${formatAddress(nfs.address)}${nfs.pid === null ? '' : ` pid ${nfs.pid}`}`,
    table.toString(),
  ].join('\n');
}
