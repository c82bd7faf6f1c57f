/**
 * Waits for all, also after a failure, so that nothing is made behind the back of who cleans up. Rejects
 * with the first failure.
 */
export async function allDone<Value>(work: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
