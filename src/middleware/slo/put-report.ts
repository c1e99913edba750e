/** What a client that puts a manifest is told. */

import { Readable } from 'node:stream';
import {
  defaultPage,
  formatValues,
  isTrueValue,
  reasonOf,
  type SwiftRequest,
  SwiftResponse,
} from '../../middleware-api.ts';
import type { SegmentProblem } from './segment-checks.ts';

export interface PutOutcome {
  /** To the PUT of the manifest, or the refusal of one that was not put. */
  readonly answer: SwiftResponse;
  readonly wasPut: boolean;
  /** Segments for which it is refused. */
  readonly problems: readonly SegmentProblem[];
}

/** The client wants blanks while it waits, and the status in the body. */
export function isHeartbeatWanted(req: SwiftRequest): boolean {
  return isTrueValue(req.params.get('heartbeat'));
}

/** Without a length, as Swift sends it. */
export function problemReport(problems: readonly SegmentProblem[], contentType: string): SwiftResponse {
  const body = formatValues({}, problems, contentType, 'upload');
  return new SwiftResponse(400, { 'content-type': contentType }, Readable.from([body]));
}

/** The report behind the blanks. Reads the answer. */
export async function longReport({ answer, wasPut, problems }: PutOutcome, contentType: string): Promise<Buffer> {
  const { headers } = answer;
  const text = await answer.text();
  const values: Record<string, string> = { 'Response Status': answer.statusLine };
  if (answer.isSuccess) {
    values['Etag'] = headers.get('etag') ?? '';
    values['Last Modified'] = headers.get('last-modified') ?? '';
  }
  values['Response Body'] = wasPut ? text : sentencesOf(answer.status);
  return formatValues(values, problems, contentType, 'upload');
}

/** Reason and sentence of Swift's page, on two lines. */
function sentencesOf(status: number): string {
  const sentence = /<p>(.*)<\/p>/.exec(defaultPage(status))?.[1];
  return sentence === undefined ? '' : `${reasonOf(status)}\n${sentence}`;
}
