/** Work on many things, a few at a time. */

/**
 * Calls `work` for each item, at most `concurrency` at a time; the next item is asked for only when there is a place for it. No more
 * are begun once `work` resolved with false or threw, or `items` threw. Resolves or throws (what was thrown first) when all that
 * was begun has ended; `items` is then closed.
 */
export async function forEachConcurrently<T>(
  items: Iterable<T> | AsyncIterable<T>,
  concurrency: number,
  work: (item: T) => Promise<boolean>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let stopped = false;
  const begin = async (item: T): Promise<void> => {
    try {
      if (!(await work(item))) stopped = true;
    } catch (error) {
      stopped = true;
      failures.push(error);
    }
  };
  try {
    for await (const item of items) {
      if (stopped) break;
      const task: Promise<void> = begin(item).then(() => void running.delete(task));
      running.add(task);
      if (running.size >= concurrency) await Promise.race(running);
      if (stopped) break;
    }
  } catch (error) {
    failures.push(error);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
