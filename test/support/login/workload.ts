/** A workload for browsers: pages, a form, an image, events, a WebSocket, and its own cookies. It records every request. */
import { createHash } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request that the workload received. */
export interface WorkloadRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** Header values by lower-case name; several lines are joined with `, `, those of cookies with `; `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A running workload. */
export interface BrowserWorkload {
  readonly port: number;
  /** All requests so far. */
  readonly received: WorkloadRequest[];
  /** The requests for a path, without its query. */
  readonly of: (path: string) => readonly WorkloadRequest[];
  /** The headers of the last request for a path. */
  readonly lastHeaders: (path: string) => WorkloadRequest['headers'];
  readonly close: () => Promise<void>;
}

/** The cookies that each response sets. */
export const workloadCookies = ['workload-a=1', 'workload-b=2'] as const;

/** A picture of one pixel. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const pages: Readonly<Record<string, string>> = {
  '/framing': '<iframe name="inner" src="/framed"></iframe>',
  '/form': `<form method="post" action="/orders"><label>Order <input name="order" value="17"></label>
    <button>Send</button></form>`,
  '/image-page': '<img id="image" src="/image.png" alt="a pixel">',
};

/** Starts the workload on a free port of this machine. */
export async function startBrowserWorkload(): Promise<BrowserWorkload> {
  const received: WorkloadRequest[] = [];
  const server = http.createServer({ maxHeaderSize: 128 * 1024 }, (request, response) => {
    void bodyOf(request).then((body) => {
      received.push(record(request, body));
      answer(request, response);
    });
  });
  const upgraded: Socket[] = [];
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    upgraded.push(socket);
    received.push(record(request, ''));
    greet(request, socket);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const of = (path: string) => received.filter((one) => one.path.split('?')[0] === path);
  return {
    port: (server.address() as AddressInfo).port,
    received,
    of,
    lastHeaders: (path) => of(path).at(-1)?.headers ?? {},
    close: async () => {
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const [path = ''] = (request.url ?? '').split('?');
  response.setHeader(
    'set-cookie',
    workloadCookies.map((cookie) => `${cookie}; Path=/`),
  );
  if (path === '/image.png') {
    response.writeHead(200, { 'content-type': 'image/png', 'cache-control': 'no-store' }).end(pixel);
    return;
  }
  if (path === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: hello\n\n');
    return;
  }
  if (path === '/data') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":true}');
    return;
  }
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(
    `<!doctype html><html lang="en"><title>Workload</title><link rel="icon" href="data:,"><h1>Workload</h1>
      <p id="where">${request.method} ${path.replaceAll(/[^\w/.-]/g, '_')}</p>${pages[path] ?? ''}</html>`,
  );
}

/** Accepts a WebSocket and sends one message (RFC 6455 sections 4.2.2 and 5.2). */
function greet({ headers }: IncomingMessage, socket: Socket): void {
  const accept = createHash('sha1')
    .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.on('error', () => socket.destroy());
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
  socket.write(Buffer.concat([Buffer.from([0x81, 5]), Buffer.from('hello')]));
}

function record(request: IncomingMessage, body: string): WorkloadRequest {
  const headers: Record<string, string> = {};
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = (request.rawHeaders[index] ?? '').toLowerCase();
    const value = request.rawHeaders[index + 1] ?? '';
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return {
    method: request.method ?? '',
    host: headers.host ?? '',
    path: request.url ?? '',
    headers,
    body,
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
