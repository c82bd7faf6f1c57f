/** R8: inputs that differ by nature are agreed from the members' votes, the same set in all. */
import type { Membership } from './membership.ts';
import type { Table } from './table.ts';
import type { AgreedInputs } from './types.ts';

/**
 * Writes the agreed inputs of a closed table, all of whose members' entries are votes.
 *
 * `elapsedNs`: the median, of an even number the smaller middle one, and never before
 * `previousNs` (a member may have left whose clock was the median).
 * `marks`: signals that two members marked; of one replica its own.
 */
export const agreeInputs = (
  into: AgreedInputs,
  table: Table,
  members: Membership,
  previousNs: number,
): void => {
  into.elapsedNs = Math.max(previousNs, medianElapsed(table, members));
  let once = 0;
  let twice = 0;
  for (const member of members.list) {
    const { marks } = table.at(member).vote.inputs;
    twice |= once & marks;
    once |= marks;
  }
  into.marks = members.count === 1 ? once : twice;
};

/** Selection by rank, since a sort would allocate: the value with `rank` others before it. */
const medianElapsed = (table: Table, members: Membership): number => {
  const rank = (members.count - 1) >> 1;
  for (const member of members.list) {
    const value = table.at(member).vote.inputs.elapsedNs;
    let before = 0;
    for (const other of members.list) {
      const otherValue = table.at(other).vote.inputs.elapsedNs;
      if (otherValue < value || (otherValue === value && other < member)) before += 1;
    }
    if (before === rank) return value;
  }
  return NaN;
};
