/** What a browser is told of its form. */

import { Headers, type HeaderInit, quote, SwiftResponse } from '../../middleware-api.ts';

/** How it ended: with the last file that was stored, or with the first thing that went wrong. */
export interface FormResult {
  /** `201 Created` */
  readonly statusLine: string;
  /** Why, where it is the form's fault; else ''. */
  readonly message: string;
  /** Of the answer to the last PUT. */
  readonly headers: HeaderInit;
}

/** Text for programs, or a way back to the page that `redirect` names. */
export function formAnswer({ statusLine, message, headers }: FormResult, redirect: string): SwiftResponse {
  const kept = [...new Headers(headers)].filter(([name]) => name.startsWith('access-control'));
  const [status = ''] = statusLine.split(' ', 1);
  if (redirect === '') {
    const text = message === '' ? statusLine : `${statusLine}\r\nFormPost: ${titleCase(message)}`;
    const reason = statusLine.slice(status.length + 1);
    return plainAnswer(Number(status), text, reason, kept);
  }
  const mark = redirect.includes('?') ? '&' : '?';
  const location = `${safeUrl(redirect)}${mark}status=${status}&message=${quote(message)}`;
  const page = Buffer.from(`<html><body><p><a href="${location}">Click to continue...</a></p></body></html>`);
  const answer = new SwiftResponse(303, kept, page);
  answer.headers.setText('location', location).set('content-length', page.length);
  return answer;
}

export function plainAnswer(status: number, text: string, reason?: string, headers: HeaderInit = {}): SwiftResponse {
  const body = Buffer.from(text);
  const all = new Headers(headers).set('content-type', 'text/plain').set('content-length', body.length);
  return new SwiftResponse(status, all, body, reason);
}

export function unauthorizedForm(message: string): SwiftResponse {
  const body = Buffer.from(`FormPost: ${titleCase(message)}`);
  const headers = {
    'content-type': 'text/html; charset=UTF-8',
    'content-length': body.length,
    'www-authenticate': 'Swift realm="unknown"',
  };
  return new SwiftResponse(401, headers, body);
}

/** `max file count` → `Max File Count` */
function titleCase(text: string): string {
  return text.replace(/[a-z]+/g, (word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
}

/** Anybody may send a form with any `redirect`: it must end neither the header line nor the attribute that it is put into. */
function safeUrl(url: string): string {
  return url.replace(/[\x00-\x1f\x7f"<>]/g, (char) => quote(char));
}
