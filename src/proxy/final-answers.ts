/** Collects the final answers of several nodes until a quorum decides, then gives the rest a moment more. */

import { haveQuorum, NO_ANSWER, type NodeAnswer } from './best-response.ts';

/**
 * Resolves with `wanted` answers in order of arrival: when all have come, or `graceMs` after a quorum of those wanted agreed. NO_ANSWER
 * stands for those that are missing. A pending answer that resolves to undefined is one that never came. `pending` must not reject.
 */
export async function collectAnswers(
  pending: readonly Promise<NodeAnswer | undefined>[],
  wanted: number,
  graceMs: number,
): Promise<NodeAnswer[]> {
  const answers = pending.length === 0 ? [] : await untilDecided(pending, wanted, graceMs);
  while (answers.length < wanted) answers.push(NO_ANSWER);
  return answers;
}

function untilDecided(
  pending: readonly Promise<NodeAnswer | undefined>[],
  wanted: number,
  graceMs: number,
): Promise<NodeAnswer[]> {
  const answers: NodeAnswer[] = [];
  return new Promise((resolve) => {
    let outstanding = pending.length;
    let timer: NodeJS.Timeout | undefined;
    let settled = false;
    const isDecided = (): boolean =>
      haveQuorum(
        answers.map(({ status }) => status),
        wanted,
      );
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
      else if (timer === undefined && isDecided()) timer = setTimeout(finish, graceMs);
    };
    for (const promise of pending) void promise.then(take);
  });
}
