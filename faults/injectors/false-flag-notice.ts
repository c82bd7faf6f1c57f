/**
 * One erroneous notice about a healthy replica, over the accuser's own authenticated connection to
 * the NFS server (the paper's third fault). The same from outside: notice-client.ts. Whether the
 * notice arrived is read back from the server's own list of notices by the harness.
 */
import type { ResolvedFaultOf } from '../fault-spec.ts';
import { isTarget, log, type Injector } from './injector.ts';

/** What the notice claims. */
const CLAIMED = 'signature';

export const falseFlagNotice: Injector<ResolvedFaultOf<'false-flag-notice'>> = (
  ports,
  fault,
  context,
) => {
  if (!isTarget(context, fault.target)) return ports;
  let done = false;
  return {
    ...ports,
    atRendezvous(k, call, pid) {
      if (k === fault.trigger.k && !done) {
        done = true;
        log(context, { type: 'injected', k });
        ports.noticeToServer(fault.accused, 0, k, CLAIMED);
      }
      ports.atRendezvous(k, call, pid);
    },
  };
};
