/** The one door to the protocol core. */
import { Core } from './core.ts';
import { allRules } from './rules.ts';
import type { CoreOptions, ProtocolCore } from './types.ts';

/**
 * A tracer's protocol core for one session.
 *
 * The start time-out (R0) runs from the first event, so hand it a `timer` when the session starts.
 * @throws Error when an option is out of its range; the message names it.
 */
export const createCore = (options: CoreOptions): ProtocolCore => new Core(options, allRules);
