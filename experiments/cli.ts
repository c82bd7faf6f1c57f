/** Entry point of `npm run experiment` (dist/experiment.js). */
import { join } from 'node:path';
import { main } from './command/main.ts';
import { projectRoot } from './project-root.ts';

process.exitCode = await main({
  stdout: process.stdout,
  stderr: process.stderr,
  loadCampaign: async () => (await import('../harness/campaign.ts')).openCampaign,
  resultsDirectory: join(projectRoot(), 'results'),
  // npm changes to the package's directory; the user's own is in INIT_CWD.
  workingDirectory: process.env['INIT_CWD'] ?? process.cwd(),
  argv: process.argv.slice(2),
  onInterrupt: (handler) => {
    process.on('SIGINT', handler);
    process.on('SIGTERM', handler);
    return () => {
      process.off('SIGINT', handler);
      process.off('SIGTERM', handler);
    };
  },
  colour: !process.env['NO_COLOR'] && process.stdout.isTTY,
});
