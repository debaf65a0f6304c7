/** Reads the parts of an issuer's metadata that a login uses (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2). */
import { urlProblem } from '../../config/values/urls.ts';
import { namedUrlProblem } from '../fetch/guarded-lookup.ts';

/** The metadata of an issuer that signs people in. It is JSON, so that workers can receive it. */
export interface LoginMetadata {
  readonly endpoints: LoginEndpoints;
  /** `require_pushed_authorization_requests` (RFC 9126 section 5). */
  readonly requiresPushedRequests: boolean;
  /** `authorization_response_iss_parameter_supported` (RFC 9207 section 3). */
  readonly sendsIssuer: boolean;
  /** `token_endpoint_auth_methods_supported`; undefined if the issuer does not say. */
  readonly clientAuthentications: readonly string[] | undefined;
  /** `token_endpoint_auth_signing_alg_values_supported`. */
  readonly assertionAlgorithms: readonly string[] | undefined;
  /** `id_token_signing_alg_values_supported`. */
  readonly idTokenAlgorithms: readonly string[] | undefined;
  /** The URL of the document that names the endpoints; undefined if the configuration does. */
  readonly from: string | undefined;
}

/** The endpoints of a login, as URLs. */
export interface LoginEndpoints {
  readonly authorization: string;
  readonly token: string;
  readonly endSession?: string | undefined;
  readonly revocation?: string | undefined;
  readonly pushedRequest?: string | undefined;
}

/** The name of an endpoint. */
export type EndpointName = keyof LoginEndpoints;

/** The member of each endpoint in the document. */
export const endpointMembers = {
  authorization: 'authorization_endpoint',
  token: 'token_endpoint',
  endSession: 'end_session_endpoint',
  revocation: 'revocation_endpoint',
  pushedRequest: 'pushed_authorization_request_endpoint',
} as const satisfies Record<EndpointName, string>;

/** The endpoints that this service calls itself. The others are for browsers. */
const calledEndpoints: ReadonlySet<EndpointName> = new Set(['token', 'revocation', 'pushedRequest']);

const members: ReadonlySet<string> = new Set([
  ...Object.values(endpointMembers),
  'mtls_endpoint_aliases',
  'require_pushed_authorization_requests',
  'authorization_response_iss_parameter_supported',
  'code_challenge_methods_supported',
  'token_endpoint_auth_methods_supported',
  'token_endpoint_auth_signing_alg_values_supported',
  'id_token_signing_alg_values_supported',
]);

/** Maximum number of values of a list that are kept. */
const maxListed = 64;

/** A discovery document. */
export interface DiscoveryDocument {
  readonly url: string;
  readonly issuer: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** The names of members that the document has more than once. */
  readonly repeated: readonly string[];
}

/**
 * Reads the metadata.
 *
 * @param usesCertificate whether this service shows a client certificate, which can need other addresses (RFC 8705 section 5)
 * @returns the metadata or a problem. Both, if only an endpoint that a login does not need has the problem.
 */
export function readLoginMetadata(
  { url, issuer, content, repeated }: DiscoveryDocument,
  usesCertificate: boolean,
): { readonly metadata?: LoginMetadata; readonly problem?: string } {
  const twice = repeated.find((name) => members.has(name));
  if (twice !== undefined)
    return {
      problem: `the discovery document ${url} has two members named ${twice}, which is ambiguous; no login is possible`,
    };
  const problems: string[] = [];
  const addresses = usesCertificate ? { ...content, ...aliasesOf(content) } : content;
  const endpoint = (name: EndpointName): string | undefined => {
    const member = endpointMembers[name];
    const value = (calledEndpoints.has(name) ? addresses : content)[member] ?? undefined;
    if (value === undefined) return undefined;
    const problem =
      typeof value === 'string'
        ? (urlProblem(value) ?? namedUrlProblem(value, url, issuer, `login.${name}Endpoint`))
        : 'must be a string';
    if (problem === undefined) return String(value);
    problems.push(`the ${member} of ${url} is rejected: ${problem}`);
    return undefined;
  };
  const [authorization, token] = [endpoint('authorization'), endpoint('token')];
  const lists = (name: string) => listOf(content[name]);
  if (authorization === undefined || token === undefined)
    return {
      problem:
        problems[0] ??
        `the discovery document ${url} has no ${authorization === undefined ? 'authorization_endpoint' : 'token_endpoint'}; no login is possible`,
    };
  if (lists('code_challenge_methods_supported')?.includes('S256') === false)
    return {
      problem: `the issuer does not support PKCE with S256 (code_challenge_methods_supported of ${url}); enable it there, no login is possible without it`,
    };
  const pushedRequest = endpoint('pushedRequest');
  const requiresPushedRequests = content.require_pushed_authorization_requests === true;
  if (requiresPushedRequests && pushedRequest === undefined)
    return {
      problem:
        problems[0] ??
        `the issuer requires pushed authorization requests, but the discovery document ${url} has no pushed_authorization_request_endpoint`,
    };
  const metadata: LoginMetadata = {
    endpoints: {
      authorization,
      token,
      endSession: endpoint('endSession'),
      revocation: endpoint('revocation'),
      pushedRequest,
    },
    requiresPushedRequests,
    sendsIssuer: content.authorization_response_iss_parameter_supported === true,
    clientAuthentications: lists('token_endpoint_auth_methods_supported'),
    assertionAlgorithms: lists('token_endpoint_auth_signing_alg_values_supported'),
    idTokenAlgorithms: lists('id_token_signing_alg_values_supported'),
    from: url,
  };
  return problems[0] === undefined ? { metadata } : { metadata, problem: problems[0] };
}

function aliasesOf({ mtls_endpoint_aliases: aliases }: DiscoveryDocument['content']): object {
  return typeof aliases === 'object' && aliases !== null ? aliases : {};
}

/** The strings of a list; undefined if it is not a list. */
function listOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter((one) => typeof one === 'string').slice(0, maxListed);
}
