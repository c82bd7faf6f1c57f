/** `tmr clean`: removes what killed sessions of this user left. The next start does so too. */
import { Command } from 'commander';
import { removeLeftovers } from '../monitor/leftovers.ts';
import { StatusDirectory } from '../monitor/status-dir.ts';

export function cleanCommand(): Command {
  return new Command('clean')
    .description('Removes status files and temporary directories of sessions that were killed.')
    .addHelpText('after', '\nExample:\n  tmr clean')
    .action(() => {
      const removed = [...new StatusDirectory().clean(), ...removeLeftovers()];
      const lines = removed.map((path) => `removed ${path}\n`);
      process.stdout.write(lines.length === 0 ? 'nothing to clean\n' : lines.join(''));
    });
}
