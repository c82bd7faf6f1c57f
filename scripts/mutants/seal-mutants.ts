/** Seals of votes (R1, R4), their arithmetic and their keys weakened one by one. */
import { units } from './core-mutants.ts';
import { mutantsOf } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const seals = mutantsOf('tmr/core/seal.ts', units, [
  ['a seal leaves the signature out', '  hash = absorb(hash, vote.sigHi);\n', ''],
  ['a seal leaves the clock out', '  hash = absorb(hash, elapsedNs);\n', ''],
  ['a seal leaves the rendezvous out', '  hash = absorb(hash, vote.k);\n', ''],
  ['a seal leaves the marks out', 'return absorb(hash, marks);', 'return absorb(hash, 0);'],
  [
    'a clock before the base has the seal of one after it',
    'Math.floor(elapsedNs / TWO_32)',
    'elapsedNs / TWO_32',
  ],
  [
    'a seal is its own square',
    'mulMod(mulMod(seal, seal, modulus), seal, modulus)',
    'mulMod(seal, seal, modulus)',
  ],
  ['a seal has many values', '!(seal >= 0 && seal < modulus)', '!(seal >= 0)'],
  ['any seal fits', ' === digestOf(vote);\n};', ' >= 0;\n};'],
  ['a modulus may be below a digest', 'value >= MODULUS_MIN', 'value > 0'],
  ['a modulus may be beyond exact products', ' && value < MODULUS_END', ''],
]);

const modular = mutantsOf(
  'tmr/core/modular.ts',
  ['tmr/core/modular.test.ts'],
  [
    ['the low halves of a product are lost', ' + aLow * bLow;', ';'],
    ['the error of the quotient is lost', ' - errorOf(quotient, m, rounded)', ''],
    [
      'a remainder may be negative',
      '  if (rest < 0) return rest + m;\n  return rest >= m ? rest - m : rest;\n};\n\n/** base',
      '  return rest;\n};\n\n/** base',
    ],
    [
      'powers leave the odd factor out',
      'if ((rest & 1) !== 0) result',
      'if ((rest & 2) !== 0) result',
    ],
  ],
);

const keys = mutantsOf(
  'tmr/monitor/seal-keys.ts',
  ['tmr/monitor/seal-keys.test.ts'],
  [
    ['monitor: any two primes seal', ' || !isModulus(p * q)', ''],
    ['monitor: primes without unique cube roots', 'rem: 5n', 'rem: 1n'],
    [
      'monitor: all tracers get the keys of the first',
      'pairs.map((own) => ({ own, moduli }))',
      'pairs.map(() => ({ own: pairs[0]!, moduli }))',
    ],
  ],
);

export const sealMutants: readonly Mutant[] = [...seals, ...modular, ...keys];
