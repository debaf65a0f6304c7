/** Responses that are compressed although the request does not accept it. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import zlib from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFetch } from '../../../src/issuer/fetch/fetch.ts';

const maxBytes = 10_000;
const document = JSON.stringify({ keys: [{ kty: 'RSA', n: 'x'.repeat(3_000), e: 'é' }] });

async function fetchOf(coding: string, body: Buffer, limit = maxBytes): Promise<string> {
  const server = http.createServer((_, response) => {
    response.setHeader('content-encoding', coding);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const fetch = createFetch({
    timeout: 20_000,
    maxBytes: limit,
    insecureHttp: false,
    extraCa: undefined,
    trustSystemCas: true,
    proxy: '',
    environment: {},
  });
  const { body: text } = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`);
  return text;
}

const encoders: [string, (text: string | Buffer) => Buffer][] = [
  ['gzip', zlib.gzipSync],
  ['x-gzip', zlib.gzipSync],
  ['GZip', zlib.gzipSync],
  ['deflate', zlib.deflateSync],
  ['deflate', zlib.deflateRawSync],
  ['br', zlib.brotliCompressSync],
  ['zstd', zlib.zstdCompressSync],
];

describe('a response with content-encoding', () => {
  test.each(encoders)('%s is read (%#)', async (coding, encode) => {
    expect(await fetchOf(coding, encode(document))).toBe(document);
  });

  test.each(['identity', '', ' , identity', 'Identity'])('%j is read unchanged', async (coding) => {
    expect(await fetchOf(coding, Buffer.from(document))).toBe(document);
  });

  test('`identity, gzip` is read as gzip', async () => {
    expect(await fetchOf('identity, gzip', zlib.gzipSync(document))).toBe(document);
  });

  // Values that file servers send for uncompressed data, and values that HTTP does not define.
  test.each([
    'aws-chunked',
    'utf-8',
    'none',
    'UTF-8',
    'compress',
    'aes128gcm',
    'gzip;q=1',
    'aws-chunked, utf-8',
  ])('uncompressed JSON with the content-encoding %s is read unchanged', async (coding) => {
    expect(await fetchOf(coding, Buffer.from(document))).toBe(document);
    expect(await fetchOf(coding, Buffer.from(`\uFEFF${document}`))).toBe(`\uFEFF${document}`);
  });

  test.each([
    'gzip, br',
    'br, gzip',
    'deflate,zstd',
    'gzip, aws-chunked',
    'aws-chunked, gzip',
    'gzip, identity, br',
    'utf-8, gzip, none, gzip',
    'gzip, br, deflate, zstd',
    'gzip, gzip, gzip, gzip, aws-chunked, identity',
  ])('%s is decoded from the last coding to the first', async (codings) => {
    const applied = codings.split(',').map((coding) => new Map(encoders).get(coding.trim()));
    const body = applied.reduce<Buffer>((text, encode) => encode?.(text) ?? text, Buffer.from(document));
    expect(await fetchOf(codings, body)).toBe(document);
  });

  test('gzip of several members, with a name and a comment, is read', async () => {
    // RFC 1952 section 2.3: flags for a name (8) and a comment (16), each ended by a zero.
    const plain = zlib.gzipSync(document.slice(0, 100));
    const named = Buffer.concat([
      plain.subarray(0, 3),
      Buffer.from([8 + 16]),
      plain.subarray(4, 10),
      Buffer.from('keys.json\0a comment\0'),
      plain.subarray(10),
    ]);
    expect(await fetchOf('gzip', Buffer.concat([named, zlib.gzipSync(document.slice(100))]))).toBe(document);
  });

  // The letter x, as the zlib, gzip and brotli modules of Python write it.
  test.each([
    ['deflate', '789cab000000790079'],
    ['deflate', 'ab0000'],
    ['gzip', '1f8b0800000000000203ab00008316dc8c01000000'],
    ['br', '0b00807803'],
    // A frame of one raw block, written by hand (RFC 8878 section 3.1.1).
    ['zstd', '28b52ffd200109000078'],
  ])('%s of another encoder is read (%#)', async (coding, hex) => {
    expect(await fetchOf(coding, Buffer.from(hex, 'hex'))).toBe('x');
  });
});

describe('rejects', () => {
  test.each([
    ['compress', 'compress'],
    ['aws-chunked', 'aws-chunked'],
    ['utf-8, x', 'utf-8, x'],
    ['aes128gcm', 'aes128gcm'],
  ])('a response with %s that is not JSON, and names the coding', async (coding, named) => {
    await expect(fetchOf(coding, Buffer.from('1f;chunk-signature=0\r\n{}'))).rejects.toThrow(
      `is not JSON, and its content-encoding is ${named};`,
    );
  });

  test('a response with gzip and an unknown coding that is not JSON', async () => {
    await expect(fetchOf('compress, gzip', zlib.gzipSync('\x1f\x9d'))).rejects.toThrow(
      'its content-encoding is compress;',
    );
  });

  test('a response with more than four codings', async () => {
    await expect(fetchOf('gzip,'.repeat(5), Buffer.from(document))).rejects.toThrow(
      'has 5 codings; the limit is 4',
    );
  });

  test('a response that is too large after its first coding', async () => {
    const inner = zlib.brotliCompressSync(Buffer.from(document));
    const wide = Buffer.concat([inner, Buffer.alloc(maxBytes)]);
    await expect(fetchOf('br, gzip', zlib.gzipSync(wide))).rejects.toThrow(
      `larger than ${maxBytes} bytes after decompression from gzip`,
    );
  });

  test('zstd with a window larger than 8 MiB', async () => {
    const params = { [zlib.constants.ZSTD_c_windowLog]: 27 };
    const encoder = zlib.createZstdCompress({ params });
    encoder.end(document);
    const chunks: Buffer[] = [];
    for await (const chunk of encoder) chunks.push(chunk);
    await expect(fetchOf('zstd', Buffer.concat(chunks))).rejects.toThrow(/cannot be decompressed/);
  });

  test.each(encoders)('a response with %s that is truncated anywhere (%#)', async (coding, encode) => {
    const whole = encode(document);
    for (const length of [0, 1, 2, 9, 10, 20, whole.length >> 1, whole.length - 1])
      await expect(fetchOf(coding, whole.subarray(0, length))).rejects.toThrow(
        `content-encoding is ${coding.toLowerCase()}, but the body cannot be decompressed`,
      );
  });

  test.each(encoders)('a response with %s that has another coding (%#)', async (coding) => {
    await expect(fetchOf(coding, Buffer.from(document))).rejects.toThrow(/cannot be decompressed/);
  });

  test.each(encoders)('a response with %s of one byte above the limit (%#)', async (coding, encode) => {
    expect(await fetchOf(coding, encode('y'.repeat(maxBytes)))).toHaveLength(maxBytes);
    await expect(fetchOf(coding, encode('y'.repeat(maxBytes + 1)))).rejects.toThrow(
      `larger than ${maxBytes} bytes after decompression from ${coding.toLowerCase()}`,
    );
  });

  test.each(encoders)(
    'a decompression bomb with %s, without allocating its size (%#)',
    async (coding, encode) => {
      const bomb = encode(Buffer.alloc(64 * 1024 * 1024));
      const held = () => process.memoryUsage().arrayBuffers + process.memoryUsage().external;
      const before = held();
      await expect(fetchOf(coding, bomb, 512 * 1024)).rejects.toThrow(/larger than 524288 bytes/);
      expect(held() - before).toBeLessThan(16 * 1024 * 1024);
    },
  );
});
