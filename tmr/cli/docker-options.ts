/** Options of `--hosts docker`. */
import { InvalidArgumentError, Option } from 'commander';
import { limitOptions } from '../containers/limits.ts';
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
  ...limitOptions.map(({ flags, description, parse }) =>
    new Option(flags, description).argParser(asArgument(parse)),
  ),
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
