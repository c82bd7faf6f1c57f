/** Directories and names, short, for tests. */
import type { DirectoryOperand } from '../protocol/attributes.ts';
import { nfsStatus } from '../protocol/constants.ts';
import * as directory from '../protocol/directory-procedures.ts';
import type { RpcClient } from './rpc-client.ts';

export async function lookup(client: RpcClient, parent: Buffer, name: string): Promise<Buffer> {
  const found = await client.nfs(directory.lookup, at(parent, name));
  if (found.status !== nfsStatus.OK) throw new Error(`LOOKUP ${name}: ${found.status}`);
  return Buffer.from(found.object);
}

export function at(parent: Buffer, name: string | Buffer): DirectoryOperand {
  return { directory: parent, name: Buffer.from(name) };
}
