/** Sends checks over gRPC like Envoy, with grpc-js and Envoy's official protos. */
import { fileURLToPath } from 'node:url';
import { type CallOptions, Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { officialCheck } from './official-protos.ts';

/** A CheckResponse as the official protos read it. */
export interface OfficialCheckResponse {
  readonly status?: { readonly code?: number };
  readonly okResponse?: {
    readonly headers?: readonly OfficialHeaderOption[];
    readonly headersToRemove?: readonly string[];
    readonly responseHeadersToAdd?: readonly OfficialHeaderOption[];
  };
  readonly deniedResponse?: {
    readonly status?: { readonly code?: string | number };
    readonly headers?: readonly OfficialHeaderOption[];
    readonly body?: string;
  };
  readonly dynamicMetadata?: { readonly fields?: Readonly<Record<string, Record<string, unknown>>> };
}

/** A HeaderValueOption as the official protos read it. */
export interface OfficialHeaderOption {
  readonly header?: { readonly key?: string; readonly value?: string };
  readonly append?: { readonly value?: boolean };
  readonly appendAction?: string;
}

/** The fields of AttributeContext.HttpRequest. */
export interface HttpAttributes {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly headerMap?: { readonly headers: readonly { key: string; value?: string; rawValue?: Buffer }[] };
}

/** A client of one listener. */
export interface GrpcClient {
  readonly check: (http: HttpAttributes, options?: CallOptions) => Promise<OfficialCheckResponse>;
  /** Sends any message, with any metadata. */
  readonly checkRaw: (
    message: object,
    options?: CallOptions,
    metadata?: Metadata,
  ) => Promise<OfficialCheckResponse>;
  /** Starts a check. @returns cancels it */
  readonly startCheck: (http: HttpAttributes, onEnd: (error: ServiceError | null) => void) => () => void;
  readonly health: (service?: string) => Promise<string>;
  /** Reports every status; the last one is `ended: CODE`. @returns cancels */
  readonly watch: (service: string, onStatus: (status: string) => void) => () => void;
  readonly close: () => void;
}

const folder = fileURLToPath(new URL('../../protos/', import.meta.url));
const health = loadSync('health.proto', { includeDirs: [folder], enums: String, defaults: true })[
  'grpc.health.v1.Health'
] as ServiceDefinition;
const { Check: healthCheck, Watch: healthWatch } = health as Record<
  'Check' | 'Watch',
  MethodDefinition<object, object>
>;

/**
 * Connects to a listener.
 *
 * @param ca the certificate of the CA, for TLS
 */
export function connectGrpc(port: number, ca?: string): GrpcClient {
  const channel = ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(ca));
  const client = new Client(`127.0.0.1:${port}`, channel, { 'grpc.ssl_target_name_override': 'localhost' });

  const unary = <Response>(
    method: MethodDefinition<object, object>,
    message: object,
    options: CallOptions,
    metadata: Metadata,
    onEnd: (error: ServiceError | null, response: Response | undefined) => void,
  ) =>
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      (bytes) => method.responseDeserialize(bytes) as Response,
      message,
      metadata,
      options,
      onEnd,
    );
  const answer = <Response>(
    method: MethodDefinition<object, object>,
    message: object,
    options = {},
    metadata = new Metadata(),
  ) =>
    new Promise<Response>((resolve, reject) => {
      unary<Response>(method, message, options, metadata, (error, response) =>
        error === null && response !== undefined ? resolve(response) : reject(error),
      );
    });

  return {
    check: (http, options) => answer(officialCheck, { attributes: { request: { http } } }, options),
    checkRaw: (message, options, metadata) => answer(officialCheck, message, options, metadata),
    startCheck: (http, onEnd) => {
      const message = { attributes: { request: { http } } };
      const call = unary(officialCheck, message, {}, new Metadata(), (error) => onEnd(error));
      return () => call.cancel();
    },
    health: async (service = '') => (await answer<{ status: string }>(healthCheck, { service })).status,
    watch: (service, onStatus) => {
      const { path, requestSerialize, responseDeserialize } = healthWatch;
      const read = (bytes: Buffer) => responseDeserialize(bytes) as { status: string };
      const stream = client.makeServerStreamRequest(path, requestSerialize, read, { service });
      stream.on('data', (response: { status: string }) => onStatus(response.status));
      stream.on('error', (error: ServiceError) => onStatus(`ended: ${status[error.code]}`));
      return () => stream.cancel();
    },
    close: () => client.close(),
  };
}
