/**
 * The report of a session (`--report FILE`). Version 1; fields are only ever added. Times are
 * CLOCK_MONOTONIC nanoseconds of the host that took them; `bootId` names the monitor's boot.
 * docs/report.md is made from the descriptions here, and a test checks that it is current.
 */
import * as z from 'zod';

const replica = z.int().min(1);
const ns = z.number().nullable();
const address = z.object({ host: z.string(), port: z.int() });

export const mechanism = z.enum([
  'signature',
  'call-number',
  'time-out',
  'connection-closed',
  'replica-dead',
  'file-digest',
  'output-digest',
]);

const flag = z.strictObject({
  replica: replica.describe('who was flagged'),
  stream: z.int().describe('stream of the rendezvous: one a process of the program'),
  rendezvous: z.int().describe('number of the rendezvous at which the first accuser stood'),
  mechanism: mechanism.describe('how the fault was noticed'),
  accusers: z.array(replica).describe('whose notices counted'),
  tFirstSuspicionNs: ns.describe('when the first accuser first held the replica bad'),
  tSecondArrivalNs: ns.describe(
    'when the second vote of that rendezvous was there: the bounds are measured from it',
  ),
  tQuorumNs: ns.describe('when the flag counted at the monitor'),
  tIsolatedNs: ns.describe("when the file server cut the replica off, on the server's clock"),
  consequence: z
    .boolean()
    .describe('raised after monitor or file server were lost: a consequence, no fault'),
});

export const report = z.strictObject({
  version: z.literal(1).describe('version of this schema'),
  tmr: z.string().describe('version of tmr'),
  session: z.string().describe('session id'),
  command: z.array(z.string()).describe('command and arguments'),
  outcome: z
    .enum(['completed', 'stopped', 'failed-to-start', 'interrupted'])
    .describe(
      '`completed`: the program ended by itself; `stopped`: ended safely without agreement; ' +
        '`failed-to-start`; `interrupted`: by a signal of the user',
    ),
  reason: z.string().describe('why it did not complete; empty when completed'),
  exit: z
    .union([z.strictObject({ status: z.int() }), z.strictObject({ signal: z.int() })])
    .describe('how tmr itself ended: the exit status of the program, or the signal that ended it'),
  random: z
    .enum(['secret', 'reproducible, not secret'])
    .describe('whether random bytes of the program come from a seed that the user chose'),
  settings: z
    .strictObject({
      replicas: z.int(),
      timeoutMs: z.number(),
      timeoutFrom: z.enum(['quorum', 'first', 'own']),
      detect: z.enum(['any', 'timeout-only']),
      policy: z.enum(['agreed', 'paper']),
      linkDelayMs: z.number(),
      askDelayMs: z.number(),
      startTimeoutMs: z.number(),
      serviceTimeoutMs: z.number(),
      tsc: z.enum(['auto', 'trap', 'native']),
      clock: z.enum(['real', 'virtual']),
      seed: z.string().optional(),
      strictCalls: z.boolean(),
      caches: z.boolean(),
      placement: z.enum(['auto', 'pair', 'rotate', 'none']),
      interpose: z.strictObject({ module: z.string(), options: z.unknown() }).optional(),
    })
    .describe('settings of the session; `seed` (SHA-256 of the text given) only with --seed'),
  bounds: z
    .strictObject({ wrongVoteMs: z.number(), absentVoteMs: z.number() })
    .describe(
      'a wrong vote is flagged within `wrongVoteMs` of both healthy votes, an absent one within ' +
        '`absentVoteMs` of the second arrival (protocol.md 1)',
    ),
  skewMaxMs: z.number().nullable().describe('longest time from second to third arrival of a vote'),
  burstMaxMs: z.number().nullable().describe('longest time a replica ran without a call'),
  skewWarning: z
    .boolean()
    .describe('`skewMaxMs` is above half the time-out: a healthy replica may be flagged late'),
  rendezvous: z.int().describe('rendezvous that were agreed on'),
  slots: z.int().describe('requests on standard streams and exit that were carried out'),
  flags: z.array(flag).describe('replicas that were flagged, in order'),
  fences: z
    .array(z.strictObject({ replica, reason: z.string() }))
    .describe('replicas whose own tracer took them out'),
  lost: z
    .array(z.strictObject({ replica, reason: z.string() }))
    .describe(
      'of a completed session: replicas that were neither flagged nor fenced, and yet did not come to the end of the program',
    ),
  notices: z
    .array(
      z.strictObject({
        accuser: replica,
        accused: replica,
        counted: z.boolean(),
        tNs: ns,
        at: z.enum(['monitor', 'file-server']),
        mechanism: z.string(),
      }),
    )
    .describe('every notice as it arrived; `counted`: it took part in a flag'),
  linkSuspects: z
    .array(z.strictObject({ from: z.int(), to: z.int(), count: z.int() }))
    .describe('frames or votes that one link lost or corrupted; 0 is the monitor'),
  refused: z
    .array(
      z.union([
        z.strictObject({ call: z.string(), errno: z.string(), count: z.int() }),
        z.strictObject({ path: z.string(), errno: z.string(), count: z.int() }),
      ]),
    )
    .describe('calls and paths that the program was refused, as often as two replicas told of it'),
  volumeChangedOutside: z
    .array(z.string())
    .describe('files on volumes of the session that somebody else changed'),
  volumes: z
    .array(
      z.strictObject({
        subtree: z.string(),
        path: z.string(),
        access: z.enum(['rw', 'ro']),
        consistency: z.enum(['session', 'close-to-open']),
      }),
    )
    .describe('directories as the replicas saw them'),
  calls: z.record(z.string(), z.int()).describe('rendezvous a system call'),
  tscs: z
    .record(z.string(), z.string())
    .describe(
      'rdtsc by replica: `trap`, `native`, or `not trapped` where it was to be and the machine traps none',
    ),
  placements: z.record(z.string(), z.string()).describe('placement by replica'),
  tracerPauseMaxMs: z.number().nullable().describe('longest pause of a tracer itself'),
  tracers: z.array(address).describe('tracer daemons'),
  clocks: z
    .array(
      z.strictObject({
        party: z.string().describe('`tracer 1`, ... or `file-server`'),
        clockId: z
          .string()
          .describe(
            'which clock it stamps by: boot id, "/", time namespace; equal: the same clock',
          ),
        offsetNs: z
          .number()
          .describe("its clock minus the monitor's at the start; 0 where it is the monitor's own"),
        uncertaintyNs: z
          .number()
          .describe('the true offset at the start lies within `offsetNs` plus or minus this'),
        measuredOffsetNs: z
          .number()
          .describe('as measured, also where the clock is known to be the same'),
        roundTripNs: z
          .number()
          .describe('shortest round trip of the measurement: twice its uncertainty'),
      }),
    )
    .default([])
    .describe(
      "the parties' clocks against the monitor's, at the start: take `offsetNs` from a party's stamp " +
        "to have it on the monitor's clock; drift since then comes on top",
    ),
  tStartNs: z.number().describe('when the monitor began'),
  tRunningNs: ns.describe('when all replicas had started'),
  tEndNs: z.number().describe('when the session had ended'),
  bootId: z.string().describe('/proc/sys/kernel/random/boot_id of the monitor'),
});

export type Report = z.infer<typeof report>;
