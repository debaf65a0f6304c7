/** A strict, independent parser of HTTP/1.1 responses (RFC 9112), which rejects extra bytes. */
import net from 'node:net';

/** A parsed response. */
export interface StrictResponse {
  readonly version: string;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** The parts of a request that its response depends on. */
export interface Sent {
  readonly method: string;
  readonly bytes: string;
}

/**
 * Reads the responses of a closed connection, one for each request in order.
 *
 * @throws Error if the bytes are not exactly these responses
 */
export function readResponses(bytes: string, methods: readonly string[]): StrictResponse[] {
  let rest = bytes;
  const responses = methods.map((method): StrictResponse => {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0)
      throw new Error(`no head of a response to ${method} in ${JSON.stringify(rest.slice(0, 200))}`);
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const [, version = '', code = ''] = /^HTTP\/(1\.[01]) ([1-5]\d\d) [\x20-\x7e]*$/.exec(statusLine) ?? [];
    if (version === '') throw new Error(`no status line: ${JSON.stringify(statusLine)}`);
    const headers = new Map<string, string>();
    for (const line of lines) {
      const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
      if (name === '') throw new Error(`no header line: ${JSON.stringify(line)}`);
      if (headers.has(name.toLowerCase()) && name.toLowerCase() === 'content-length')
        throw new Error('two lengths');
      headers.set(name.toLowerCase(), value);
    }
    rest = rest.slice(end + 4);
    const status = Number(code);
    const hasBody = method !== 'HEAD' && status >= 200 && status !== 204 && status !== 304;
    if (headers.has('transfer-encoding')) throw new Error('an unexpected transfer coding');
    const length = headers.get('content-length');
    if (hasBody && (length === undefined || !/^\d+$/.test(length))) throw new Error('no length');
    const body = hasBody ? rest.slice(0, Number(length)) : '';
    if (hasBody && body.length < Number(length)) throw new Error('a body that is shorter than it says');
    rest = rest.slice(body.length);
    return { version, status, headers, body };
  });
  if (rest !== '') throw new Error(`bytes behind the last response: ${JSON.stringify(rest.slice(0, 200))}`);
  return responses;
}

/**
 * Sends requests on one connection, and reads until the server closes it. The last request must ask for that.
 *
 * @param isPipelined whether to send all at once, or each after bytes of the previous response arrived
 */
export function converse(port: number, requests: readonly Sent[], isPipelined: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    const waiting = requests.map(({ bytes }) => bytes);
    let received = '';
    socket.setTimeout(10_000, () => {
      socket.destroy();
      reject(new Error(`the server does not end the connection; so far: ${JSON.stringify(received)}`));
    });
    const send = () => {
      const next = isPipelined ? waiting.splice(0).join('') : waiting.shift();
      if (next !== undefined && next !== '') socket.write(next);
    };
    socket.on('connect', send);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (received.endsWith('\r\n\r\n') || !isPipelined) send();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });
}
