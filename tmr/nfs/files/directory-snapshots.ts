/**
 * Directory listings with stable cookies. A client reads a directory in pieces while it removes
 * what it read: it goes on in the listing that it began, found again by a cookie that is a hash of
 * the last name (so it also means the same after a restart of the server).
 */
import { listDirectory } from './list-directory.ts';

export interface Listing {
  /** Names in the file system's order, without "." and "..". */
  names: Buffer[];
  cookies: number[];
  positions: Map<number, number>;
}

/** Cookies of "." and ".."; those of names are larger. */
export const DOT_COOKIE = 1;
export const DOT_DOT_COOKIE = 2;

const LISTINGS_PER_DIRECTORY = 4;
const NAMES_MAX = 1_000_000;

export class DirectorySnapshots {
  /** Listings by directory, newest first; directories by last use. */
  readonly #byDirectory = new Map<string, Listing[]>();
  #names = 0;

  /**
   * Listing and position of the first entry after `cookie`. 0 reads the directory afresh. Undefined
   * when no listing has the cookie: the name is gone and the listing that had it forgotten.
   */
  after(
    key: string,
    path: Buffer,
    cookie: number,
  ): { listing: Listing; position: number } | undefined {
    if (cookie > DOT_DOT_COOKIE) {
      for (const listing of this.#byDirectory.get(key) ?? []) {
        const position = listing.positions.get(cookie);
        if (position !== undefined) return { listing, position: position + 1 };
      }
    }
    const kept = this.#byDirectory.get(key)?.[0];
    if (cookie !== 0 && cookie <= DOT_DOT_COOKIE && kept !== undefined) {
      return { listing: kept, position: 0 };
    }
    const listing = makeListing(listDirectory(path));
    this.#keep(key, listing);
    if (cookie <= DOT_DOT_COOKIE) return { listing, position: 0 };
    const position = listing.positions.get(cookie);
    return position === undefined ? undefined : { listing, position: position + 1 };
  }

  #keep(key: string, listing: Listing): void {
    const listings = this.#byDirectory.get(key) ?? [];
    this.#byDirectory.delete(key);
    this.#byDirectory.set(key, [listing, ...listings.slice(0, LISTINGS_PER_DIRECTORY - 1)]);
    this.#names += listing.names.length;
    for (const dropped of listings.slice(LISTINGS_PER_DIRECTORY - 1)) {
      this.#names -= dropped.names.length;
    }
    for (const [oldest, old] of this.#byDirectory) {
      if (this.#names <= NAMES_MAX || oldest === key) return;
      this.#byDirectory.delete(oldest);
      for (const each of old) this.#names -= each.names.length;
    }
  }
}

function makeListing(names: Buffer[]): Listing {
  const positions = new Map<number, number>();
  const cookies = names.map((name, position) => {
    let cookie = cookieOf(name);
    while (positions.has(cookie)) cookie++;
    positions.set(cookie, position);
    return cookie;
  });
  return { names, cookies, positions };
}

/** 52 bits (cyrb53), above the cookies of the dots. Clients may hold them in signed 64 bits. */
function cookieOf(name: Buffer): number {
  let high = 0xdead_beef;
  let low = 0x41c6_ce57;
  for (const byte of name) {
    high = Math.imul(high ^ byte, 0x9e37_79b1);
    low = Math.imul(low ^ byte, 0x5f35_6495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85eb_ca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2_ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85eb_ca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2_ae35);
  return (high & 0x000f_ffff) * 0x1_0000_0000 + (low >>> 0) + DOT_DOT_COOKIE + 1;
}
