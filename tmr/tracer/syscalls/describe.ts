/** docs/syscalls.md, made from the table. */
import { errnoName } from './abi/errno.ts';
import { numbers, type SyscallName } from './numbers.ts';
import type { CallClass, CallPolicy } from './policy.ts';
import { table } from './table.ts';

const CLASSES: Record<CallClass, string> = {
  'agreed-input': 'The result is made from agreed inputs: clocks, random bytes, virtual ids.',
  'voted-output':
    'Bytes leave the session by the output vote, or go to a volume as voted file calls.',
  'file-service': 'Served from the volumes, or as the descriptor or path decides.',
  local: "The replica's own kernel runs it; the result is folded into the next signature.",
  'process-control': 'Changes which program runs, or ends it.',
  refused: 'Gets the errno of an old kernel or a sandbox, or ends the session by name.',
};

/** The whole page. */
export function renderSyscallTable(): string {
  const names = Object.keys(numbers) as SyscallName[];
  const lines = [
    '# System calls',
    '',
    'Made from `tmr/tracer/syscalls/table.ts`; a test checks that this page is current.',
    'Every x86-64 number up to Linux 6.18 has a class:',
    '',
    ...Object.entries(CLASSES).map(([name, text]) => {
      const count = names.filter((one) => table[one].class === name).length;
      return `- **${name}** (${count}): ${text}`;
    }),
    '',
    '| number | call | class | gives | why |',
    '| ------ | ---- | ----- | ----- | --- |',
    ...names.map((name) => row(name, table[name])),
    '',
  ];
  return lines.join('\n');
}

function row(name: SyscallName, policy: CallPolicy): string {
  return `| ${numbers[name]} | ${name} | ${policy.class} | ${gives(policy)} | ${policy.why ?? ''} |`;
}

function gives(policy: CallPolicy): string {
  if (policy.class !== 'refused') return '';
  return policy.errno === undefined ? 'end of the session' : errnoName(policy.errno);
}
