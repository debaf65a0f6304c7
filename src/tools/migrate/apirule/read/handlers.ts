/** The handlers of APIRule v1beta1 and their `config`: the two forms of `jwt`, and the other handlers of Oathkeeper. */
import * as z from 'zod';

const texts = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
const anything = z.unknown().optional();

const tokenFrom = z
  .looseObject({
    header: z.string().nullish(),
    query_parameter: z.string().nullish(),
    cookie: z.string().nullish(),
  })
  .nullish();

/** `jwt` in the form of Oathkeeper. */
export const oryJwt = z.looseObject({
  trusted_issuers: texts,
  jwks_urls: texts,
  required_scope: texts,
  target_audience: texts,
  scope_strategy: z.string().nullish(),
  allowed_algorithms: texts,
  token_from: tokenFrom,
  jwks_max_wait: anything,
  jwks_ttl: anything,
});

/** `jwt` in the form of Istio. */
export const istioJwt = z.looseObject({
  authentications: z
    .array(
      z.looseObject({
        issuer: z.string().min(1),
        jwksUri: z.string().nullish(),
        fromHeaders: z
          .array(z.looseObject({ name: z.string(), prefix: z.string().nullish() }))
          .nullish()
          .transform((list) => list ?? []),
        fromParams: texts,
        fromParameters: texts,
      }),
    )
    .nullish()
    .transform((list) => list ?? []),
  authorizations: z
    .array(z.looseObject({ requiredScopes: texts, audiences: texts }))
    .nullish()
    .transform((list) => list ?? []),
});

/** `oauth2_introspection`. Settings that may contain credentials are not parsed. */
export const introspection = z.looseObject({
  introspection_url: anything,
  introspection_request_headers: anything,
  pre_authorization: anything,
  trusted_issuers: texts,
  required_scope: texts,
  target_audience: texts,
  scope_strategy: z.string().nullish(),
  token_from: tokenFrom,
  prefix: z.string().nullish(),
  preserve_host: anything,
  retry: anything,
  cache: anything,
});

/** Values for headers or cookies. */
const staticValues = z.looseObject({
  headers: z.record(z.string(), z.string()).nullish(),
  cookies: z.record(z.string(), z.string()).nullish(),
});

/** A mapping with any values. */
const anyConfig = z.looseObject({});

/** The `config` of `jwt` in the form of Oathkeeper. */
export type OryJwt = z.output<typeof oryJwt>;
/** The `config` of `jwt` in the form of Istio. */
export type IstioJwt = z.output<typeof istioJwt>;
/** The `config` of `oauth2_introspection`. */
export type Introspection = z.output<typeof introspection>;

/** The schema of a handler's `config`. */
export function configSchema(handler: string, config: object): z.ZodType<Record<string, unknown>> {
  if (handler === 'jwt') return isIstioForm(config) ? istioJwt : oryJwt;
  if (handler === 'oauth2_introspection') return introspection;
  return handler === 'header' || handler === 'cookie' ? staticValues : anyConfig;
}

/** Whether the `config` of `jwt` has the form of Istio; one of its fields is enough. */
export function isIstioForm(config: object): boolean {
  return 'authentications' in config || 'authorizations' in config;
}

/** The names in a `config` that its schema does not have. */
export function unknownNames(config: object, schema: z.ZodObject): string[] {
  return Object.keys(config).filter((name) => !Object.hasOwn(schema.shape, name));
}
