/** Reads and writes our minimal protos with proto-loader, to compare the messages of the service. */
import { fileURLToPath } from 'node:url';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';

/** Reads and writes the messages of one method. */
export interface MessageCodec<Request, Response> {
  /** Throws if the bytes are not such a message. */
  readonly readRequest: (bytes: Buffer) => Request;
  readonly writeRequest: (message: Request) => Buffer;
  readonly writeResponse: (message: Response) => Buffer;
  /** Reads a written message. */
  readonly readResponse: (bytes: Buffer) => Response;
}

const folder = fileURLToPath(new URL('../../protos/', import.meta.url));

/**
 * Loads the codec of a method. Field names are in camel case, enum values are names, and a field that was not
 * sent is absent.
 *
 * @param file in `protos/`
 */
export function loadCodec<Request, Response>(
  file: string,
  service: string,
  method: string,
): MessageCodec<Request, Response> {
  const definitions = loadSync(file, { includeDirs: [folder], enums: String, longs: Number });
  const { requestDeserialize, requestSerialize, responseSerialize, responseDeserialize } = methodOf(
    definitions[service] as ServiceDefinition,
    method,
  );
  return {
    readRequest: (bytes) => requestDeserialize(bytes) as Request,
    writeRequest: (message) => requestSerialize(message as object),
    writeResponse: (message) => responseSerialize(message as object),
    readResponse: (bytes) => responseDeserialize(bytes) as Response,
  };
}

function methodOf(service: ServiceDefinition, name: string): ServiceDefinition[string] {
  const method = service[name];
  if (method === undefined) throw new TypeError(`the proto defines no method ${name}`);
  return method;
}

/** Loads the codec of the Check method. */
export function loadCheckCodec(): MessageCodec<CheckRequestMessage, CheckResponseMessage> {
  return loadCodec('external_auth.proto', 'envoy.service.auth.v3.Authorization', 'Check');
}

/** envoy.service.auth.v3.CheckRequest. */
export interface CheckRequestMessage {
  readonly attributes?: {
    readonly source?: {
      readonly certificate?: string;
      readonly principal?: string;
      readonly address?: { readonly socketAddress?: { readonly address?: string } };
    };
    readonly request?: { readonly http?: HttpRequestMessage };
    readonly contextExtensions?: Readonly<Record<string, string>>;
  };
}

/** envoy.service.auth.v3.AttributeContext.HttpRequest. */
export interface HttpRequestMessage {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly headerMap?: { readonly headers?: readonly HeaderValueMessage[] };
}

/** envoy.config.core.v3.HeaderValue. */
export interface HeaderValueMessage {
  readonly key?: string;
  readonly value?: string;
  readonly rawValue?: Uint8Array;
}

/** envoy.config.core.v3.HeaderValueOption. */
export interface HeaderValueOptionMessage {
  readonly header: HeaderValueMessage;
  readonly append: { readonly value: false };
  readonly appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD';
}

/** envoy.service.auth.v3.CheckResponse. */
export interface CheckResponseMessage {
  readonly status: { readonly code: number };
  readonly okResponse?: {
    readonly headers: readonly HeaderValueOptionMessage[];
    readonly headersToRemove: readonly string[];
  };
  readonly deniedResponse?: {
    readonly status: { readonly code: number };
    readonly headers: readonly HeaderValueOptionMessage[];
    readonly body: string;
  };
  readonly dynamicMetadata: StructMessage;
}

/** google.protobuf.Struct. */
export interface StructMessage {
  readonly fields: Readonly<Record<string, ValueMessage>>;
}

/** google.protobuf.Value. */
export type ValueMessage =
  | { readonly stringValue: string }
  | { readonly numberValue: number }
  | { readonly listValue: { readonly values: readonly ValueMessage[] } };
