/** Content codings (RFC 9110 section 8.4): some servers, and the caches before them, compress although nobody asks for it. */
import { promisify } from 'node:util';
import zlib, { type BrotliOptions, type ZlibOptions, type ZstdOptions } from 'node:zlib';
import { withoutByteOrderMark } from '../../runtime/byte-order-mark.ts';

/** Decodes a body; rejects where it is not of the coding, is cut, or takes more than some bytes. */
type Decode = (body: Buffer, maxBytes: number) => Promise<Buffer>;

/** The most codings that are undone, one after the other. */
const mostCodings = 4;

/** The largest window of `zstd`, as the power of two of its bytes: what RFC 9659 section 3 lets a server use. */
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
 * Finds what decodes a body. However small the body and however large what it claims to be: no more memory is taken than both of the
 * bounds together for each coding, and decoding ends at the limit.
 *
 * A coding that is not known says nothing: servers of files repeat what their owner once typed, and `aws-chunked` stays on objects that are
 * not in it any more. Only a body that is no JSON then is refused.
 *
 * @param contentEncoding the value of the header; empty for none
 * @returns decodes a body into one of at most so many bytes; rejects with an Error that names the coding
 * @throws Error where there are more than {@link mostCodings}
 */
export function decoderOf(contentEncoding: string): Decode {
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  const known = codings.filter((coding) => decoders.has(coding));
  if (known.length > mostCodings)
    throw new Error(`its content-encoding has ${known.length} codings, more than ${mostCodings}`);
  const unknown = codings.filter((coding) => !decoders.has(coding));
  return async (body, maxBytes) => {
    let decoded = body;
    // They are listed in the order in which they were applied.
    for (const coding of known.toReversed()) decoded = await undo(coding, decoded, maxBytes);
    if (unknown.length > 0 && !isJson(decoded))
      throw new Error(
        `the answer is not JSON, and its content-encoding is ${unknown.join(', ').slice(0, 100)}; gzip, deflate, br and zstd are supported, and nobody asked for any`,
      );
    return decoded;
  };
}

async function undo(coding: string, body: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return (await decoders.get(coding)?.(body, maxBytes)) ?? body;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
      throw new Error(`it is larger than ${maxBytes} bytes when it is decompressed from ${coding}`);
    throw new Error(`its content-encoding is ${coding}, but it cannot be decompressed from that`);
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

/** Whether a body of `deflate` begins as RFC 1950 section 2.2 says. Some servers send what RFC 1951 defines, without that. */
function isZlib([method = 0, flags = 0]: Buffer): boolean {
  return method % 16 === 8 && (method * 256 + flags) % 31 === 0;
}
