/** Reads a file with a request to explain: in the form of `POST /explain`, or Envoy's CheckRequest as JSON. */
import type { ExplainRequest } from '../../model/explanation.ts';
import { parseJson } from '../../runtime/parse-json.ts';
import { InvalidRequest, readExplainRequest } from '../../service/explain/request.ts';
import { singleProblem } from '../single-problem.ts';

/**
 * Reads a request.
 *
 * @param name how a problem names the file
 * @throws ConfigError if the text is not a request
 */
export function readRequestFile(text: string, name: string): ExplainRequest {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    // The message of the parser quotes the text, which can contain a token.
    throw singleProblem(name, 'is not JSON; write the request as docs/explain.md shows');
  }
  const attributes = member(value, 'attributes');
  if (member(value, 'issuers') !== undefined)
    throw singleProblem(name, 'is a configuration; name it with --config');
  try {
    return readExplainRequest(attributes === undefined ? value : fromEnvoy(attributes));
  } catch (error) {
    if (error instanceof InvalidRequest) throw singleProblem(name, error.message);
    throw error;
  }
}

/** A CheckRequest's attributes in our form. Names are in camel case or, as in Envoy's logs, with underscores. */
function fromEnvoy(attributes: unknown): object {
  const http = member(member(attributes, 'request'), 'http');
  if (http === undefined) throw new InvalidRequest('attributes.request.http: missing');
  const source = member(attributes, 'source');
  const extensions = member(attributes, 'contextExtensions') ?? member(attributes, 'context_extensions');
  const list = member(member(http, 'headerMap') ?? member(http, 'header_map'), 'headers');
  const socket = member(member(source, 'address'), 'socketAddress', 'socket_address');
  return {
    method: member(http, 'method'),
    host: member(http, 'host'),
    path: member(http, 'path'),
    headers: Array.isArray(list) ? list.map(pairOf).filter(isOwnHeader) : entriesOf(member(http, 'headers')),
    policy: member(extensions, 'policy'),
    ...(source !== undefined && {
      source: {
        address: member(socket, 'address'),
        principal: member(source, 'principal'),
        certificate: member(source, 'certificate'),
      },
    }),
  };
}

function entriesOf(headers: unknown): readonly (readonly [string, unknown])[] {
  return Object.entries((headers ?? {}) as object).filter(isOwnHeader);
}

/** A header of `header_map`: proto JSON writes `raw_value` in base64. */
function pairOf(header: unknown): readonly [string, unknown] {
  const raw = member(header, 'rawValue', 'raw_value');
  const value =
    typeof raw === 'string' ? Buffer.from(raw, 'base64').toString('utf8') : member(header, 'value');
  return [String(member(header, 'key')), value];
}

/** Whether a header is not a copy of the method, the path or the host, and not one of the connection. */
function isOwnHeader([name]: readonly [string, unknown]): boolean {
  return (
    !name.startsWith(':') && !['host', 'content-length', 'transfer-encoding'].includes(name.toLowerCase())
  );
}

/** The first of these members that an object has. */
function member(value: unknown, ...names: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const name = names.find((one) => Object.hasOwn(value, one));
  return name === undefined ? undefined : (value as Readonly<Record<string, unknown>>)[name];
}
