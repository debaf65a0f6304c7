/** Content codings (RFC 9110 section 8.4). Some servers and caches compress although the request does not accept it. */
import { promisify } from 'node:util';
import zlib, { type BrotliOptions, type ZlibOptions, type ZstdOptions } from 'node:zlib';
import { withoutByteOrderMark } from '../../runtime/byte-order-mark.ts';

/** Decodes a body; rejects if it has another coding, is truncated, or becomes larger than `maxBytes`. */
type Decode = (body: Buffer, maxBytes: number) => Promise<Buffer>;

/** Maximum number of codings of one body. */
const mostCodings = 4;

/** The largest window of `zstd`, as a power of two in bytes (RFC 9659 section 3). */
const zstdWindow = { [zlib.constants.ZSTD_d_windowLogMax]: 23 };

const bounded =
  (decode: (body: Buffer, options: ZlibOptions & BrotliOptions & ZstdOptions) => Promise<Buffer>): Decode =>
  (body, maxOutputLength) =>
    decode(body, { maxOutputLength });

const gunzip = bounded(promisify(zlib.gunzip));
const inflate = bounded(promisify(zlib.inflate));
const inflateRaw = bounded(promisify(zlib.inflateRaw));
const unzstd = promisify(zlib.zstdDecompress);

const decoders: ReadonlyMap<string, Decode> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', (body, maxBytes) => (isZlib(body) ? inflate : inflateRaw)(body, maxBytes)],
  ['br', bounded(promisify(zlib.brotliDecompress))],
  ['zstd', bounded((body, options) => unzstd(body, { ...options, params: zstdWindow }))],
]);

/**
 * Finds the decoder of a body. Decoding stops at the limit, whatever the body claims.
 *
 * An unknown coding is ignored: file servers repeat values such as `aws-chunked` for objects that no longer have that coding. The
 * decoder rejects such a body only if it is not JSON.
 *
 * @param contentEncoding the value of the header; empty if absent.
 * @returns a decoder that rejects with an Error that names the coding.
 * @throws Error if there are more than {@link mostCodings} codings
 */
export function decoderOf(contentEncoding: string): Decode {
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  const known = codings.filter((coding) => decoders.has(coding));
  if (known.length > mostCodings)
    throw new Error(`its content-encoding has ${known.length} codings; the limit is ${mostCodings}`);
  const unknown = codings.filter((coding) => !decoders.has(coding));
  return async (body, maxBytes) => {
    let decoded = body;
    // The header lists codings in the order in which they were applied.
    for (const coding of known.toReversed()) decoded = await decodeOne(coding, decoded, maxBytes);
    if (unknown.length > 0 && !isJson(decoded))
      throw new Error(
        `the response is not JSON, and its content-encoding is ${unknown.join(', ').slice(0, 100)}; turn compression off there, or use gzip, deflate, br or zstd`,
      );
    return decoded;
  };
}

async function decodeOne(coding: string, body: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return (await decoders.get(coding)?.(body, maxBytes)) ?? body;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
      throw new Error(
        `the response is larger than ${maxBytes} bytes after decompression from ${coding}; raise \`limits.maxIssuerResponseSize\``,
      );
    throw new Error(`its content-encoding is ${coding}, but the body cannot be decompressed`);
  }
}

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(withoutByteOrderMark(body.toString()));
    return true;
  } catch {
    return false;
  }
}

/** Whether a `deflate` body has the header of RFC 1950 section 2.2. Some servers send plain RFC 1951 data. */
function isZlib([method = 0, flags = 0]: Buffer): boolean {
  return method % 16 === 8 && (method * 256 + flags) % 31 === 0;
}
