/** What the dynamic linker reads in a program or library (elf(5), ld.so(8)). 64-bit only. */

/** Reads up to `length` bytes at `offset`; fewer at the end of the file. A view or a copy. */
export type ReadAt = (offset: number, length: number) => Buffer;

export interface ElfImage {
  machine: number;
  /** Its interpreter: the dynamic linker. Undefined for libraries and static programs. */
  interpreter: string | undefined;
  needed: string[];
  /** Directories of DT_RPATH and DT_RUNPATH, unexpanded. */
  rpath: string[];
  runpath: string[];
}

const HEADER_BYTES = 64;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NULL = 0;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_STRSZ = 10;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
/** Beyond these the file is no ordinary one, and its parts are not looked at. */
const DYNAMIC_MAX = 1 << 16;
const STRINGS_MAX = 1 << 24;
const PATH_MAX = 4096;

interface Segment {
  type: number;
  offset: number;
  address: number;
  size: number;
}

/** Undefined for what is no 64-bit little-endian ELF file, or a broken one. */
export function readElf(read: ReadAt): ElfImage | undefined {
  const header = Buffer.from(read(0, HEADER_BYTES));
  // Magic, ELFCLASS64, ELFDATA2LSB.
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') {
    return undefined;
  }
  const segments = readSegments(header, read);
  const interp = segments.find(({ type }) => type === PT_INTERP);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  return {
    machine: header.readUInt16LE(18),
    interpreter:
      interp === undefined
        ? undefined
        : textAt(read(interp.offset, Math.min(interp.size, PATH_MAX)), 0),
    ...readDynamic(dynamic, segments, read),
  };
}

function readSegments(header: Buffer, read: ReadAt): Segment[] {
  const size = header.readUInt16LE(54);
  const count = header.readUInt16LE(56);
  if (size < 56) return [];
  const table = read(Number(header.readBigUInt64LE(32)), size * count);
  return Array.from({ length: Math.floor(table.length / size) }, (_, index) => {
    const at = index * size;
    return {
      type: table.readUInt32LE(at),
      offset: Number(table.readBigUInt64LE(at + 8)),
      address: Number(table.readBigUInt64LE(at + 16)),
      size: Number(table.readBigUInt64LE(at + 32)),
    };
  });
}

function readDynamic(
  dynamic: Segment | undefined,
  segments: readonly Segment[],
  read: ReadAt,
): Pick<ElfImage, 'needed' | 'rpath' | 'runpath'> {
  const entries = dynamic === undefined ? [] : readEntries(dynamic, read);
  const valueOf = (tag: number): number | undefined => entries.find(([t]) => t === tag)?.[1];
  const address = valueOf(DT_STRTAB);
  const load = segments.find(
    (s) => s.type === PT_LOAD && address! >= s.address && address! < s.address + s.size,
  );
  const length = Math.min(valueOf(DT_STRSZ) ?? 0, STRINGS_MAX);
  const strings =
    address === undefined || load === undefined
      ? Buffer.alloc(0)
      : Buffer.from(read(load.offset + address - load.address, length));
  const texts = (tag: number): string[] =>
    entries.filter(([t]) => t === tag).map(([, at]) => textAt(strings, at));
  const directories = (tag: number): string[] =>
    texts(tag).flatMap((text) => text.split(':').filter((each) => each !== ''));
  return {
    needed: texts(DT_NEEDED),
    rpath: directories(DT_RPATH),
    runpath: directories(DT_RUNPATH),
  };
}

function readEntries({ offset, size }: Segment, read: ReadAt): [number, number][] {
  const bytes = read(offset, Math.min(size, DYNAMIC_MAX));
  const entries: [number, number][] = [];
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const tag = Number(bytes.readBigUInt64LE(at));
    if (tag === DT_NULL) break;
    entries.push([tag, Number(bytes.readBigUInt64LE(at + 8))]);
  }
  return entries;
}

function textAt(bytes: Buffer, start: number): string {
  const end = bytes.indexOf(0, start);
  return bytes.toString('latin1', start, end < 0 ? bytes.length : end);
}
