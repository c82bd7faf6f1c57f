/** Options of `--hosts docker`. */
import { InvalidArgumentError, Option } from 'commander';
import { parseCpus, parseMemory, parsePids } from '../containers/limits.ts';
import { messageOf } from '../monitor/errors.ts';
import { collect } from './session-options.ts';

export interface DockerCommandOptions {
  engines?: string;
  baseImage?: string;
  imageInclude: string[];
  transfer: 'auto' | 'bind' | 'copy';
  /** Bytes. */
  containerMemory?: number;
  containerPids?: number;
  containerCpus?: number;
}

export const dockerOptions = (): Option[] => [
  new Option(
    '--engines <urls>',
    'docker: unix:///PATH or tcp://HOST:PORT; several, with commas, spread the tracers, and then a unix ' +
      'one needs =ADDRESS behind it (default: DOCKER_HOST or the default socket)',
  ),
  new Option(
    '--base-image <ref>',
    'docker: image of the engine with the program in it; nothing is ever pulled',
  ),
  new Option(
    '--image-include <path>',
    'docker: further file or directory for the image; repeatable',
  )
    .argParser(collect)
    .default([], 'none'),
  new Option(
    '--transfer <how>',
    'docker: how the directory gets in: mounted, or copied in and back (auto: mounted where the engine ' +
      'is on this machine and you are not root)',
  )
    .choices(['auto', 'bind', 'copy'])
    .default('auto'),
  new Option(
    '--container-memory <size>',
    'docker: memory of each container, with b, k, m or g; 256m or more (default: 2g)',
  ).argParser(asArgument(parseMemory)),
  new Option(
    '--container-pids <n>',
    'docker: processes and threads in each container, 64 or more (default: 512)',
  ).argParser(asArgument(parsePids)),
  new Option(
    '--container-cpus <n>',
    'docker: CPUs of each container, may be a fraction (default: 2, or what the engine has)',
  ).argParser(asArgument(parseCpus)),
];

/** What an option's parser throws, as commander wants it. */
function asArgument<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(`${messageOf(error)}.`);
    }
  };
}
