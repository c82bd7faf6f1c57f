/**
 * How far the clocks of the parts are apart. Each host stamps by its own CLOCK_MONOTONIC; a stamp of
 * another host is compared with ours through the offset measured here, whose uncertainty is stated.
 */

/** One question and its answer. */
export interface ClockSample {
  /** Our clock when the question left and when the answer was there. */
  tSentNs: number;
  tReceivedNs: number;
  /** The other's clock at some moment between these. */
  tRemoteNs: number;
}

export interface ClockOffset {
  /** The other's clock minus ours. */
  offsetNs: number;
  /** The true offset lies within plus or minus this, however unequal the two ways are. */
  uncertaintyNs: number;
  roundTripNs: number;
}

/** A party's answers, and by which clock it stamps (tmr/wire/clock-identity.ts). */
export interface ClockAnswers {
  clockId: string;
  samples: readonly ClockSample[];
}

/** A party's clock as the report has it. */
export interface PartyClock {
  party: string;
  clockId: string;
  offsetNs: number;
  uncertaintyNs: number;
  measuredOffsetNs: number;
  roundTripNs: number;
}

/** Questions to one party: the shortest of some round trips is hardly ever a disturbed one. */
const PROBES_MAX = 8;

/** By the shortest round trip (RFC 5905 section 10); undefined without a sample. */
export function estimateOffset(samples: readonly ClockSample[]): ClockOffset | undefined {
  const offsets = samples.map(({ tSentNs, tReceivedNs, tRemoteNs }) => ({
    // The differences are small, and exact; halving the sum of two stamps would not be.
    offsetNs: tRemoteNs - tSentNs - (tReceivedNs - tSentNs) / 2,
    uncertaintyNs: (tReceivedNs - tSentNs) / 2,
    roundTripNs: tReceivedNs - tSentNs,
  }));
  const [first, ...others] = offsets;
  return first && others.reduce((a, b) => (b.roundTripNs < a.roundTripNs ? b : a), first);
}

/** Two parts that read one clock are not apart at all, whatever was measured. */
export function partyClock(
  party: string,
  answers: ClockAnswers | undefined,
  ownId: string,
): PartyClock | undefined {
  const measured = answers && estimateOffset(answers.samples);
  if (answers === undefined || measured === undefined) return undefined;
  const same = answers.clockId === ownId;
  return {
    party,
    clockId: answers.clockId,
    offsetNs: same ? 0 : measured.offsetNs,
    uncertaintyNs: same ? 0 : measured.uncertaintyNs,
    measuredOffsetNs: measured.offsetNs,
    roundTripNs: measured.roundTripNs,
  };
}

/**
 * Asks one after another, while `go` says so and at least once. `ask` resolves with the answer and
 * when it arrived; a party that does not answer ends it.
 */
export async function probeClock(
  ask: () => Promise<{ tNs: number; clockId: string; tReceivedNs: number }>,
  nowNs: () => number,
  go: () => boolean,
): Promise<ClockAnswers | undefined> {
  const samples: ClockSample[] = [];
  let clockId = '';
  try {
    do {
      const tSentNs = nowNs();
      const answer = await ask();
      clockId = answer.clockId;
      samples.push({ tSentNs, tReceivedNs: answer.tReceivedNs, tRemoteNs: answer.tNs });
    } while (samples.length < PROBES_MAX && go());
  } catch {
    // A party that is lost is told of elsewhere.
  }
  return samples.length === 0 ? undefined : { clockId, samples };
}
