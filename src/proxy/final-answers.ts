/** Collects the final answers of several nodes until they decide, then gives the rest a moment more. */

import type { NodeAnswer } from './best-response.ts';

/**
 * Resolves with the answers in order of arrival: when all have come, or `graceMs` after `decided` first says true of them.
 * A pending answer that resolves to undefined is one that never came. `pending` must not reject.
 */
export function collectAnswers(
  pending: readonly Promise<NodeAnswer | undefined>[],
  decided: (answers: readonly NodeAnswer[]) => boolean,
  graceMs: number,
): Promise<NodeAnswer[]> {
  const answers: NodeAnswer[] = [];
  if (pending.length === 0) return Promise.resolve(answers);
  return new Promise((resolve) => {
    let outstanding = pending.length;
    let timer: NodeJS.Timeout | undefined;
    let settled = false;
    const finish = (): void => {
      settled = true;
      clearTimeout(timer);
      resolve(answers);
    };
    const take = (answer: NodeAnswer | undefined): void => {
      if (settled) return;
      outstanding -= 1;
      if (answer !== undefined) answers.push(answer);
      if (outstanding === 0) finish();
      else if (timer === undefined && decided(answers)) timer = setTimeout(finish, graceMs);
    };
    for (const promise of pending) void promise.then(take);
  });
}
