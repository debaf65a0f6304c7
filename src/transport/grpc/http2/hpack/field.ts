/** Header fields (RFC 7541 section 1.3). */

/** A field. Both parts have one character per byte. */
export type Field = readonly [name: string, value: string];

/** A header block that cannot be decoded. The state of the compression is lost, so the connection ends (RFC 7541 section 2.3.3). */
export class CompressionError extends Error {}
