import type { Handler } from './contract.ts';
import { HttpError, type SwiftResponse } from './response.ts';

/** What the last call of any boundary gave. A filter that only passes the request on gives its caller the very same. */
let lastGuarded: Promise<SwiftResponse> | undefined;

/**
 * Turns an HttpError that `app` throws into its answer, so that the filter in front of it sees an answer like any other: it logs it, adds
 * headers to it. Other errors pass: they are faults of the program.
 */
export function faultBoundary(app: Handler): Handler {
  const answerTo = (error: unknown): SwiftResponse => {
    if (error instanceof HttpError) return error.toResponse();
    throw error;
  };
  return (req) => {
    let answer: Promise<SwiftResponse>;
    try {
      answer = app(req);
    } catch (error) {
      // An app that throws before it returns a promise.
      answer = Promise.reject(error);
    }
    // What the boundary behind a filter made needs no other in front of it.
    if (answer !== lastGuarded) lastGuarded = answer.catch(answerTo);
    return lastGuarded;
  };
}
