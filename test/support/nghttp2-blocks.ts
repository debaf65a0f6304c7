/** The header blocks that nghttp2 writes, which is in `node:http2` and in Envoy. */
import { connect, type OutgoingHttpHeaders } from 'node:http2';
import { Duplex } from 'node:stream';

const headerTableSize = 0x1;
const headers = 0x1;
const settings = 0x4;
const continuation = 0x9;
const endHeaders = 0x4;
const paddedOrPriority = 0x28;
const prefaceLength = 24;

/** A SETTINGS frame with a size of the table. */
function settingsFrame(tableSize: number): Buffer {
  const frame = Buffer.from([0, 0, 6, settings, 0, 0, 0, 0, 0, 0, headerTableSize, 0, 0, 0, 0]);
  frame.writeUInt32BE(tableSize, 11);
  return frame;
}

/** The complete header blocks of the frames. */
function blocksIn(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  let pieces: Buffer[] = [];
  for (let place = prefaceLength; place + 9 <= bytes.length; ) {
    const end = place + 9 + bytes.readUIntBE(place, 3);
    const [type, flags = 0] = bytes.subarray(place + 3, place + 5);
    if (end <= bytes.length && (type === headers || type === continuation)) {
      if ((flags & paddedOrPriority) !== 0) throw new TypeError('expected neither padding nor a priority');
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

/**
 * Sends requests on one connection, and returns their header blocks.
 *
 * @param tableSize SETTINGS_HEADER_TABLE_SIZE, which the client knows after the first half of the requests
 */
export async function nghttp2Blocks(
  requests: readonly OutgoingHttpHeaders[],
  tableSize: number,
): Promise<Buffer[]> {
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
