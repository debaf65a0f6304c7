/** The fields of Envoy's messages that this service touches, as the codec gives and takes them. */

/** envoy.service.auth.v3.CheckRequest. */
export interface CheckRequestMessage {
  readonly attributes?: { readonly request?: { readonly http?: HttpRequestMessage } };
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
