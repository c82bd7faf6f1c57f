/** `--secret-file FILE` and `--secret-fd N`, the same for every command (read by monitor/secret.ts). */
import { Option } from 'commander';

export const secretOptions = (): Option[] => [
  new Option(
    '--secret-file <file>',
    'file with the secret that all parts share; mode 0600, yours (umask 077; head -c 32 /dev/urandom | base64 > FILE)',
  ),
  new Option('--secret-fd <n>', 'descriptor to read the secret from'),
];
