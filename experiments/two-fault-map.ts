import type { FaultKindName } from '../faults/kinds/registry.ts';
import { modelsFor } from './fault-models.ts';
import { timeoutSweep } from './timeout-sweep.ts';
import { checkTwoFaultMap } from './two-fault-map-check.ts';
import { twoFaultMapRemarks, twoFaultMapTable } from './two-fault-map-remarks.ts';
import type { Design, Experiment } from './types.ts';

/** One of each sort: a wrong vote, no vote, a late one, a lie, a request, an output, a link. */
const quickKinds: FaultKindName[] = [
  'signature-bit-flip',
  'replica-kill',
  'tracer-delay',
  'false-flag-notice',
  'request-bit-flip',
  'output-bit-flip',
  'link-silence',
];

const quick: Design = {
  ...timeoutSweep.presets.quick,
  timeoutsMs: [500],
  faults: quickKinds,
  secondFaults: quickKinds,
  gaps: [0, 8],
  parts: ['different', 'same'],
  workloads: ['ledger'],
  detect: ['any'],
  repetitions: 2,
  // Above T: a shorter one is no fault.
  delayRangeMs: [1000, 1000],
};

const paperKinds = modelsFor(['local'])
  .map(({ name }) => name)
  .filter((name) => name !== 'none');

const paper: Design = {
  ...quick,
  faults: paperKinds,
  secondFaults: paperKinds,
  gaps: [0, 1, 8, 64],
  workloads: ['ledger', 'sha256sum'],
  repetitions: 10,
  nativeRuns: 20,
  goldenRuns: 20,
};

export const twoFaultMap: Experiment = {
  name: 'two-fault-map',
  title: 'Two faults in one run: kind by kind by distance',
  question:
    'Three replicas promise to mask one fault. What becomes of two: masked, stopped safely with an error, or a wrong output? The second ' +
    'one strikes so many rendezvous after the first, in another part of the system or in the same one (a replica with its tracer and ' +
    'its links is one part). Nothing wrong may ever get out (P6), unless both faults make the same wrong vote: such pairs are never ' +
    'drawn, bits and clock offsets of a pair differ, and kinds that vote for the same foreign call are not combined.',
  factors: [
    { name: 'faults', unit: '', meaning: 'kind of the first fault' },
    { name: 'secondFaults', unit: '', meaning: 'kind of the second' },
    { name: 'gaps', unit: 'rendezvous', meaning: 'from the first to the second' },
    {
      name: 'parts',
      unit: '',
      meaning:
        'different: two replicas, a replica and the link of the two others, or two links; same: one faulty part explains both',
    },
    ...timeoutSweep.factors.filter(({ name }) => name !== 'faults'),
  ],
  presets: { quick, paper },
  check: checkTwoFaultMap,
  table: twoFaultMapTable,
  remarks: twoFaultMapRemarks,
  figures: async () => {
    const { twoFaultMapFigure } = await import('./figures/two-fault-map.ts');
    return [twoFaultMapFigure('different'), twoFaultMapFigure('same')];
  },
};
