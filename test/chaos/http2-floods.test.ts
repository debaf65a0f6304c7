/**
 * Raw HTTP/2 frames against the running service, plain and over TLS. Checks on another connection are all answered meanwhile,
 * memory is bounded, and the service closes a connection only for a flood or an error of its peer.
 */
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { callHeaders, flag, frame, frameType, uint32 } from '../support/http2.ts';
import { freshToken, type Guard, startGuard } from './guard.ts';
import {
  begin,
  connectPeer,
  fillerMessage,
  type Http2Peer,
  preface,
  unknownMethod,
  wholeCheck,
} from './http2-peer.ts';

/** The fate of the connection of the attack. */
type Fate = 'is closed' | 'stays open' | 'may be closed';

interface Attack {
  readonly fate: Fate;
  /** The first bytes; by default, the preface and SETTINGS. */
  readonly first?: Buffer;
  /** Attacks. It may return the stream for the next call. */
  readonly run: (peer: Http2Peer, authorization: string) => Promise<number | undefined>;
}

const headers = callHeaders();
const connectionField = Buffer.concat([
  headers,
  Buffer.from([0, 10]),
  Buffer.from('connection'),
  Buffer.from([5]),
  Buffer.from('close'),
]);
const opened = (stream: number, block = headers) => frame(frameType.headers, flag.endHeaders, stream, block);
const reset = (stream: number) => frame(frameType.rstStream, 0, stream, uint32(8));
const data = (stream: number, bytes: Uint8Array, flags = 0) => frame(frameType.data, flags, stream, bytes);
const ping = frame(frameType.ping, 0, 0, Buffer.alloc(8));
const windowUpdate = (stream: number, more: number) => frame(frameType.windowUpdate, 0, stream, uint32(more));
const setting = (id: number, value: number) => {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(id);
  payload.writeUInt32BE(value, 2);
  return frame(frameType.settings, 0, 0, payload);
};

/** Sends the frames of many turns, a hundred at a time, until the connection has closed. Returns the next stream. */
async function repeat(
  peer: Http2Peer,
  turns: number,
  make: (stream: number, turn: number) => Buffer,
): Promise<number> {
  let stream = 1;
  for (let turn = 0; turn < turns && !peer.isClosed(); ) {
    const frames: Buffer[] = [];
    for (let index = 0; index < 100 && turn < turns; index++, turn++, stream += 2)
      frames.push(make(stream, turn));
    await peer.send(...frames);
    // Lets the answers in.
    await new Promise(setImmediate);
  }
  return stream;
}

/** Repeats frames on one stream. */
const flood =
  (turns: number, make: () => Buffer, ...before: Buffer[]): Attack['run'] =>
  async (peer) => {
    await peer.send(...before);
    const frames = make();
    await repeat(peer, turns, () => frames);
    return 3;
  };
const streams =
  (turns: number, make: (stream: number) => Buffer): Attack['run'] =>
  (peer) =>
    repeat(peer, turns, make);

const answered = (peer: Http2Peer, count: number) => until(() => peer.answers.size >= count, 30);

const attacks: Record<string, Attack> = {
  'resets of 5,000 calls in a row': {
    fate: 'stays open',
    run: streams(5_000, (stream) => Buffer.concat([opened(stream), reset(stream)])),
  },
  'resets of 100,000 calls in a row': {
    fate: 'is closed',
    run: streams(100_000, (stream) => Buffer.concat([opened(stream), reset(stream)])),
  },
  'WINDOW_UPDATE of 0, so that the service resets (CVE-2025-8671)': {
    fate: 'is closed',
    run: streams(100_000, (stream) => Buffer.concat([opened(stream), windowUpdate(stream, 0)])),
  },
  'WINDOW_UPDATE beyond the limit, so that the service resets': {
    fate: 'is closed',
    run: streams(100_000, (stream) => Buffer.concat([opened(stream), windowUpdate(stream, 2 ** 31 - 1)])),
  },
  'PRIORITY of a wrong length, so that the service resets': {
    fate: 'is closed',
    run: streams(100_000, (stream) =>
      Buffer.concat([opened(stream), frame(frameType.priority, 0, stream, Buffer.alloc(4))]),
    ),
  },
  'DATA after the end, so that the service resets': {
    fate: 'is closed',
    run: streams(100_000, (stream) =>
      Buffer.concat([
        opened(stream),
        data(stream, Buffer.alloc(0), flag.endStream),
        data(stream, Buffer.alloc(1)),
      ]),
    ),
  },
  'malformed fields, so that the service resets': {
    fate: 'is closed',
    run: streams(100_000, (stream) => opened(stream, connectionField)),
  },
  'CONTINUATION without an end': {
    fate: 'is closed',
    run: flood(
      100_000,
      () => frame(frameType.continuation, 0, 1, Buffer.from([0, 1, 0x61, 1, 0x62])),
      frame(frameType.headers, 0, 1, headers),
    ),
  },
  'empty CONTINUATION without an end': {
    fate: 'is closed',
    run: flood(100_000, () => frame(frameType.continuation, 0, 1), frame(frameType.headers, 0, 1, headers)),
  },
  'CONTINUATION after END_HEADERS': {
    fate: 'is closed',
    run: flood(1, () => frame(frameType.continuation, flag.endHeaders, 1, headers), opened(1)),
  },
  PING: { fate: 'is closed', run: flood(100_000, () => ping) },
  'PING without reading the answers': {
    fate: 'is closed',
    run: async (peer) => {
      peer.stopReading();
      return flood(100_000, () => ping)(peer, '');
    },
  },
  SETTINGS: { fate: 'is closed', run: flood(100_000, () => frame(frameType.settings, 0, 0)) },
  'SETTINGS with 2,700 values': {
    fate: 'is closed',
    run: flood(2_000, () =>
      frame(
        frameType.settings,
        0,
        0,
        Buffer.concat(Array.from({ length: 2_700 }, (_, index) => setting(4, index).subarray(9))),
      ),
    ),
  },
  PRIORITY: {
    fate: 'is closed',
    run: flood(300_000, () => frame(frameType.priority, 0, 5, Buffer.from([0, 0, 0, 0, 1]))),
  },
  'WINDOW_UPDATE of the connection': { fate: 'may be closed', run: flood(300_000, () => windowUpdate(0, 1)) },
  'WINDOW_UPDATE of a stream': {
    fate: 'may be closed',
    run: flood(300_000, () => windowUpdate(1, 1), opened(1)),
  },
  'unknown frames': { fate: 'may be closed', run: flood(300_000, () => frame(0xbe, 0, 1)) },
  'unknown frames of 16 KiB': {
    fate: 'may be closed',
    run: flood(3_000, () => frame(0xbe, 0, 1, Buffer.alloc(16_384))),
  },
  'empty DATA': { fate: 'is closed', run: flood(300_000, () => data(1, Buffer.alloc(0)), opened(1)) },
  'DATA of 1 byte with 255 bytes of padding': {
    fate: 'may be closed',
    run: flood(100_000, () => data(1, Buffer.concat([Buffer.from([255]), Buffer.alloc(256)]), 8), opened(1)),
  },
  'a fields list of 16 MB in each block of 4 KB': {
    fate: 'may be closed',
    run: async (peer) => {
      const entry = Buffer.concat([
        Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]),
        Buffer.alloc(4_000, 0x61),
      ]);
      await peer.send(opened(1, Buffer.concat([headers, entry])));
      await repeat(peer, 300, (stream) =>
        opened(stream + 2, Buffer.concat([headers, Buffer.alloc(4_000, 0xbe)])),
      );
      return 603;
    },
  },
  'a new size of the table in each block': {
    fate: 'stays open',
    run: streams(5_000, (stream) =>
      Buffer.concat([
        opened(stream, Buffer.concat([Buffer.from([0x20, 0x3f, 0xe1, 0x1f]), headers])),
        reset(stream),
      ]),
    ),
  },
  'responses that wait for a window of 0, then of 1, then of 64 KiB': {
    fate: 'stays open',
    first: Buffer.concat([preface, setting(4, 0)]),
    run: async (peer, authorization) => {
      const next = await repeat(peer, 500, (stream) => wholeCheck(stream, authorization));
      for (const size of [1, 0, 2, 0, 1]) await peer.send(setting(4, size));
      await peer.send(setting(4, 65_535), windowUpdate(0, 2 ** 20));
      await answered(peer, 500);
      expect([...peer.answers.values()].filter((code) => code !== 0)).toEqual([]);
      return next;
    },
  },
  'a window that is raised by single bytes': {
    fate: 'stays open',
    first: Buffer.concat([preface, setting(4, 0)]),
    run: async (peer, authorization) => {
      await peer.send(wholeCheck(1, authorization));
      for (let turn = 0; turn < 2_000; turn++) {
        await peer.send(windowUpdate(1, 1));
        await new Promise(setImmediate);
      }
      await answered(peer, 1);
      expect(peer.answers.get(1)).toBe(0);
      await peer.send(setting(4, 65_535));
      return 3;
    },
  },
  'a window of the connection beyond the limit': {
    fate: 'is closed',
    run: flood(2, () => windowUpdate(0, 2 ** 31 - 1)),
  },
  '4,000 calls that never end': { fate: 'stays open', run: streams(4_000, (stream) => opened(stream)) },
  '2,000 calls with half a message': {
    fate: 'stays open',
    run: async (peer) => {
      const half = fillerMessage(2_000).subarray(0, 1_000);
      return repeat(peer, 2_000, (stream) => Buffer.concat([opened(stream), data(stream, half)]));
    },
  },
  'whole checks, but the answers are not read': {
    fate: 'may be closed',
    run: async (peer, authorization) => {
      peer.stopReading();
      for (let turn = 0; turn < 200 && !peer.isClosed(); turn++) {
        const frames = Array.from({ length: 100 }, (_, index) =>
          wholeCheck(1 + 2 * (100 * turn + index), authorization),
        );
        await Promise.race([peer.send(...frames), new Promise((resolve) => setTimeout(resolve, 500))]);
      }
      return undefined;
    },
  },
  '100 checks in DATA of 1 byte, in turn': {
    fate: 'stays open',
    run: async (peer, authorization) => {
      const message = wholeCheck(1, authorization).subarray(9 + headers.length + 9);
      const ids = Array.from({ length: 100 }, (_, index) => 1 + 2 * index);
      await peer.send(...ids.map((id) => opened(id)));
      for (let at = 0; at < message.length && !peer.isClosed(); at++) {
        const isLast = at === message.length - 1;
        await peer.send(
          ...ids.map((id) => data(id, message.subarray(at, at + 1), isLast ? flag.endStream : 0)),
        );
      }
      await answered(peer, 100);
      expect([...peer.answers.values()].filter((code) => code !== 0)).toEqual([]);
      return 201;
    },
  },
  'frames of calls that were answered early': {
    fate: 'stays open',
    run: async (peer) => {
      const last = frame(
        frameType.headers,
        flag.endHeaders | flag.endStream,
        1,
        Buffer.from([0, 1, 0x78, 1, 0x79]),
      );
      const next = await repeat(peer, 300, (stream) => {
        const trailers = Buffer.from(last);
        trailers.writeUInt32BE(stream, 5);
        return Buffer.concat([
          opened(stream, unknownMethod),
          data(stream, Buffer.alloc(100)),
          data(stream, Buffer.alloc(100)),
          trailers,
        ]);
      });
      return next;
    },
  },
  '64 MiB of data of calls that are reset': {
    fate: 'stays open',
    run: async (peer) => {
      const piece = fillerMessage(40_000).subarray(0, 16_000);
      return repeat(peer, 4_000, (stream) =>
        Buffer.concat([opened(stream), data(stream, piece), reset(stream)]),
      );
    },
  },
  'the last stream identifier': {
    fate: 'is closed',
    run: async (peer, authorization) => {
      await peer.send(wholeCheck(2 ** 31 - 1, authorization));
      await answered(peer, 1);
      expect(peer.answers.get(2 ** 31 - 1)).toBe(0);
      await peer.send(opened(5));
      return undefined;
    },
  },
  'GOAWAY from the client': {
    fate: 'stays open',
    run: async (peer) => {
      await peer.send(frame(frameType.goAway, 0, 0, Buffer.alloc(8)));
      return 1;
    },
  },
  'FIN after 100 calls': {
    fate: 'is closed',
    run: async (peer, authorization) => {
      await repeat(peer, 100, (stream) => wholeCheck(stream, authorization));
      peer.halfClose();
      return undefined;
    },
  },
  'a preface byte by byte': {
    fate: 'stays open',
    first: Buffer.alloc(0),
    run: async (peer) => {
      for (const byte of begin) {
        await peer.send(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
      return 1;
    },
  },
};

/** Sends checks one after the other until it is stopped. */
function startWitness(port: number, authorization: string, ca?: string) {
  const client = connectGrpc(port, ca);
  onTestFinished(client.close);
  const results = { allowed: 0, others: [] as unknown[] };
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      await client.check({ headers: { authorization } }).then(
        ({ status }) => (status?.code === 0 ? results.allowed++ : results.others.push(status)),
        (error) => results.others.push(String(error)),
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await running;
      return results;
    },
  };
}

/** The most memory that one attack may take, in MiB: the limits of a connection, and garbage that waits for its collection. */
const mostMemory = 200;

async function attack(
  guard: Guard,
  { fate, first, run }: Attack,
  isTls: boolean,
  ca?: string,
): Promise<void> {
  const authorization = `Bearer ${freshToken(guard.issuer)}`;
  const witness = startWitness(guard.grpcPort, authorization, ca);
  const before = guard.residentMiB();
  const peer = await connectPeer(guard.grpcPort, { isTls, ...(first !== undefined && { first }) });
  onTestFinished(peer.close);
  const next = await run(peer, authorization);
  const after = guard.residentMiB();
  peer.readAgain();
  if (fate === 'is closed') await peer.closed;
  if (fate === 'stays open' && next !== undefined) {
    await peer.send(wholeCheck(next, authorization));
    await until(() => peer.answers.has(next) || peer.isClosed(), 30);
    expect([peer.isClosed(), peer.goAway(), peer.answers.get(next)]).toEqual([false, undefined, 0]);
  }
  const { allowed, others } = await witness.stop();
  expect(others).toEqual([]);
  expect(allowed).toBeGreaterThan(0);
  expect(after - before).toBeLessThan(mostMemory);
  expect(guard.service.child.exitCode).toBeNull();
}

test.each(Object.entries(attacks))(
  '%s: no other connection is affected',
  { timeout: 120_000 },
  async (_, one) => {
    await attack(await startGuard(), one, false);
  },
);

test('the same attacks one after the other, over TLS', { timeout: 300_000 }, async () => {
  const authority = createAuthority();
  const { certFile, keyFile } = authority.issue('grpc');
  const guard = await startGuard([`--grpc-tls-cert-file=${certFile}`, `--grpc-tls-key-file=${keyFile}`]);
  for (const [name, one] of Object.entries(attacks))
    await attack(guard, one, true, authority.ca).catch((error) => {
      throw new Error(name, { cause: error });
    });
});
