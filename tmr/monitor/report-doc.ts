/** docs/report.md, made from the schema so that it cannot fall behind it. */
import * as z from 'zod';
import { report } from './report-schema.ts';

interface Schema {
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  additionalProperties?: unknown;
}

/** The page's text. */
export function reportDocument(): string {
  const schema = z.toJSONSchema(report) as Schema;
  const lines = [
    '# The report of a session',
    '',
    '`tmr run --report FILE` and `tmr monitor --report FILE` write one JSON object, also when the',
    'session was stopped or could not start. Fields are only ever added; a change of meaning raises',
    '`version`. Times ending in `Ns` are CLOCK_MONOTONIC nanoseconds of the host that took them:',
    'compare those of different parties through `clocks`. Unknown figures are `null`.',
    '',
    'This page is made from `tmr/monitor/report-schema.ts`; a test checks that it is current',
    '(`npx vitest run tmr/monitor/report -u` writes it anew).',
    '',
    '| field | type | meaning |',
    '|---|---|---|',
    ...rows(schema, ''),
    '',
    '## What ends a session, and how tmr exits',
    '',
    '| outcome | exit of tmr |',
    '|---|---|',
    "| `completed` | the program's status, or death by the same signal |",
    '| `stopped` | 125: no agreement could be had, or a trusted party was lost; nothing unvoted got out |',
    '| `failed-to-start` | 125; 126 and 127 as env(1): not executable, not found |',
    '| `interrupted` | death by the signal that the user sent |',
    '',
    'Options that are refused end with 78 before there is a session, and without a report. So does a',
    'FILE that cannot be written; where it becomes so during the session, tmr says it on stderr and',
    'ends as in the table.',
    '',
    '## `tmr status --json`',
    '',
    '`{version, sessions: [{session, state, secretFile, monitor: {pid, address}, nfs: {pid, address},',
    'replicas: [{replica, sessionPid, replicaPids, address, state}]}]}`, of your own sessions on this',
    'machine. An address is `{host, port}`; `nfs.pid` is null when the server was not started by',
    '`tmr run`. `state` of a session is starting, running, suspended or ending; of a replica member,',
    'flagged or fenced. `secretFile` (0600) holds the secret from which the key of the session is',
    'derived (docs/wire.md), so that an outside client can prove itself.',
    '',
    'With `--engine` there is `rooms: [{room, engine, owner: {pid, alive}, parts: [{part, container, state}],',
    'sessions}]`: what stands in containers of that engine. `alive` is null for an owner on another machine.',
    '`sessions` are as above, with pids, paths and addresses of their containers; null when the monitor there',
    'does not answer.',
    '',
  ];
  return lines.join('\n');
}

function rows(schema: Schema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const inner = field.items ?? field;
    const deeper = field.items === undefined ? `${path}.` : `${path}[].`;
    return [
      `| \`${path}\` | ${typeOf(field)} | ${field.description ?? ''} |`,
      ...alternatives(inner).flatMap((each) => rows(each, deeper)),
    ];
  });
}

function alternatives(schema: Schema): Schema[] {
  const seen = new Set<string>();
  return (schema.anyOf ?? [schema]).map((each) => {
    const fresh = Object.entries(each.properties ?? {}).filter(([name]) => !seen.has(name));
    for (const [name] of fresh) seen.add(name);
    return { ...each, properties: Object.fromEntries(fresh) };
  });
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  return [schema.type ?? 'any'].flat().join(' or ');
}
