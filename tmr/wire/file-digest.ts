/** A file that has to hold the same bytes on all hosts (R0). */
export interface FileDigest {
  /** As the replicas see it. */
  path: string;
  /** SHA-256 in hex. */
  sha256: string;
}
