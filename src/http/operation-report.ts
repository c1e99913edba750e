/** What a request that stands for many tells of them: its status is always 200, and the report says how it really went. */

import { pythonJson } from '../common/python-json.ts';
import { xmlText } from '../common/xml-text.ts';
import { acceptedContentType, listingFormatOf } from './listing-content-type.ts';
import type { SwiftRequest } from './request.ts';
import { HttpError } from './response.ts';
import { reasonOf } from './status.ts';

export interface OperationReport {
  /** `201 Created`; of all faults the one that matters most. */
  responseStatus: string;
  /** Why the whole failed; '' when it did not. */
  responseBody: string;
  /** How many of what: `{ 'Number Deleted': 2 }`, in the order of the report in JSON. */
  readonly counts: Record<string, number>;
  /** Percent-encoded name and status, or another text, of each that failed. */
  readonly errors: (readonly [name: string, status: string])[];
}

/** `404 Not Found` */
export function statusLineOf(status: number): string {
  return `${status} ${reasonOf(status)}`;
}

/** Content type of the report by the Accept header; undefined when the client takes none that there is, or asks in no valid way. */
export function reportContentType(req: SwiftRequest): string | undefined {
  try {
    return acceptedContentType(req);
  } catch (error) {
    if (error instanceof HttpError) return undefined;
    throw error;
  }
}

/** Makes the report say that the whole ended with this fault. */
export function reportFault(report: OperationReport, fault: HttpError): void {
  report.responseStatus = statusLineOf(fault.status);
  report.responseBody = fault.text ?? '';
}

/** The report in JSON, in XML (without declaration; `rootElement` is its outermost element), or in text for any other type. */
export function formatReport(report: OperationReport, contentType: string | undefined, rootElement: string): Buffer {
  const { responseStatus, responseBody, counts, errors } = report;
  const values = { 'Response Status': responseStatus, 'Response Body': responseBody, ...counts };
  return formatValues(values, errors, contentType, rootElement);
}

/** As formatReport, of values of the caller's own. JSON keeps their order, the other forms have them by name. */
export function formatValues(
  values: Readonly<Record<string, string | number>>,
  errors: Readonly<OperationReport['errors']>,
  contentType: string | undefined,
  rootElement: string,
): Buffer {
  switch (listingFormatOf(contentType ?? 'text/plain')) {
    case 'json':
      return Buffer.from(pythonJson({ ...values, Errors: errors }));
    case 'xml':
      return Buffer.from(reportXml(Object.entries(values).sort(byName), errors, rootElement));
    case 'plain':
      return Buffer.from(reportText(Object.entries(values).sort(byName), errors));
  }
}

type Value = readonly [name: string, value: string | number];

function byName([a]: Value, [b]: Value): number {
  return a < b ? -1 : 1;
}

function reportXml(values: readonly Value[], errors: Readonly<OperationReport['errors']>, rootElement: string): string {
  const elements = values.map(([name, value]) => {
    const element = name.replaceAll(' ', '_').toLowerCase();
    return `<${element}>${xmlText(String(value))}</${element}>\n`;
  });
  const failed = errors.map(
    ([name, status]) => `<object><name>${xmlText(name)}</name><status>${xmlText(status)}</status></object>\n`,
  );
  return `<${rootElement}>\n${elements.join('')}<errors>\n${failed.join('')}</errors>\n</${rootElement}>\n`;
}

function reportText(values: readonly Value[], errors: Readonly<OperationReport['errors']>): string {
  const lines = values.map(([name, value]) => `${name}: ${value}\n`);
  return `${lines.join('')}Errors:\n${errors.map(([name, status]) => `${name}, ${status}\n`).join('')}`;
}
