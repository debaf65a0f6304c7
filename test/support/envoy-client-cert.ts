/**
 * A model of how Envoy writes `x-forwarded-client-cert`, for certificates with any content. It follows Envoy's documentation and
 * the output of a real Envoy (test/e2e/client-certificates.test.ts), not our own reader.
 */
import fc from 'fast-check';

/** The fields of a certificate that Envoy forwards. */
export interface ModelCertificate {
  /** The SHA-256 in hexadecimal. */
  readonly hash: string;
  /** The parts of its subject: a type, and a value with any characters. */
  readonly subject: readonly (readonly [type: string, value: string])[];
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
}

/** The fields that a proxy adds to `By` and `Hash`. */
export type Details = Readonly<Record<'cert' | 'chain' | 'subject' | 'uri' | 'dns', boolean>>;

/** Characters of a distinguished name that RFC 2253 section 2.4 escapes. */
const escapedCharacters = ',+"\\<>;';

/** A subject in the form of RFC 2253: bytes beyond ASCII and control characters in hexadecimal. */
function rfc2253(subject: ModelCertificate['subject']): string {
  return subject.map(([type, value]) => `${type}=${escaped(value)}`).join(',');
}

function escaped(value: string): string {
  const last = value.length - 1;
  return [...value]
    .map((character, index) => {
      const isEdge = (index === 0 && ' #'.includes(character)) || (index === last && character === ' ');
      if (escapedCharacters.includes(character) || isEdge) return `\\${character}`;
      if (/^[\x20-\x7e]$/.test(character)) return character;
      return [...Buffer.from(character)]
        .map((byte) => `\\${byte.toString(16).padStart(2, '0').toUpperCase()}`)
        .join('');
    })
    .join('');
}

/** The element that a proxy writes for its peer. URIs and DNS names are not escaped. */
export function elementOf(
  peer: ModelCertificate,
  by: readonly string[],
  { cert, chain, subject, uri, dns }: Details,
): string {
  const pem = encodeURIComponent('-----BEGIN CERTIFICATE-----\nMII+/=\n-----END CERTIFICATE-----\n');
  const uris = peer.uris.length === 0 ? ['URI='] : peer.uris.map((one) => `URI=${one}`);
  return [
    ...by.map((one) => `By=${one}`),
    `Hash=${peer.hash}`,
    ...(cert ? [`Cert="${pem}"`] : []),
    ...(chain ? [`Chain="${pem}${pem}"`] : []),
    ...(subject ? [`Subject="${rfc2253(peer.subject)}"`] : []),
    ...(uri ? uris : []),
    ...(dns ? peer.dnsNames.map((one) => `DNS=${one}`) : []),
  ].join(';');
}

/** The header after a proxy: with `APPEND_FORWARD`, the received header and its own element. */
export function appended(got: string, element: string): string {
  return got === '' ? element : `${got},${element}`;
}

/** Random text with the characters that confuse parsers. */
export function collidingText(victim: string, uris: readonly string[]): fc.Arbitrary<string> {
  const pieces = [
    ...[',', ';', '=', '"', '\\', '\\"', '\\\\', '",', '";', '="', ' ', 'x', '#', 'é', '\\,', '\\;', '%22'],
    ...['By=', 'Hash=', 'Subject=', 'Subject="', 'URI=', 'DNS=', 'Cert="', 'X="', 'X=', 'by=', 'HASH='],
    ...[victim, `Hash=${victim}`, `;Hash=${victim};`, `,Hash=${victim}`, `,Hash=${victim};URI=`],
    ...uris,
    ...uris.flatMap((uri) => [
      `By=${uri};Hash=${victim}`,
      `,By=${uri};Hash=${victim};Subject="CN=v"`,
      `;URI=${uri}`,
      `,By=spiffe://x/y;Hash=${victim};Subject="";URI=${uri}`,
    ]),
  ];
  return fc.array(fc.constantFrom(...pieces), { maxLength: 7 }).map((parts) => parts.join(''));
}

/** The settings of a proxy. */
export const anyDetails: fc.Arbitrary<Details> = fc.record({
  cert: fc.boolean(),
  chain: fc.boolean(),
  subject: fc.boolean(),
  uri: fc.boolean(),
  dns: fc.boolean(),
});

/** A certificate from a CA that signs any request. */
export function anyCertificate(hash: string, text: fc.Arbitrary<string>): fc.Arbitrary<ModelCertificate> {
  return fc.record({
    hash: fc.constant(hash),
    subject: fc.array(fc.tuple(fc.constantFrom('CN', 'O', '2.5.4.3', 'emailAddress'), text), {
      maxLength: 3,
    }),
    uris: fc.array(text, { maxLength: 2 }),
    dnsNames: fc.array(text, { maxLength: 2 }),
  });
}
