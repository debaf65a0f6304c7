/**
 * Runs the server on `node:http2` in a process of its own: some bytes make an assertion of node:http2 fail, which ends its
 * process. Then a new one starts.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FuzzServer } from './fuzz-server.ts';
import type { DeliveredCall } from './plan.ts';

/** A server that may end. */
export interface NodeProcess extends FuzzServer {
  /** How often an assertion has ended it. */
  readonly crashes: () => number;
}

/** A message of the process: its port, or the calls of a connection that has ended. */
export type NodeMessage =
  | { readonly port: number }
  | { readonly client: number; readonly calls: readonly DeliveredCall[] };

/** Starts the server. */
export async function startNodeProcess(): Promise<NodeProcess> {
  const reported = new Map<number, readonly DeliveredCall[]>();
  const waiting = new Map<number, (calls: readonly DeliveredCall[] | undefined) => void>();
  let child: ChildProcess;
  let [port, crashes, isStopping] = [0, 0, false];
  const start = () =>
    new Promise<void>((resolve) => {
      // The trace of a failed assertion is long, and always the same.
      child = fork(fileURLToPath(new URL('node-main.ts', import.meta.url)), { stdio: 'ignore' });
      child.on('message', (message: NodeMessage) => {
        if ('port' in message) {
          port = message.port;
          resolve();
          return;
        }
        const ask = waiting.get(message.client);
        waiting.delete(message.client);
        if (ask === undefined) reported.set(message.client, message.calls);
        else ask(message.calls);
      });
      child.once('exit', () => {
        for (const ask of waiting.values()) ask(undefined);
        waiting.clear();
        if (isStopping) return;
        crashes++;
        void start();
      });
    });
  await start();
  return {
    name: 'node:http2',
    port: () => port,
    crashes: () => crashes,
    calls: (client) =>
      new Promise((resolve) => {
        const calls = reported.get(client);
        reported.delete(client);
        if (calls === undefined) waiting.set(client, resolve);
        else resolve(calls);
      }),
    stop: () =>
      new Promise((resolve) => {
        isStopping = true;
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}
