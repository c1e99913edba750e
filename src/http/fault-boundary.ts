import type { Handler } from './contract.ts';
import { HttpError } from './response.ts';

/**
 * Turns an HttpError that `app` throws into its answer, so that the filter in front of it sees an answer like any other: it logs it, adds
 * headers to it. Other errors pass: they are faults of the program.
 */
export function faultBoundary(app: Handler): Handler {
  const answerTo = (error: unknown): ReturnType<HttpError['toResponse']> => {
    if (error instanceof HttpError) return error.toResponse();
    throw error;
  };
  return (req) => {
    try {
      return app(req).catch(answerTo);
    } catch (error) {
      // An app that throws before it returns a promise.
      return Promise.reject(error).catch(answerTo);
    }
  };
}
