/**
 * A client of Redis for tests. It shares no code with the client library of the service.
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
import net from 'node:net';
import tls from 'node:tls';

/** An answer. An error inside of a list is text. */
export type RedisAnswer = string | number | undefined | readonly RedisAnswer[];

/** The address of a server, and how to sign in. */
export interface RedisAddress {
  readonly port: number;
  /** The certificate authority, for TLS. */
  readonly ca?: string;
  readonly username?: string;
  readonly password?: string;
}

/** A connection. */
export interface RedisConnection {
  /** Sends a command. Rejects with the error of the server. */
  readonly command: (...words: readonly (string | number)[]) => Promise<RedisAnswer>;
  readonly close: () => void;
}

/** Sends one command on a connection of its own. */
export async function askRedis(
  address: RedisAddress,
  ...words: readonly (string | number)[]
): Promise<RedisAnswer> {
  const connection = await connectRedis(address);
  try {
    return await connection.command(...words);
  } finally {
    connection.close();
  }
}

/** Connects and signs in. Rejects if the server does not answer within 5 s. */
export async function connectRedis(address: RedisAddress): Promise<RedisConnection> {
  const place = { host: '127.0.0.1', port: address.port };
  const socket =
    address.ca === undefined
      ? net.connect(place)
      : tls.connect({ ...place, ca: address.ca, servername: 'localhost' });
  const waiting: { resolve: (answer: RedisAnswer) => void; reject: (error: Error) => void }[] = [];
  let ended: Error | undefined;
  const end = (error: Error) => {
    ended ??= error;
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  socket.setTimeout(5_000, () => socket.destroy(new Error('no answer within 5 s')));
  socket.on('error', end);
  socket.on('close', () => end(new Error('the connection was closed')));
  let received: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      const read = readAnswer(received, 0);
      if (read === undefined) return;
      received = received.subarray(read.next);
      const asked = waiting.shift();
      if (read.answer instanceof Error) asked?.reject(read.answer);
      else asked?.resolve(read.answer);
    }
  });
  const command = (...words: readonly (string | number)[]) =>
    new Promise<RedisAnswer>((resolve, reject) => {
      if (ended !== undefined) return reject(ended);
      waiting.push({ resolve, reject });
      const parts = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`);
      socket.write(`*${words.length}\r\n${parts.join('')}`);
    });
  const close = () => void socket.destroy();
  if (address.password !== undefined)
    await command('AUTH', address.username ?? 'default', address.password).catch((error) => {
      close();
      throw error;
    });
  return { command, close };
}

interface Read {
  readonly answer: RedisAnswer | Error;
  readonly next: number;
}

/** Reads the answer at a position of the received bytes. @returns undefined if it is not complete */
function readAnswer(bytes: Buffer, from: number): Read | undefined {
  const lineEnd = bytes.indexOf('\r\n', from);
  if (lineEnd === -1) return undefined;
  const text = bytes.toString('utf8', from + 1, lineEnd);
  const next = lineEnd + 2;
  switch (bytes.toString('latin1', from, from + 1)) {
    case '+':
      return { answer: text, next };
    case '-':
      return { answer: new Error(text), next };
    case ':':
      return { answer: Number(text), next };
    case '$':
      return readText(bytes, next, Number(text));
    case '*':
      return readList(bytes, next, Number(text));
    default:
      throw new Error(`an unknown answer: ${text}`);
  }
}

function readText(bytes: Buffer, from: number, length: number): Read | undefined {
  if (length === -1) return { answer: undefined, next: from };
  const next = from + length + 2;
  if (bytes.length < next) return undefined;
  return { answer: bytes.toString('utf8', from, from + length), next };
}

function readList(bytes: Buffer, from: number, length: number): Read | undefined {
  if (length === -1) return { answer: undefined, next: from };
  const list: RedisAnswer[] = [];
  let next = from;
  while (list.length < length) {
    const read = readAnswer(bytes, next);
    if (read === undefined) return undefined;
    list.push(read.answer instanceof Error ? read.answer.message : read.answer);
    next = read.next;
  }
  return { answer: list, next };
}
