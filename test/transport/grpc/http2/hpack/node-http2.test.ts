/** Reads what the client of `node:http2` (nghttp2) sends: it uses the dynamic table, Huffman, and fields that are never indexed. */
import { connect, type OutgoingHttpHeaders, sensitiveHeaders } from 'node:http2';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import type { Field } from '../../../../../src/transport/grpc/http2/hpack/field.ts';
import { decodeAll } from './decoding.ts';

const headerTableSize = 0x1;
const headers = 0x1;
const settings = 0x4;
const continuation = 0x9;
const endHeaders = 0x4;
const prefaceLength = 24;

/** A SETTINGS frame with a size of the table. */
function settingsFrame(tableSize: number): Buffer {
  const frame = Buffer.from([0, 0, 6, settings, 0, 0, 0, 0, 0, 0, headerTableSize, 0, 0, 0, 0]);
  frame.writeUInt32BE(tableSize, 11);
  return frame;
}

/** The complete header blocks of the frames. Requests have no padding and no priority. */
function blocksIn(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  let pieces: Buffer[] = [];
  for (let place = prefaceLength; place + 9 <= bytes.length; ) {
    const end = place + 9 + bytes.readUIntBE(place, 3);
    const [type, flags = 0] = bytes.subarray(place + 3, place + 5);
    if (end <= bytes.length && (type === headers || type === continuation)) {
      expect(flags & 0x28).toBe(0);
      pieces.push(bytes.subarray(place + 9, end));
      if ((flags & endHeaders) !== 0) {
        blocks.push(Buffer.concat(pieces));
        pieces = [];
      }
    }
    place = end;
  }
  return blocks;
}

/** Sends requests, the first half before the client knows the settings, and returns their blocks. */
async function blocksOf(requests: readonly OutgoingHttpHeaders[], tableSize: number): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let sent = () => {};
  const wire = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
      sent();
    },
  });
  const session = connect('http://envoy.test', { createConnection: () => wire });
  session.on('error', () => {});
  const send = async (some: readonly OutgoingHttpHeaders[], count: number) => {
    const all = new Promise<void>((resolve) => {
      sent = () => {
        if (blocksIn(Buffer.concat(chunks)).length === count) resolve();
      };
    });
    for (const one of some) session.request(one).on('error', () => {});
    await all;
  };
  const half = Math.floor(requests.length / 2);
  await send(requests.slice(0, half), half);
  const known = new Promise((resolve) => session.once('remoteSettings', resolve));
  wire.push(settingsFrame(tableSize));
  await known;
  await send(requests.slice(half), requests.length);
  session.destroy();
  return blocksIn(Buffer.concat(chunks));
}

/** A request as Envoy makes one, with headers that change, that repeat, and that are long. */
function request(index: number): OutgoingHttpHeaders {
  return {
    ':method': 'POST',
    ':path': '/envoy.service.auth.v3.Authorization/Check',
    ':scheme': 'http',
    ':authority': 'oidc-authz.auth.svc:9001',
    te: 'trailers',
    'grpc-timeout': `${200 + (index % 3)}m`,
    'content-type': 'application/grpc',
    'x-request-id': `${index}`.padStart(36, '0f4b-'),
    traceparent: `00-${(index * 7_919).toString(16).padStart(32, '1e')}-00f067aa0ba902b7-01`,
    cookie: ['a=1', `b=${index}`],
    'x-forwarded-client-cert': `By=spiffe://cluster.local/ns/a/sa/b;Hash=${'9f'.repeat(32)};Subject="CN=ä ${index}"`,
    authorization: `Bearer ${'eyJ'.repeat(30)}${index}`,
    ...(index % 10 === 0 && { 'x-large': `${index}`.repeat(6_000) }),
    [sensitiveHeaders]: ['authorization'],
  };
}

function sentFields(sent: OutgoingHttpHeaders): Field[] {
  return Object.entries(sent).flatMap(([name, value]): Field[] =>
    Array.isArray(value) ? value.map((one): Field => [name, one]) : [[name, String(value)]],
  );
}

test.each([4_096, 1_000, 100, 0])('with a table of %i bytes, every field arrives', async (tableSize) => {
  const requests = Array.from({ length: 60 }, (_, index) => request(index));
  const blocks = await blocksOf(requests, tableSize);
  const inOrder = (fields: readonly Field[]) => fields.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const { fields, error } = decodeAll(blocks);
  expect(error).toBeUndefined();
  expect(fields.map(inOrder)).toEqual(requests.map((one) => inOrder(sentFields(one))));
  // Without the blocks before it, the last one cannot be read.
  if (tableSize > 100) expect(decodeAll(blocks.slice(-1)).error).toMatch('beyond the tables');
});
