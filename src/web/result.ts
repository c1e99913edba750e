import { bytesFromNative, type Handler, type SwiftRequest, SwiftResponse, textResponse } from '../middleware-api.ts';

/** What an action or a middleware may give: text, an answer, another app to ask, anything else as JSON, or nothing (204). */
export type Result = string | SwiftResponse | Handler | object | null | undefined;

/** The answer that a result stands for. */
export async function toResponse(result: Result, req: SwiftRequest): Promise<SwiftResponse> {
  if (result instanceof SwiftResponse) return result;
  if (typeof result === 'string') return textResponse(200, result);
  if (typeof result === 'function') return (result as Handler)(req);
  if (result === null || result === undefined) return new SwiftResponse(204);
  const body = bytesFromNative(JSON.stringify(result));
  return new SwiftResponse(200, { 'content-type': 'application/json', 'content-length': body.length }, body);
}
