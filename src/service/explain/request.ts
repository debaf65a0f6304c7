/** Reads a request to explain from JSON: the body of `POST /explain`, or a file of the command. */
import type { ExplainRequest } from '../../model/explanation.ts';

/** Headers that a request to explain cannot have: another member has their value, or they describe the connection. */
const reservedHeaders: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const members = ['method', 'host', 'path', 'headers', 'token', 'policy', 'source'];
const tokenCharacters = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a header value cannot have them
const controlCharacters = /[\x00-\x08\x0a-\x1f\x7f]/;

/** A request that cannot be explained. Its message says what is wrong, and has no value of the request. */
export class InvalidRequest extends Error {}

/**
 * Reads a request. `headers` is a list of pairs, or a mapping from a name to a value or a list of values.
 *
 * @throws InvalidRequest if a member is missing, unknown or invalid
 */
export function readExplainRequest(value: unknown): ExplainRequest {
  const object = mappingOf(value, 'the request');
  const unknown = Object.keys(object).find((name) => !members.includes(name));
  if (unknown !== undefined)
    throw new InvalidRequest(
      `${JSON.stringify(unknown.slice(0, 40))}: unknown member; use ${members.join(', ')}`,
    );
  const [token, policy] = [textOf(object.token, 'token', ''), textOf(object.policy, 'policy', '')];
  const source = object.source === undefined ? undefined : mappingOf(object.source, 'source');
  return checkedRequest({
    method: textOf(object.method, 'method', 'GET'),
    host: textOf(object.host, 'host', 'localhost'),
    path: textOf(object.path, 'path', '/'),
    headers: headersOf(object.headers),
    ...(token !== '' && { token }),
    ...(policy !== '' && { policy }),
    ...(source !== undefined && {
      source: {
        address: textOf(source.address, 'source.address', ''),
        principal: textOf(source.principal, 'source.principal', ''),
        certificate: textOf(source.certificate, 'source.certificate', ''),
      },
    }),
  });
}

/**
 * Checks that HTTP can represent a request, and that it has at most one token.
 *
 * @throws InvalidRequest
 */
export function checkedRequest(request: ExplainRequest): ExplainRequest {
  const { method, host, path, headers, token } = request;
  if (!tokenCharacters.test(method)) throw new InvalidRequest('method: must be a method such as GET');
  if (/[\s\p{Cc}]/u.test(host)) throw new InvalidRequest('host: must not contain white space');
  if (!/^[^\s\p{Cc}]+$/u.test(path))
    throw new InvalidRequest('path: must be a path such as /orders/1, without white space');
  for (const [name, value] of headers) {
    if (!tokenCharacters.test(name))
      throw new InvalidRequest(
        `headers: ${JSON.stringify(name.slice(0, 40))} is not the name of a header; write name and value`,
      );
    if (reservedHeaders.has(name.toLowerCase()))
      throw new InvalidRequest(
        `headers: ${name} is not allowed here; ${name.toLowerCase() === 'host' ? 'set the host of the request' : 'Envoy does not send it in a check'}`,
      );
    if (controlCharacters.test(value))
      throw new InvalidRequest(`headers: the value of ${name} has a control character`);
  }
  if (token === undefined) return request;
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new InvalidRequest('token: must be one token, without white space');
  if (headers.some(([name]) => name.toLowerCase() === 'authorization'))
    throw new InvalidRequest('token: the request has an authorization header too; keep one of the two');
  return request;
}

function headersOf(value: unknown): ExplainRequest['headers'] {
  if (value === undefined) return [];
  const entries: readonly unknown[] = Array.isArray(value)
    ? value
    : Object.entries(mappingOf(value, 'headers'));
  return entries.flatMap((entry) => {
    if (!Array.isArray(entry) || entry.length !== 2)
      throw new InvalidRequest('headers: each entry must be a name and a value');
    const [name, lines]: readonly unknown[] = entry;
    return [lines].flat().map((line) => [textOf(name, 'headers'), textOf(line, 'headers')] as const);
  });
}

function mappingOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidRequest(`${name}: must be a JSON object`);
  return value as Readonly<Record<string, unknown>>;
}

function textOf(value: unknown, name: string, preset?: string): string {
  if (value === undefined && preset !== undefined) return preset;
  if (typeof value !== 'string') throw new InvalidRequest(`${name}: must be a string`);
  return value;
}
