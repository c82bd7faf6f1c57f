/** `tmr clean`: removes what killed sessions of this user left. The next start does so too. */
import { Command } from 'commander';
import { removeLeftovers } from '../monitor/leftovers.ts';
import { StatusDirectory } from '../monitor/status-dir.ts';

/** An engine that is slower is left alone. */
const ENGINE_ANSWER_MS = 2000;

interface Options {
  /** True: the default engine. */
  engine?: string | true;
}

export function cleanCommand(): Command {
  return new Command('clean')
    .description(
      'Removes status files and temporary directories of sessions that were killed, and their containers, ' +
        'networks and volumes where a Docker engine answers (DOCKER_HOST or the default socket).',
    )
    .option(
      '--engine [url]',
      'clean this Docker engine, unix:///PATH or tcp://HOST:PORT (default: the one above), of old images, too: ' +
        'of our names, of no container, not of this build, and not the two newest',
    )
    .addHelpText('after', '\nExamples:\n  tmr clean\n  tmr clean --engine')
    .action(async ({ engine }: Options) => {
      const paths = [...new StatusDirectory().clean(), ...removeLeftovers()];
      const removed = [...paths, ...(await cleanEngine(engine))];
      const lines = removed.map((what) => `removed ${what}\n`);
      process.stdout.write(lines.length === 0 ? 'nothing to clean\n' : lines.join(''));
    });
}

/** Most users have no engine and need not hear of it; one that was named must answer. */
async function cleanEngine(named: Options['engine']): Promise<string[]> {
  const { defaultEngine, openEngine, parseEngine } = await import('../containers/engine.ts');
  const { removeContainerLeftovers } = await import('../containers/leftovers.ts');
  if (named !== undefined) {
    const { removeOldImages } = await import('../containers/old-images.ts');
    const engine = await openEngine(named === true ? defaultEngine() : parseEngine(named));
    return [...(await removeContainerLeftovers(engine)), ...(await removeOldImages(engine))];
  }
  try {
    return await removeContainerLeftovers(await openEngine(defaultEngine(), ENGINE_ANSWER_MS));
  } catch {
    return [];
  }
}
