/** Serves HTTP/2 with Go's golang.org/x/net/http2, and reads frames with its framer. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type FoundProgram, ownGoProgram } from './programs.ts';

/** A request that reached the handler of the server. */
export interface OracleCall {
  readonly method: string;
  readonly path: string;
  /** Whether the whole request arrived. */
  readonly complete: boolean;
  /** The length, and the first 8 bytes of the SHA-256. */
  readonly body: string;
}

/** A frame in the output of another server. */
export interface OracleFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly length: number;
  /** The fields of a header block, on its last frame, and the first byte of the block. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly block?: number;
  /** An error code, or the increment of a window. Absent if 0. */
  readonly value?: number;
  /** The data of a PING, in hexadecimal. */
  readonly data?: string;
}

/** The frames of an output, and why the framer rejects the next one; empty if it does not. */
export interface OracleReading {
  readonly frames: readonly OracleFrame[];
  readonly error: string;
}

/** A running server. */
export interface Http2Oracle {
  readonly port: number;
  /** Resolves with the calls of a connection when it has ended. */
  readonly calls: (clientPort: number) => Promise<readonly OracleCall[]>;
  readonly read: (output: Buffer) => Promise<OracleReading>;
  readonly stop: () => Promise<void>;
}

/** Builds the program and returns its path. */
export function findHttp2Oracle(): Promise<FoundProgram> {
  return ownGoProgram('http2-oracle');
}

/** Starts the program. */
export async function startHttp2Oracle(path: string): Promise<Http2Oracle> {
  const child = spawn(path, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const connections = createMailbox<readonly OracleCall[]>();
  const readings = createMailbox<OracleReading>();
  let questions = 0;
  const port = await new Promise<number>((resolve) => {
    lines.on('line', (line) => {
      const message = JSON.parse(line);
      if (message.client !== undefined) connections.put(message.client, message.calls);
      else if (message.id !== undefined) readings.put(message.id, message);
      else resolve(message.port);
    });
  });
  return {
    port,
    calls: connections.take,
    read: (output) => {
      const id = ++questions;
      child.stdin.write(`${JSON.stringify({ id, hex: output.toString('hex') })}\n`);
      return readings.take(id);
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve());
        child.stdin.end();
      }),
  };
}

/** Messages with a number, and those that wait for them. */
export interface Mailbox<Message> {
  readonly put: (key: number, message: Message) => void;
  readonly take: (key: number) => Promise<Message>;
}

/** Creates an empty mailbox. */
export function createMailbox<Message>(): Mailbox<Message> {
  const arrived = new Map<number, Message>();
  const waiting = new Map<number, (message: Message) => void>();
  return {
    put: (key, message) => {
      const resolve = waiting.get(key);
      if (resolve === undefined) return void arrived.set(key, message);
      waiting.delete(key);
      resolve(message);
    },
    take: (key) =>
      new Promise((resolve) => {
        const message = arrived.get(key);
        if (message === undefined) return void waiting.set(key, resolve);
        arrived.delete(key);
        resolve(message);
      }),
  };
}
