/** All procedures by program and number. */
import { MOUNT_PROGRAM, NFS_PROGRAM } from '../protocol/constants.ts';
import { access, getattr, nullProcedure, setattr } from './attributes.ts';
import { create, mkdir, mknod, symlink } from './create.ts';
import { commit, read, write } from './data.ts';
import { fsinfo, fsstat, pathconf } from './file-system.ts';
import type { Handler } from './handler.ts';
import { lookup, readlink } from './lookup.ts';
import { mountHandlers } from './mount.ts';
import { link, remove, rename, rmdir } from './names.ts';
import { readdir, readdirplus } from './readdir.ts';

/** Both programs have version 3 only. */
export const FILE_PROGRAMS_VERSION = 3;

const programs = new Map<number, Map<number, Handler>>([
  [
    NFS_PROGRAM,
    byNumber([
      nullProcedure,
      getattr,
      setattr,
      lookup,
      access,
      readlink,
      read,
      write,
      create,
      mkdir,
      symlink,
      mknod,
      remove,
      rmdir,
      rename,
      link,
      readdir,
      readdirplus,
      fsstat,
      fsinfo,
      pathconf,
      commit,
    ]),
  ],
  [MOUNT_PROGRAM, byNumber([nullProcedure, ...mountHandlers])],
]);

export function handlersOf(program: number): Map<number, Handler> | undefined {
  return programs.get(program);
}

function byNumber(handlers: Handler[]): Map<number, Handler> {
  return new Map(handlers.map((each) => [each.number, each]));
}
