/** Raw HTTP/1.1, for requests that client libraries do not send. */
import net from 'node:net';

/** A raw response. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends bytes on a new connection and reads one response; undefined if the connection closed without one. */
export function exchange(
  port: number,
  bytes: string | Buffer,
  { headOnly = false } = {},
): Promise<RawResponse | undefined> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let received = '';
    const settle = () => {
      const response = readResponse(received, headOnly);
      if (response === undefined) return;
      socket.destroy();
      resolve(response);
    };
    socket.setTimeout(10_000, () => {
      socket.destroy();
      reject(new Error('no response within 10 s'));
    });
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      settle();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(readResponse(received, headOnly)));
    socket.write(bytes);
  });
}

/** The request line and headers of a request. */
export function request(method: string, target: string, headers: readonly string[] = []): string {
  return `${[`${method} ${target} HTTP/1.1`, 'host: orders.example.com', ...headers].join('\r\n')}\r\n\r\n`;
}

function readResponse(text: string, headOnly: boolean): RawResponse | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const length = headOnly ? 0 : Number(headers['content-length'] ?? 0);
  const body = text.slice(end + 4);
  return body.length < length
    ? undefined
    : { status: Number(statusLine.split(' ')[1]), headers, body: body.slice(0, length) };
}
