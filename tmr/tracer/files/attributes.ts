/** fattr3 as the replicas' stat(2) shows it. */
import type { FileAttributes3, WccAttributes } from '../../nfs/protocol/attributes.ts';
import { fileType } from '../../nfs/protocol/constants.ts';
import type { FileAttributes } from './types.ts';

const typeNames: Record<number, FileAttributes['type']> = {
  [fileType.REG]: 'file',
  [fileType.DIR]: 'directory',
  [fileType.BLK]: 'block',
  [fileType.CHR]: 'char',
  [fileType.LNK]: 'symlink',
  [fileType.SOCK]: 'socket',
  [fileType.FIFO]: 'fifo',
};

export function fromWire(attributes: FileAttributes3): FileAttributes {
  return { ...attributes, type: typeNames[attributes.type] ?? 'file' };
}

/** Whether two looks at a file saw the same content, as far as attributes tell. */
export function sameContent(a: WccAttributes, b: WccAttributes): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}
