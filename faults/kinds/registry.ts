/** Every kind of fault. A new one is an entry here, its definition, and its injector. */
import { containerKinds } from './containers.ts';
import type { FaultKind } from './define.ts';
import { linkKinds } from './links.ts';
import { processKinds } from './processes.ts';
import { serviceKinds } from './services.ts';
import { voteKinds } from './votes.ts';

export const activeKinds = [
  ...voteKinds,
  ...processKinds,
  ...serviceKinds,
  ...linkKinds,
  ...containerKinds,
] as const;

export type ActiveKind = (typeof activeKinds)[number];
export type ActiveKindName = ActiveKind['name'];
export type FaultKindName = 'none' | ActiveKindName;

/** The control: nobody may be flagged. */
export const NONE = {
  name: 'none',
  title: 'no fault',
  summary: 'No fault: the control. Nobody may be flagged.',
  example: 'none',
  positiveControl: 'zero flags, output and volume as in the golden run',
} as const;

export const faultKindNames: readonly FaultKindName[] = [
  NONE.name,
  ...activeKinds.map(({ name }) => name),
];

/** Undefined for `none` and for what is no kind. */
export function activeKind(name: string): FaultKind | undefined {
  return (activeKinds as unknown as readonly FaultKind[]).find((kind) => kind.name === name);
}
