/** Sends the requests of the canary, with header names exactly as written, over HTTP/1.1. */
import https from 'node:https';
import { http } from '../../runtime/node-http.ts';
import type { Clock } from '../../runtime/time/clock.ts';

/** A request. */
export interface CanaryRequest {
  readonly path: string;
  /** In order. Names keep their case, and can occur more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A response. */
export interface CanaryResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** At most {@link maxBody} bytes, as UTF-8. */
  readonly body: string;
}

/** Sends a request. Rejects if no response arrives in time. */
export type SendCanary = (request: CanaryRequest) => Promise<CanaryResponse>;

/** How to reach the workload. */
export interface SendOptions {
  /** The URL of the workload. Its path is the default path of the requests. */
  readonly url: URL;
  /** CA certificates in PEM format, in addition to none: they replace the defaults. Undefined for the defaults. */
  readonly ca?: string | undefined;
  /** Milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
}

/** The longest body that is read, in bytes. */
const maxBody = 256 * 1024;

/** Creates the sender. Each request has its own connection. */
export function createSend({ url, ca, timeout, clock }: SendOptions): SendCanary {
  const { request } = url.protocol === 'https:' ? https : http;
  const host = url.hostname.replaceAll(/^\[|\]$/g, '');
  return ({ path, headers }) =>
    new Promise((resolve, reject) => {
      const outgoing = request({
        host,
        port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port,
        path,
        method: 'GET',
        agent: false,
        headers: [['host', url.host], ...headers, ['connection', 'close']].flat(),
        ...(ca !== undefined && { ca }),
      });
      const cancel = clock.after(timeout, () =>
        outgoing.destroy(new Error(`there is no response within ${timeout} ms`)),
      );
      const end = (error: Error) => {
        cancel();
        reject(error);
      };
      outgoing.on('error', end);
      outgoing.on('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('error', end);
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= maxBody) chunks.push(chunk);
          else outgoing.destroy(new Error(`the response has more than ${maxBody} bytes`));
        });
        response.on('end', () => {
          cancel();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          });
        });
      });
      outgoing.end();
    });
}
