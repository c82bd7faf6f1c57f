/** Writes of one file that have not gone out: runs of bytes that do not touch each other. */

/** A run; `bytes` may be longer than its `length`. */
export interface Extent {
  offset: number;
  length: number;
  bytes: Buffer;
}

export interface Gathered {
  extents: Extent[];
  /** Bytes in all extents. */
  total: number;
  /** End of the one that reaches farthest. */
  end: number;
}

const EXTENTS_MAX = 64;

export function newGathered(): Gathered {
  return { extents: [], total: 0, end: 0 };
}

/**
 * Adds a write. Returns false, and adds nothing, where it cannot be joined simply: then what is
 * gathered must go out first.
 */
export function gather(gathered: Gathered, offset: number, bytes: Buffer): boolean {
  const end = offset + bytes.length;
  const touching = gathered.extents.filter(
    (extent) => offset <= extent.offset + extent.length && end >= extent.offset,
  );
  const [extent] = touching;
  if (extent === undefined) {
    if (gathered.extents.length >= EXTENTS_MAX) return false;
    gathered.extents.push({ offset, length: bytes.length, bytes: Buffer.from(bytes) });
    gathered.total += bytes.length;
  } else {
    if (touching.length > 1 || offset < extent.offset) return false;
    const grown = Math.max(extent.length, end - extent.offset);
    reserve(extent, grown);
    bytes.copy(extent.bytes, offset - extent.offset);
    gathered.total += grown - extent.length;
    extent.length = grown;
  }
  gathered.end = Math.max(gathered.end, end);
  return true;
}

function reserve(extent: Extent, length: number): void {
  if (length <= extent.bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(length, extent.bytes.length * 2));
  extent.bytes.copy(grown, 0, 0, extent.length);
  extent.bytes = grown;
}
