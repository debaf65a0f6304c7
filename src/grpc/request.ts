/** A check request out of Envoy's CheckRequest. */
import type { CheckRequest } from '../check/types.ts';
import type { CheckRequestMessage, HeaderValueMessage, HttpRequestMessage } from './messages.ts';

/** The check request that a message asks. One without HTTP attributes has no header, and so no token. */
export function toCheckRequest(message: CheckRequestMessage): CheckRequest {
  const http = message.attributes?.request?.http ?? {};
  return {
    method: http.method ?? '',
    host: http.host ?? '',
    path: http.path ?? '',
    authorization: authorization(http),
    requestId: valuesOf(http, 'x-request-id')[0] ?? '',
  };
}

/**
 * The authorization headers. Envoy fills either `headers`, with several lines joined, or `header_map`; where both
 * carry the header and agree, they are one, and where they do not, they are two.
 */
function authorization(http: HttpRequestMessage): readonly string[] {
  const joined = fromHeaders(http, 'authorization');
  const raw = fromHeaderMap(http, 'authorization');
  const isTheSame = joined.length === 1 && raw.length === 1 && joined[0] === raw[0];
  return isTheSame ? joined : [...joined, ...raw];
}

function valuesOf(http: HttpRequestMessage, name: string): string[] {
  return [...fromHeaders(http, name), ...fromHeaderMap(http, name)];
}

function fromHeaders({ headers = {} }: HttpRequestMessage, name: string): string[] {
  return Object.keys(headers)
    .filter((key) => key.length === name.length && key.toLowerCase() === name)
    .map((key) => headers[key] ?? '');
}

function fromHeaderMap({ headerMap }: HttpRequestMessage, name: string): string[] {
  return (headerMap?.headers ?? []).filter(({ key }) => key?.toLowerCase() === name).map(textOf);
}

/** The raw bytes one character each: what is not ASCII is no token anyhow. */
function textOf({ value = '', rawValue }: HeaderValueMessage): string {
  return rawValue === undefined || rawValue.length === 0 ? value : Buffer.from(rawValue).toString('latin1');
}
