/** Content codings (RFC 9110 section 8.4): some servers, and the caches before them, compress although nobody asks for it. */
import { promisify } from 'node:util';
import zlib, { type BrotliOptions, type ZlibOptions } from 'node:zlib';

/** Decodes a body; rejects where it is not of the coding, is cut, or takes more than some bytes. */
type Decode = (body: Buffer, maxBytes: number) => Promise<Buffer>;

const bounded =
  (decode: (body: Buffer, options: ZlibOptions & BrotliOptions) => Promise<Buffer>): Decode =>
  (body, maxOutputLength) =>
    decode(body, { maxOutputLength });

const gunzip = bounded(promisify(zlib.gunzip));
const inflate = bounded(promisify(zlib.inflate));
const inflateRaw = bounded(promisify(zlib.inflateRaw));

const decoders: ReadonlyMap<string, Decode> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', (body, maxBytes) => (isZlib(body) ? inflate : inflateRaw)(body, maxBytes)],
  ['br', bounded(promisify(zlib.brotliDecompress))],
]);

/**
 * Finds what decodes a body. However small the body and however large what it claims to be: no more memory is taken than both of the
 * bounds together, and decoding ends at the limit.
 *
 * @param contentEncoding the value of the header; empty for none
 * @returns decodes a body into one of at most so many bytes; rejects with an Error that names the coding
 * @throws Error that names the codings, where they are not supported
 */
export function decoderOf(contentEncoding: string): Decode {
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  const [coding, ...others] = codings;
  if (coding === undefined) return async (body) => body;
  const decode = decoders.get(coding);
  if (decode === undefined || others.length > 0) {
    throw new Error(
      `its content-encoding is ${codings.join(', ').slice(0, 100)}; only one of gzip, deflate and br is supported, and nobody asked for it`,
    );
  }
  return async (body, maxBytes) => {
    try {
      return await decode(body, maxBytes);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
        throw new Error(`it is larger than ${maxBytes} bytes when it is decompressed from ${coding}`);
      throw new Error(`its content-encoding is ${coding}, but it cannot be decompressed from that`);
    }
  };
}

/** Whether a body of `deflate` begins as RFC 1950 section 2.2 says. Some servers send what RFC 1951 defines, without that. */
function isZlib([method = 0, flags = 0]: Buffer): boolean {
  return method % 16 === 8 && (method * 256 + flags) % 31 === 0;
}
