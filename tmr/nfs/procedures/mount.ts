/** MOUNT version 3 (RFC 1813 appendix I). */
import type { Export } from '../exports/export.ts';
import { NfsError } from '../nfs-error.ts';
import { AUTH_SYS, mountProcedure, nfsStatus } from '../protocol/constants.ts';
import * as protocol from '../protocol/mount.ts';
import { attempt, handler, type Handler } from './handler.ts';

/** What a connection may mount: paths as its client names them. */
export interface MountPoints {
  /** The export at a path and the names that lead from its root to the path; undefined: none. */
  find(path: string): { export: Export; below: string[] } | undefined;
  list(): string[];
  /** Mounts of plain clients, for DUMP; replicas are not listed. */
  mounted(path: Buffer): void;
  unmounted(path: Buffer | undefined): void;
  dump(): protocol.MountEntry[];
}

const mnt = handler(protocol.mnt, {}, (call, path) =>
  attempt(
    call,
    () => {
      const found = call.mounts.find(path.toString());
      if (found === undefined) throw new NfsError(nfsStatus.NOENT);
      const { table } = found.export;
      let at = table.locateNode(table.root);
      for (const name of found.below) at = table.locateNode(table.child(at, Buffer.from(name)));
      found.export.assertAllowed(at.path);
      if (!at.stat.isDirectory()) throw new NfsError(nfsStatus.NOTDIR);
      call.mounts.mounted(path);
      return { status: nfsStatus.OK, root: at.node.handle, flavours: [AUTH_SYS] };
    },
    (status) => ({ status }),
  ),
);

const umnt = handler(protocol.umnt, {}, (call, path) => call.mounts.unmounted(path));
const dump = handler(protocol.dump, {}, (call) => call.mounts.dump());
const exportList = handler(protocol.exportList, {}, (call) =>
  call.mounts.list().map((path) => ({ directory: Buffer.from(path), groups: [] })),
);
const umntall: Handler = {
  number: mountProcedure.UMNTALL,
  mutating: false,
  replyBytes: 64,
  run: (call) => call.mounts.unmounted(undefined),
};

export const mountHandlers: Handler[] = [mnt, dump, umnt, umntall, exportList];
