/** A check request out of what Envoy's HTTP ext_authz sends: the downstream's own method, path and headers. */
import type { IncomingMessage } from 'node:http';
import type { CheckRequest } from '../check/types.ts';

/**
 * The check request that an HTTP request is. What only a log record needs is looked up when it is asked for.
 *
 * The raw headers count: Node's parsed ones show the first of several authorization lines and hide the rest.
 */
export class HttpCheckRequest implements CheckRequest {
  readonly path: string;
  readonly authorization: readonly string[];
  readonly #message: IncomingMessage;

  /** @param path the request target as it was received */
  constructor(message: IncomingMessage, path: string) {
    this.#message = message;
    this.path = path;
    this.authorization = rawValues(message.rawHeaders, 'authorization');
  }

  get method(): string {
    return this.#message.method ?? '';
  }

  get host(): string {
    return rawValues(this.#message.rawHeaders, 'host')[0] ?? '';
  }

  get requestId(): string {
    return rawValues(this.#message.rawHeaders, 'x-request-id')[0] ?? '';
  }
}

/** Every value of a header, in order. */
function rawValues(rawHeaders: readonly string[], lowerCaseName: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName) {
      values.push(rawHeaders[index + 1] ?? '');
    }
  }
  return values;
}
