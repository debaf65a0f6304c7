/** The entries that connect a proxy with an authorizer, in one form for all meshes. */
import { isMapping } from '../../../config/values/mapping.ts';
import type { Place } from '../finding.ts';
import { type KubeObject, type Path, textOf, textsOf } from '../read/objects.ts';

/** The kind of an entry. */
export type EntryKind =
  | 'kyma'
  | 'istio-http'
  | 'istio-grpc'
  | 'envoy-gateway-http'
  | 'envoy-gateway-grpc'
  | 'contour';

/** The fields of an entry that rules read. */
export type EntryField =
  | 'name'
  | 'service'
  | 'port'
  | 'timeout'
  | 'failOpen'
  | 'statusOnError'
  | 'pathPrefix'
  | 'include'
  | 'onAllow'
  | 'toBrowserOnAllow'
  | 'onDeny'
  | 'body';

/** One entry: an authorizer that a mesh can use. */
export interface Entry {
  readonly kind: EntryKind;
  readonly protocol: 'http' | 'grpc';
  readonly object: KubeObject;
  /** The path of the entry in its object. */
  readonly path: Path;
  /** The name that policies use; for Envoy Gateway and Contour, the name of the object. */
  readonly name: string;
  /** The service as the entry writes it. */
  readonly service: string;
  readonly port: number | undefined;
  /** The value of a field; undefined if it is absent or this kind of entry does not have it. */
  readonly value: (field: EntryField) => unknown;
  /** The texts of a list; undefined if it is absent. */
  readonly texts: (field: EntryField) => readonly string[] | undefined;
  /** Whether this kind of entry has the field. */
  readonly has: (field: EntryField) => boolean;
  /** The name of a field in the notation of its manifest, for example `headers.toUpstream.onAllow`. */
  readonly fieldName: (field: EntryField) => string;
  /** The place of a field; for an absent one, of the entry. */
  readonly at: (field?: EntryField) => Place;
}

type Shape = Partial<Readonly<Record<EntryField, Path>>>;

const istioHttp = 'envoyExtAuthzHttp';
const istioGrpc = 'envoyExtAuthzGrpc';

/** The paths of the fields, relative to the entry. */
const shapes: Readonly<Record<EntryKind, Shape>> = {
  kyma: {
    name: ['name'],
    service: ['service'],
    port: ['port'],
    timeout: ['timeout'],
    pathPrefix: ['pathPrefix'],
    include: ['headers', 'inCheck', 'include'],
    onAllow: ['headers', 'toUpstream', 'onAllow'],
    toBrowserOnAllow: ['headers', 'toDownstream', 'onAllow'],
    onDeny: ['headers', 'toDownstream', 'onDeny'],
  },
  'istio-http': {
    name: ['name'],
    service: [istioHttp, 'service'],
    port: [istioHttp, 'port'],
    timeout: [istioHttp, 'timeout'],
    failOpen: [istioHttp, 'failOpen'],
    statusOnError: [istioHttp, 'statusOnError'],
    pathPrefix: [istioHttp, 'pathPrefix'],
    include: [istioHttp, 'includeRequestHeadersInCheck'],
    onAllow: [istioHttp, 'headersToUpstreamOnAllow'],
    toBrowserOnAllow: [istioHttp, 'headersToDownstreamOnAllow'],
    onDeny: [istioHttp, 'headersToDownstreamOnDeny'],
    body: [istioHttp, 'includeRequestBodyInCheck'],
  },
  'istio-grpc': {
    name: ['name'],
    service: [istioGrpc, 'service'],
    port: [istioGrpc, 'port'],
    timeout: [istioGrpc, 'timeout'],
    failOpen: [istioGrpc, 'failOpen'],
    statusOnError: [istioGrpc, 'statusOnError'],
    body: [istioGrpc, 'includeRequestBodyInCheck'],
  },
  'envoy-gateway-http': {
    timeout: ['timeout'],
    failOpen: ['failOpen'],
    pathPrefix: ['http', 'path'],
    include: ['headersToExtAuth'],
    onAllow: ['http', 'headersToBackend'],
    body: ['bodyToExtAuth'],
  },
  'envoy-gateway-grpc': {
    timeout: ['timeout'],
    failOpen: ['failOpen'],
    include: ['headersToExtAuth'],
    body: ['bodyToExtAuth'],
  },
  contour: { timeout: ['responseTimeout'], failOpen: ['failOpen'], body: ['withRequestBody'] },
};

/** The deprecated name of the list of headers in a check. */
const oldInclude: Path = [istioHttp, 'includeHeadersInCheck'];

/** The entries of an object. */
export function entriesOf(object: KubeObject): readonly Entry[] {
  const { kind, group } = object;
  if (kind === 'Istio' && group === 'operator.kyma-project.io')
    return kymaEntries(object, ['spec', 'config', 'authorizers']);
  if (kind === 'IstioOperator' || (kind === 'Istio' && group === 'sailoperator.io'))
    return [
      ['spec', 'meshConfig'],
      ['spec', 'values', 'meshConfig'],
    ].flatMap((path) => istioEntries(object, path));
  if (kind === '')
    return [
      ...kymaEntries(object, ['spec', 'config', 'authorizers']),
      ...istioEntries(object, ['meshConfig']),
      ...istioEntries(object, ['spec', 'meshConfig']),
      ...istioEntries(object, []),
    ];
  if (kind === 'SecurityPolicy' && group === 'gateway.envoyproxy.io') return envoyGatewayEntries(object);
  if (kind === 'HTTPProxy' && group === 'projectcontour.io') return contourEntries(object);
  return [];
}

function kymaEntries(object: KubeObject, path: Path): readonly Entry[] {
  return object.list(...path).map((_, index) => entryOf(object, [...path, index], 'kyma'));
}

function istioEntries(object: KubeObject, above: Path): readonly Entry[] {
  const path = [...above, 'extensionProviders'];
  return object.list(...path).flatMap((provider, index) => {
    const kind = isMapping(provider[istioHttp])
      ? 'istio-http'
      : isMapping(provider[istioGrpc])
        ? 'istio-grpc'
        : undefined;
    return kind === undefined ? [] : [entryOf(object, [...path, index], kind)];
  });
}

function envoyGatewayEntries(object: KubeObject): readonly Entry[] {
  const protocol = object.get('spec', 'extAuth', 'http') === undefined ? 'grpc' : 'http';
  if (!isMapping(object.get('spec', 'extAuth'))) return [];
  const [first = {}] = object.list('spec', 'extAuth', protocol, 'backendRefs');
  const single = object.get('spec', 'extAuth', protocol, 'backendRef');
  const backend = isMapping(single) ? single : first;
  const namespace = textOf(backend.namespace) || object.namespace;
  return [
    entryOf(object, ['spec', 'extAuth'], `envoy-gateway-${protocol}`, {
      service: `${textOf(backend.name)}.${namespace}.svc.cluster.local`,
      port: backend.port,
    }),
  ];
}

function contourEntries(object: KubeObject): readonly Entry[] {
  const path = ['spec', 'virtualhost', 'authorization'];
  return isMapping(object.get(...path)) ? [entryOf(object, path, 'contour')] : [];
}

function entryOf(
  object: KubeObject,
  path: Path,
  kind: EntryKind,
  backend?: { readonly service: string; readonly port: unknown },
): Entry {
  const shape = shapes[kind];
  const pathOf = (field: EntryField): Path | undefined => {
    const fieldPath = shape[field];
    const old = kind === 'istio-http' && field === 'include' ? oldInclude : undefined;
    return old !== undefined && object.get(...path, ...old) !== undefined ? old : fieldPath;
  };
  const value = (field: EntryField) => {
    const fieldPath = pathOf(field);
    return fieldPath === undefined ? undefined : (object.get(...path, ...fieldPath) ?? undefined);
  };
  const port = Number(backend?.port ?? value('port'));
  return {
    kind,
    protocol: kind === 'kyma' || kind.endsWith('http') ? 'http' : 'grpc',
    object,
    path,
    name: shape.name === undefined ? object.name : textOf(value('name')),
    service: backend?.service ?? textOf(value('service')),
    port: Number.isInteger(port) ? port : undefined,
    value,
    texts: (field) => (value(field) === undefined ? undefined : textsOf(value(field))),
    has: (field) => shape[field] !== undefined,
    fieldName: (field) => (pathOf(field) ?? [field]).join('.'),
    at: (field) => object.at(...path, ...((field !== undefined && pathOf(field)) || [])),
  };
}
