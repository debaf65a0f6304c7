/** Reads what the client of `node:http2` (nghttp2) sends: it uses the dynamic table, Huffman, and fields that are never indexed. */
import { type OutgoingHttpHeaders, sensitiveHeaders } from 'node:http2';
import { expect, test } from 'vitest';
import type { Field } from '../../../../../src/transport/grpc/http2/hpack/field.ts';
import { nghttp2Blocks } from '../../../../support/nghttp2-blocks.ts';
import { decodeAll } from './decoding.ts';

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
  const blocks = await nghttp2Blocks(requests, tableSize);
  const inOrder = (fields: readonly Field[]) => fields.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const { fields, error } = decodeAll(blocks);
  expect(error).toBeUndefined();
  expect(fields.map(inOrder)).toEqual(requests.map((one) => inOrder(sentFields(one))));
  // Without the blocks before it, the last one cannot be read.
  if (tableSize > 100) expect(decodeAll(blocks.slice(-1)).error).toMatch('in neither table');
});
