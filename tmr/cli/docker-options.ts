/** Options of `--hosts docker`. */
import { Option } from 'commander';
import { collect } from './session-options.ts';

export interface DockerCommandOptions {
  engines?: string;
  baseImage?: string;
  imageInclude: string[];
  transfer: 'auto' | 'bind' | 'copy';
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
];
