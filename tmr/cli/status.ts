/** `tmr status`: the sessions of this user on this machine. */
import Table from 'cli-table3';
import { Command } from 'commander';
import { formatAddress } from '../monitor/addresses.ts';
import { publicStatus, StatusDirectory } from '../monitor/status-dir.ts';
import type { SessionStatusEntry } from '../monitor/status-dir.ts';

export function statusCommand(): Command {
  return new Command('status')
    .description('Shows your sessions on this machine: processes, addresses and members.')
    .option('--json', 'for programs: {version, sessions: [...]} (docs/report.md)')
    .addHelpText('after', '\nExample:\n  tmr status --json')
    .action((options: { json?: boolean }) => {
      const status = publicStatus(new StatusDirectory().list());
      const text =
        options.json === true ? JSON.stringify(status, undefined, 2) : describe(status.sessions);
      process.stdout.write(`${text}\n`);
    });
}

function describe(sessions: readonly SessionStatusEntry[]): string {
  if (sessions.length === 0) return 'no session is running';
  return sessions.map(describeSession).join('\n\n');
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
