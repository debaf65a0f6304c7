/** Encodes header blocks (RFC 7541) without the dynamic table, so that a block can be prepared and sent at any time. */
import type { Field } from './field.ts';

/** Encodes fields, with names in lower case. */
export declare function encodeHeaders(fields: readonly Field[]): Buffer;
