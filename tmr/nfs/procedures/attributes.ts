/** NULL, GETATTR, SETATTR and ACCESS. */
import { attributesOf } from '../files/attributes.ts';
import { changeObject } from '../files/change.ts';
import { NfsError } from '../nfs-error.ts';
import { accessOf } from '../permissions.ts';
import { nfsProcedure, nfsStatus } from '../protocol/constants.ts';
import * as protocol from '../protocol/file-procedures.ts';
import { assertWritable, attempt, handler, Subject, type Handler } from './handler.ts';

export const nullProcedure: Handler = {
  number: nfsProcedure.NULL,
  mutating: false,
  replyBytes: 64,
  run: () => undefined,
};

export const getattr = handler(protocol.getattr, {}, (call, args) =>
  attempt(
    call,
    () => {
      const { stat } = call.view.reach(args.object);
      return { status: nfsStatus.OK, attributes: attributesOf(stat) };
    },
    (status) => ({ status }),
  ),
);

export const setattr = handler(protocol.setattr, { mutating: true }, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      const target = subject.reach(call, args.object);
      assertWritable(target);
      if (args.guardCtimeNs !== undefined && args.guardCtimeNs !== target.stat.ctimeNs) {
        throw new NfsError(nfsStatus.NOT_SYNC);
      }
      changeObject(target, args.change, call.caller);
      return { status: nfsStatus.OK, wcc: subject.wcc() };
    },
    (status) => ({ status, wcc: subject.wcc() }),
  );
});

export const access = handler(protocol.access, {}, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      const target = subject.reach(call, args.object);
      const granted = accessOf(target.path, target.stat, call.caller, {
        asked: args.access,
        readOnly: target.export.readOnly,
      });
      return { status: nfsStatus.OK, attributes: subject.before(), access: granted };
    },
    (status) => ({ status, attributes: subject.before() }),
  );
});
