/** Authenticates this service at an issuer (RFC 6749 section 2.3, RFC 7523 section 2.2, RFC 8705 section 2). */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import {
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  modifyAssertion,
  None,
  PrivateKeyJwt,
  TlsClientAuth,
} from 'openid-client';
import { clientAuthenticationOf } from '../../config/login/authentication-method.ts';
import type { ClientCertificate } from '../../issuer/fetch/trust.ts';
import type { LoginMetadata } from '../../issuer/source/login-metadata.ts';
import type { FollowedFiles } from '../../runtime/files/follow.ts';
import type { LoginIssuer } from '../login-issuer.ts';

type LoginConfig = LoginIssuer['config']['login'];

/** A file of the client is missing or unusable. The message names the option and the file, and has nothing of its content. */
export class ClientFileError extends Error {}

/** The authentication of one client. */
export interface Authentication {
  /** Reads the files, so that a changed secret is used. @throws ClientFileError */
  readonly create: (metadata: LoginMetadata) => Promise<ClientAuth>;
  /** The client certificate, if there is one. @throws ClientFileError */
  readonly certificate: () => ClientCertificate | undefined;
}

/** Creates the authentication that the options of an issuer describe. */
export function createAuthentication(login: LoginConfig, files: Pick<FollowedFiles, 'read'>): Authentication {
  const read = (
    option: 'clientSecretFile' | 'privateKeyFile' | 'clientAssertionFile' | 'certFile' | 'keyFile',
  ) => {
    const path = login[option];
    if (path === undefined) throw new ClientFileError(`\`issuers[].login.${option}\` is not set`);
    const text = readOrThrow(files, path, option).trimEnd();
    if (text === '') throw new ClientFileError(`the file ${path} (\`issuers[].login.${option}\`) is empty`);
    return text;
  };
  const method = clientAuthenticationOf(login);
  let known: { readonly pem: string; readonly key: KeyObject } | undefined;
  const privateKey = (): KeyObject => {
    const pem = read('privateKeyFile');
    if (known?.pem !== pem) known = { pem, key: parseKey(pem, login.privateKeyFile ?? '') };
    return known.key;
  };

  const create = async (metadata: LoginMetadata): Promise<ClientAuth> => {
    switch (method) {
      case 'client_secret_basic':
        return ClientSecretBasic(read('clientSecretFile'));
      case 'client_secret_post':
        return ClientSecretPost(read('clientSecretFile'));
      case 'private_key_jwt':
        return signedAssertion(privateKey(), login.privateKeyId, metadata);
      case 'client_assertion':
        return givenAssertion(read('clientAssertionFile'));
      case 'tls_client_auth':
        return TlsClientAuth();
      case 'none':
        return None();
    }
  };
  return {
    create,
    certificate: () =>
      login.certFile === undefined ? undefined : { cert: read('certFile'), key: read('keyFile') },
  };
}

/** Says which of our methods the issuer lists, if the configured one is not among them. */
export function listedMethods(login: LoginConfig, { clientAuthentications }: LoginMetadata): string {
  const method = clientAuthenticationOf(login);
  const name = method === 'client_assertion' ? 'private_key_jwt' : method;
  if (clientAuthentications === undefined || clientAuthentications.includes(name)) return '';
  const usable = methods.filter((one) => clientAuthentications.includes(one));
  return `; the issuer does not list ${name}, only ${usable.join(', ') || 'methods that this service does not support'}`;
}

const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth', 'none'];

function readOrThrow(files: Pick<FollowedFiles, 'read'>, path: string, option: string): string {
  try {
    return files.read(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new ClientFileError(`the file ${path} (\`issuers[].login.${option}\`) cannot be read${code}`);
  }
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new ClientFileError(
      `the file ${path} (\`issuers[].login.privateKeyFile\`) is not a private key in PEM without a password`,
    );
  }
}

/** The algorithms of a key: as the header of the assertion names it, and as WebCrypto does. */
interface KeyAlgorithm {
  readonly name: string;
  readonly webCrypto: Parameters<KeyObject['toCryptoKey']>[0];
}

const curves: Readonly<Record<string, { readonly name: string; readonly namedCurve: string }>> = {
  prime256v1: { name: 'ES256', namedCurve: 'P-256' },
  secp384r1: { name: 'ES384', namedCurve: 'P-384' },
  secp521r1: { name: 'ES512', namedCurve: 'P-521' },
};

/** The algorithm for a key: of several possible ones, the first that the issuer lists. */
function algorithmOf(key: KeyObject, listed: readonly string[] | undefined): KeyAlgorithm {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa') {
    const possible = ['RS256', 'PS256', 'RS384', 'PS384', 'RS512', 'PS512'];
    const name = possible.find((one) => listed?.includes(one)) ?? 'RS256';
    const scheme = name.startsWith('PS') ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5';
    return { name, webCrypto: { name: scheme, hash: `SHA-${name.slice(2)}` } };
  }
  if (type === 'ed25519') {
    const usesOldName = listed?.includes('Ed25519') !== true;
    return { name: usesOldName ? 'EdDSA' : 'Ed25519', webCrypto: { name: 'Ed25519' } };
  }
  const curve = type === 'ec' ? curves[details?.namedCurve ?? ''] : undefined;
  if (curve === undefined)
    throw new ClientFileError(
      'the key in `issuers[].login.privateKeyFile` must be RSA, P-256, P-384, P-521 or Ed25519',
    );
  return { name: curve.name, webCrypto: { name: 'ECDSA', namedCurve: curve.namedCurve } };
}

function signedAssertion(
  key: KeyObject,
  keyId: string | undefined,
  { assertionAlgorithms }: LoginMetadata,
): ClientAuth {
  const { name, webCrypto } = algorithmOf(key, assertionAlgorithms);
  const signing = key.toCryptoKey(webCrypto, false, ['sign']);
  return PrivateKeyJwt(keyId === undefined ? signing : { key: signing, kid: keyId }, {
    [modifyAssertion]: (header) => {
      header.alg = name;
    },
  });
}

/** An assertion that another service signed, such as a service account token (RFC 7523 section 2.2). */
function givenAssertion(assertion: string): ClientAuth {
  return (_, client, body) => {
    body.set('client_id', client.client_id);
    body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    body.set('client_assertion', assertion);
  };
}
