/** The CheckResponses with answers for browsers and changes of cookies, as the official protos read them. */
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../../src/model/decision.ts';
import { createToResponse } from '../../../../src/transport/grpc/check/decision-response.ts';
import { type Frame, messageOf } from '../../../../src/transport/grpc/message/framing.ts';
import { allowed, choicePage, loginRedirect, unsendable } from '../../../support/browser-decisions.ts';
import type { OfficialCheckResponse } from '../../../support/grpc-client.ts';
import { officialCheck } from '../../../support/official-protos.ts';

const dpop = { origins: [], maxAge: 60_000, maxProofs: 1 };
const toResponse = createToResponse({ realm: '', dpop, whenUnavailable: 'error', forwarded: [] }, (error) => {
  throw error;
});

function responseTo(decision: Decision): OfficialCheckResponse {
  return officialCheck.responseDeserialize(messageOf(toResponse(decision) as Frame)) as OfficialCheckResponse;
}

function deniedLines({ deniedResponse }: OfficialCheckResponse) {
  return deniedResponse?.headers?.map(({ header, append, appendAction }) => {
    // On a denial, Envoy loses every cookie with `append: true`. `append: false` is the default value of the message.
    expect(append?.value ?? false).toBe(false);
    expect(append).toBeDefined();
    expect(appendAction).toBe('OVERWRITE_IF_EXISTS_OR_ADD');
    return [header?.key, header?.value];
  });
}

const replaced = { append: { value: false }, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' };
const added = (key: string, value: string) => ({ header: { key, value }, append: { value: true } });

describe('an answer for a browser', () => {
  test('is a denial with the location and all cookies, and says in the metadata that it starts a login', () => {
    const response = responseTo(loginRedirect);
    expect(response).toMatchObject({
      status: { code: 16 },
      deniedResponse: { status: { code: 'Found' } },
      dynamicMetadata: {
        fields: {
          reason: { stringValue: 'login_required' },
          rule: { stringValue: 'shop' },
          login: { boolValue: true },
          decision: { stringValue: 'aaaaaaaaaaaaa' },
        },
      },
    });
    expect(response.okResponse).toBeUndefined();
    expect(deniedLines(response)).toEqual([
      ['location', 'https://issuer.example/authorize?state=%C3%BC'],
      ['cache-control', 'no-store'],
      ...(loginRedirect.outcome === 'deny' ? (loginRedirect.browser?.cookies ?? []) : []).map((cookie) => [
        'set-cookie',
        cookie,
      ]),
      ['x-oidc-authz-decision', 'aaaaaaaaaaaaa'],
    ]);
  });

  test('can be a page with status 200, because its code denies the request', () => {
    const response = responseTo(choicePage);
    expect(response).toMatchObject({
      status: { code: 16 },
      deniedResponse: { status: { code: 'OK' }, body: '<p>Anmelden für 日本 bbbbbbbbbbbbb</p>' },
    });
    expect(response.dynamicMetadata?.fields).not.toHaveProperty('login');
  });

  test('after a sign-out does not say that it starts a login', () => {
    const browser = { status: 302, location: 'https://issuer.example/end', cookies: [] } as const;
    const response = responseTo({ outcome: 'deny', reason: 'signed_out', browser });
    expect(response.dynamicMetadata?.fields).toEqual({ reason: { stringValue: 'signed_out' } });
  });

  test('of a failure has the code of the failure', () => {
    const browser = { status: 403, cookies: [] } as const;
    expect(responseTo({ outcome: 'error', reason: 'login_unavailable', browser })).toMatchObject({
      status: { code: 14 },
      deniedResponse: { status: { code: 'Forbidden' } },
    });
  });

  test.each(unsendable)('with %s is not sent, but that of the reason', (_, browser) => {
    const response = responseTo({
      ...loginRedirect,
      browser: { status: 302, cookies: [], ...browser },
    } as Decision);
    expect(response).toEqual(
      responseTo({ outcome: 'deny', reason: 'login_required', id: 'aaaaaaaaaaaaa', rule: 'shop' }),
    );
  });
});

describe('an allow', () => {
  const plain = responseTo(allowed(undefined));

  test('adds its cookies to those of the workload, and replaces the cookie header', () => {
    const response = responseTo(allowed({ set: ['a=1; Path=/', 'b=2; Path=/'], forwarded: 'theme=ü' }));
    expect(response).toEqual({
      ...plain,
      okResponse: {
        ...plain.okResponse,
        headers: [
          ...(plain.okResponse?.headers ?? []),
          { header: { key: 'cookie', value: 'theme=ü' }, ...replaced },
        ],
        responseHeadersToAdd: [
          added('set-cookie', 'a=1; Path=/'),
          added('set-cookie', 'b=2; Path=/'),
          added('cache-control', 'private'),
        ].map((option) => expect.objectContaining(option)),
      },
    });
  });

  test('removes a cookie header with nothing else in it', () => {
    const response = responseTo(allowed({ set: [], forwarded: '' }));
    expect(response).toEqual({
      ...plain,
      okResponse: {
        ...plain.okResponse,
        headersToRemove: [...(plain.okResponse?.headersToRemove ?? []), 'cookie'],
      },
    });
  });

  test('leaves out a cookie that is not a header value', () => {
    const response = responseTo(allowed({ set: ['a=1\r\nx: y'], forwarded: undefined }));
    expect(response).toEqual(plain);
  });

  test('of any length is one message', () => {
    for (const length of [0, 1, 50, 100, 127, 128, 5_000, 16_384, 20_000]) {
      const value = 'x'.repeat(length);
      const response = responseTo(allowed({ set: [`a=${value}`], forwarded: `b=${value}` }));
      expect(response.okResponse?.headers?.at(-1)?.header?.value).toBe(`b=${value}`);
      expect(response.dynamicMetadata).toEqual(plain.dynamicMetadata);
    }
  });

  test('leaves the prepared bytes unchanged', () => {
    const decision = allowed(undefined);
    const before = toResponse(decision);
    toResponse({ ...decision, cookies: { set: ['a=1'], forwarded: '' } });
    expect(toResponse(decision)).toBe(before);
    expect(officialCheck.responseDeserialize(messageOf(before as Frame))).toEqual(plain);
  });
});

test('decoders differ about two allows in one response, so fields are inserted into the first', () => {
  const bytes = (message: object) => Buffer.from(officialCheck.responseSerialize(message));
  const twice = Buffer.concat([
    bytes({ status: { code: 0 }, okResponse: { headersToRemove: ['a'] } }),
    bytes({ okResponse: { headersToRemove: ['b'] } }),
  ]);
  // Envoy reads both names (protobuf.dev, "Last One Wins"); this decoder reads only the last.
  expect(officialCheck.responseDeserialize(twice)).toMatchObject({ okResponse: { headersToRemove: ['b'] } });
});
