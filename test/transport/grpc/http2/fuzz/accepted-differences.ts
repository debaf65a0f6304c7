/** The differences between the service's own HTTP/2 and another server that are intended, each with its reason. */
import type { Trait } from './traits.ts';

/** A trait of the bytes, or a change of the generator, for which the other server may differ. */
export interface AcceptedDifference {
  readonly trait: Trait;
  readonly servers: readonly ('node:http2' | 'Go')[];
  readonly reason: string;
}

const node = ['node:http2'] as const;
const go = ['Go'] as const;
const both = ['node:http2', 'Go'] as const;

export const acceptedDifferences: readonly AcceptedDifference[] = [
  {
    trait: 'a SETTINGS acknowledgement that answers nothing',
    servers: both,
    reason: 'RFC 9113 has no rule for it; it changes nothing, so the connection stays open',
  },
  {
    trait: 'a PING acknowledgement that answers nothing',
    servers: node,
    reason: 'RFC 9113 section 6.7 has no rule for it; it changes nothing, so the connection stays open',
  },
  {
    trait: 'GOAWAY',
    servers: both,
    reason:
      'RFC 9113 section 6.8: it concerns the streams of the server; the calls of the client are still served',
  },
  {
    trait: 'PRIORITY of a wrong length',
    servers: both,
    reason: 'RFC 9113 section 6.3: an error of the stream; the others end the connection',
  },
  {
    trait: 'PRIORITY on stream 0',
    servers: node,
    reason: 'RFC 9113 section 6.3: an error of the connection; nghttp2 ignores it',
  },
  {
    trait: 'PRIORITY of itself',
    servers: both,
    reason:
      'RFC 7540 section 5.3.1: an error of the stream; RFC 9113 section 5.3.2 deprecates it, and nghttp2 ignores it',
  },
  {
    trait: 'HEADERS of itself',
    servers: both,
    reason: 'RFC 7540 section 5.3.1: an error of the stream; nghttp2 ends the connection',
  },
  {
    trait: 'a wrong ENABLE_CONNECT_PROTOCOL',
    servers: both,
    reason: 'RFC 9113 section 6.5.2: an unsupported setting is ignored; the others support RFC 8441',
  },
  {
    trait: 'a setting twice in one frame',
    servers: go,
    reason: 'RFC 9113 section 6.5.3: values are processed in order; Go ends the connection',
  },
  {
    trait: 'a wrong setting before another value of it',
    servers: node,
    reason: 'RFC 9113 section 6.5.3: values are processed in order; nghttp2 checks the last value only',
  },
  {
    trait: 'padding beyond HEADERS',
    servers: go,
    reason: 'RFC 9113 section 6.2: an error of the connection; Go resets the stream',
  },
  {
    trait: 'HEADERS after the end',
    servers: both,
    reason:
      'RFC 9113 section 5.1: STREAM_CLOSED for the connection if the stream has closed; Go resets it, nghttp2 ignores some',
  },
  {
    trait: 'HEADERS after RST_STREAM',
    servers: both,
    reason:
      'RFC 9113 section 5.1: STREAM_CLOSED for the connection; nghttp2 ignores some, Go has PROTOCOL_ERROR',
  },
  {
    trait: 'HEADERS of a skipped stream',
    servers: node,
    reason: 'RFC 9113 section 5.1.1: an error of the connection; nghttp2 ignores them',
  },
  {
    trait: 'DATA on a closed stream',
    servers: both,
    reason: 'RFC 9113 section 5.1: STREAM_CLOSED for the stream; nghttp2 ends the connection',
  },
  {
    trait: 'trailers without END_STREAM',
    servers: both,
    reason: 'RFC 9113 section 8.1: malformed, so the stream ends',
  },
  {
    trait: 'trailers with a pseudo-header',
    servers: both,
    reason: 'RFC 9113 section 8.1: malformed, so the stream ends; nghttp2 and Go end the connection for some',
  },
  {
    trait: 'WINDOW_UPDATE of 0 on a stream',
    servers: both,
    reason:
      'RFC 9113 section 6.9: an error of the stream; nghttp2 ends the connection, and Go at its trailers',
  },
  {
    trait: 'WINDOW_UPDATE of 0 on an unknown stream',
    servers: go,
    reason: 'RFC 9113 section 5.1: an error of the connection if the stream is idle; Go resets the stream',
  },
  {
    trait: 'WINDOW_UPDATE beyond the limit of a stream',
    servers: node,
    reason: 'RFC 9113 section 6.9.1: an error of the stream; nghttp2 ends the connection',
  },
  {
    trait: 'INITIAL_WINDOW_SIZE beyond the limit of a stream',
    servers: both,
    reason: 'RFC 9113 section 6.9.2: an error of the connection; Go resets the stream',
  },
  {
    trait: 'a name that is not a token',
    servers: both,
    reason:
      'RFC 9113 section 8.2.1: malformed, so the stream ends; nghttp2 ignores the field, Go ends the connection at the next frame of the stream',
  },
  {
    trait: 'a name with a colon',
    servers: both,
    reason: 'RFC 9113 section 8.2.1: malformed, so the stream ends; nghttp2 ignores the field',
  },
  {
    trait: 'a value with NUL, CR or LF',
    servers: both,
    reason:
      'RFC 9113 section 8.2.1: malformed; this service does not validate values that it does not read, Go ends the connection at the next frame of the stream',
  },
  {
    trait: 'white space around a value',
    servers: both,
    reason: 'RFC 9113 section 8.2.1: malformed; this service does not validate values that it does not read',
  },
  {
    trait: 'wrong pseudo-headers',
    servers: go,
    reason:
      'RFC 9113 section 8.3: malformed, so the stream ends; Go ends the connection at the next frame of the stream',
  },
  {
    trait: 'no :authority',
    servers: node,
    reason: 'RFC 9113 section 8.3.1 does not demand it; nghttp2 does',
  },
  {
    trait: 'host',
    servers: both,
    reason:
      'RFC 9113 section 8.3.1: a server may reject a host that differs; Go does, and nghttp2 if it is empty',
  },
  {
    trait: 'an unusual path',
    servers: both,
    reason:
      'RFC 9113 section 8.3.1: the path is compared with those of the methods, so any other one is a method that does not exist; Go parses it',
  },
  {
    trait: 'CONNECT',
    servers: both,
    reason: 'RFC 9113 section 8.5: the others support tunnels',
  },
  {
    trait: 'more than 256 fields',
    servers: node,
    reason:
      'RFC 9113 section 10.5.1: node:http2 has this limit; this service stores no fields, so it has none',
  },
  {
    trait: 'more than 60,000 bytes of fields',
    servers: both,
    reason: 'RFC 9113 section 10.5.1: each has its own limit for a block',
  },
  {
    trait: 'content-length twice',
    servers: go,
    reason: 'RFC 9110 section 8.6: invalid; Go takes the first',
  },
  {
    trait: 'a content-length that is not a number',
    servers: go,
    reason: 'RFC 9110 section 8.6: invalid; Go ignores it',
  },
  {
    trait: 'te other than trailers',
    servers: both,
    reason: 'RFC 9113 section 8.2.2: malformed',
  },
  {
    trait: 'te twice',
    servers: go,
    reason: 'RFC 9113 section 8.2.2: both lines have the only allowed value; Go accepts one line',
  },
  {
    trait: 'a scheme with wrong characters',
    servers: both,
    reason: 'RFC 9113 section 8.3.1: malformed; this service does not read the scheme',
  },
  {
    trait: 'a connection-specific field',
    servers: go,
    reason: 'RFC 9113 section 8.2.2: malformed, so the stream ends; Go ends the connection at its trailers',
  },
  {
    trait: 'a method that is not a token',
    servers: go,
    reason: 'RFC 9110 section 9.1: malformed; Go delivers it',
  },
  {
    trait: 'a first frame that is not SETTINGS',
    servers: go,
    reason: 'RFC 9113 section 3.4: an error of the connection; Go accepts others',
  },
  {
    trait: 'a compression error',
    servers: go,
    reason:
      'RFC 9113 section 4.3: an error of the connection; Go does not decode the rest of a malformed block',
  },
  {
    trait: 'NO_RFC7540_PRIORITIES',
    servers: both,
    reason: 'RFC 9113 section 6.5.2: an unsupported setting is ignored; the others support RFC 9218',
  },
  {
    trait: 'padding beyond DATA',
    servers: node,
    reason: 'RFC 9113 section 6.1: an error of the connection; nghttp2 ignores it on closed streams',
  },
  {
    trait: 'a content-length that differs',
    servers: both,
    reason:
      'RFC 9113 section 8.1.1: an error of the stream; node:http2 ends the connection, and Go when the next frame comes',
  },
  {
    trait: 'a size of the table in the middle',
    servers: go,
    reason: 'RFC 7541 section 4.2: only at the beginning; Go accepts it while its table is empty',
  },
  {
    trait: 'a value with DEL',
    servers: go,
    reason: 'RFC 9113 section 8.2.1 allows it; Go does not',
  },
  {
    trait: 'trailers with a field of requests',
    servers: both,
    reason: 'RFC 9110 section 6.5.1: each server has its own list of fields that trailers may not have',
  },
  {
    trait: 'PRIORITY_UPDATE on a stream',
    servers: go,
    reason:
      'RFC 9218 section 7.1: an error of the connection; this service and nghttp2 do not support the frame',
  },
  {
    trait: 'PRIORITY_UPDATE of a wrong length',
    servers: go,
    reason: 'RFC 9218 section 7.1: this service and nghttp2 do not support the frame, so they ignore it',
  },
  {
    trait: 'nothing at all',
    servers: go,
    reason:
      'RFC 9113 section 8.3: malformed, so the stream ends; Go ends the connection at the next frame of the stream',
  },
  {
    trait: 'data beyond the first window of the stream',
    servers: both,
    reason:
      'RFC 9113 section 6.9.1: the client ignores the window; the others have raised it or not, this service always has',
  },
  {
    trait: 'trailers with a malformed field',
    servers: node,
    reason: 'RFC 9113 section 8.2.1: malformed, so the stream ends; nghttp2 ignores the field',
  },
  {
    trait: 'an unusual :authority',
    servers: both,
    reason: 'RFC 9113 section 8.3.1: this service does not read it; the others parse it',
  },
];
