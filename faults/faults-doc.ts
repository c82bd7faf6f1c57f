/** `docs/faults.md`, made from the table of kinds. */
import { definitionOf, type Values } from './fault-spec.ts';
import type { Expectation, FaultKind } from './kinds/define.ts';
import type { Parameter } from './kinds/parameters.ts';
import { activeKinds } from './kinds/registry.ts';
import { trigger, triggerMeaning } from './kinds/trigger.ts';
import { parseFault } from './text.ts';

const kinds = activeKinds as unknown as readonly FaultKind[];

export function faultsPage(): string {
  return [
    '# Faults',
    '',
    'A fault is data: its kind, the parameters of the kind, and when it strikes. As short text',
    '`kind:name=value,name=value`, or as JSON with the same names (`{"kind":"replica-kill","replica":2,',
    '"at":{"type":"rendezvous","k":50}}`). What is not given and may be drawn is drawn from the seed of the trial.',
    'This page is made from `faults/kinds/` (`npx vitest run faults/faults-doc -u` writes it anew).',
    '',
    'An experiment draws its faults (`npm run experiment -- list`). One of your own strikes any run:',
    '',
    '```',
    'tmr run --interpose dist/interpose.js --interpose-options \\',
    `  '{"faults":["vote-loss:link=1-2,at=rendezvous:40"],"eventLog":"/tmp/events.jsonl"}' -- ./simulation`,
    '```',
    '',
    'Every kind also takes',
    '',
    ...row('parameter', 'values', 'meaning', 'when not given'),
    ...line('at', escaped(trigger.values), triggerMeaning, 'drawn'),
    ...line(
      'seed',
      '1 to 64 hexadecimal digits',
      'what is drawn is a function of it',
      "the trial's",
    ),
    ...kinds.flatMap(section),
    '',
  ].join('\n');
}

function section(kind: FaultKind): string[] {
  const where = kind.inContainers === true ? ' Only with `--hosts docker`.' : '';
  const parameters = Object.entries(kind.parameters);
  return [
    '',
    `## ${kind.name}`,
    '',
    `${kind.summary}${where}`,
    '',
    ...row('parameter', 'values', 'meaning', 'when not given'),
    ...parameters.flatMap(([name, parameter]) => parameterLine(name, parameter)),
    '',
    `- Example: \`${kind.example}\``,
    `- Under \`agreed\`: ${expectedOf(kind)}`,
    `- Shows in: ${kind.positiveControl}`,
  ];
}

const expected: Record<Expectation, string> = {
  must: 'the replica is to be flagged',
  may: 'the replica may be flagged, nobody else',
  never: 'nobody is to be flagged',
};

/** By its example, and in a dispute where that is another one. */
function expectedOf(kind: FaultKind): string {
  const example = exampleOf(kind);
  const usual = expected[kind.flag(example)];
  const inDispute = expected[kind.flag({ ...example, phase: 'dispute' })];
  if (!('phase' in kind.parameters) || inDispute === usual) return usual;
  return `${usual}; with phase=dispute ${inDispute}`;
}

function exampleOf(kind: FaultKind): Values {
  const fault = parseFault(kind.example);
  if (fault.kind === 'none') throw new Error(`${kind.name}: its example is no fault`);
  return definitionOf(fault)[1];
}

function parameterLine(name: string, { type, meaning, absent }: Parameter<unknown>): string[] {
  return line(
    name,
    escaped(type.values),
    meaning,
    absent === undefined ? 'required' : type.write(absent),
  );
}

function row(...cells: string[]): string[] {
  return [`| ${cells.join(' | ')} |`, `|${cells.map(() => '---').join('|')}|`];
}

function line(...cells: string[]): string[] {
  return [`| ${cells.map((cell, index) => (index === 0 ? `\`${cell}\`` : cell)).join(' | ')} |`];
}

/** A bar would end the cell. */
function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
