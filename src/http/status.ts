/** Reason phrases and the sentences of Swift's error pages. Source: recorded answers of OpenStack Swift. */

const REASONS: Record<number, string> = {
  100: 'Continue',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Request Entity Too Large',
  414: 'Request URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Requested Range Not Satisfiable',
  417: 'Expectation Failed',
  422: 'Unprocessable Entity',
  499: 'Client Disconnect',
  500: 'Internal Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  507: 'Insufficient Storage',
  529: 'Too Many Backend Requests',
};

const EXPLANATIONS: Record<number, string> = {
  202: 'The request is accepted for processing.',
  301: 'The resource has moved permanently.',
  302: 'The resource has moved temporarily.',
  303: 'The response to the request can be found under a different URI.',
  307: 'The resource has moved temporarily.',
  400: 'The server could not comply with the request since it is either malformed or otherwise incorrect.',
  401: 'This server could not verify that you are authorized to access the document you requested.',
  402: 'Access was denied for financial reasons.',
  403: 'Access was denied to this resource.',
  404: 'The resource could not be found.',
  405: 'The method is not allowed for this resource.',
  406: 'The resource is not available in a format acceptable to your browser.',
  408: 'The server has waited too long for the request to be sent by the client.',
  409: 'There was a conflict when trying to complete your request.',
  410: 'This resource is no longer available.',
  411: 'Content-Length header required.',
  412: 'A precondition for this request was not met.',
  413: 'The body of your request was too large for this server.',
  414: 'The request URI was too long for this server.',
  415: 'The request media type is not supported by this server.',
  416: 'The Range requested is not available.',
  417: 'Expectation failed.',
  422: 'Unable to process the contained instructions',
  499: 'The client was disconnected during request.',
  500: 'The server has either erred or is incapable of performing the requested operation.',
  501: 'The requested method is not implemented by this server.',
  502: 'Bad gateway.',
  503: 'The server is currently unavailable. Please try again at a later time.',
  504: 'A timeout has occurred speaking to a backend server.',
  507: 'There was not enough space to save the resource. Drive: unknown',
  529: 'The server is incapable of performing the requested operation due to too many requests. Slow down.',
};

/** `Not Found` for 404; `Unknown` for a status that is not in the table. */
export function reasonOf(status: number): string {
  return REASONS[status] ?? 'Unknown';
}

/** The HTML page that Swift answers with when nothing else is given, or '' for a status that has none. */
export function defaultPage(status: number): string {
  const explanation = EXPLANATIONS[status];
  return explanation === undefined ? '' : `<html><h1>${reasonOf(status)}</h1><p>${explanation}</p></html>`;
}
