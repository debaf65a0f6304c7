/** The handlers of APIRule v1beta1 and what their `config` may say, in the two forms of `jwt` and in Oathkeeper's others. */
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

/** `jwt` as Oathkeeper has it. */
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

/** `jwt` as Istio has it. */
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

/** `oauth2_introspection`; what may hold credentials is only known to be there. */
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

/** Names with values of any kind. */
const anyConfig = z.looseObject({});

/** What `jwt` says in Oathkeeper's form. */
export type OryJwt = z.output<typeof oryJwt>;
/** What `jwt` says in Istio's form. */
export type IstioJwt = z.output<typeof istioJwt>;
/** What `oauth2_introspection` says. */
export type Introspection = z.output<typeof introspection>;

/** The schema of a handler's `config`. */
export function configSchema(handler: string, config: object): z.ZodType<Record<string, unknown>> {
  if (handler === 'jwt') return isIstioForm(config) ? istioJwt : oryJwt;
  if (handler === 'oauth2_introspection') return introspection;
  return handler === 'header' || handler === 'cookie' ? staticValues : anyConfig;
}

/** Whether the `config` of `jwt` has Istio's form: one field of it is enough. */
export function isIstioForm(config: object): boolean {
  return 'authentications' in config || 'authorizations' in config;
}

/** The names that a `config` has and its schema does not. */
export function unknownNames(config: object, schema: z.ZodObject): string[] {
  return Object.keys(config).filter((name) => !Object.hasOwn(schema.shape, name));
}
