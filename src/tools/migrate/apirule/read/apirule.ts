/** Parses an APIRule in v1beta1 and reports all problems with its shape. */
import * as z from 'zod';
import type { Problem } from '../../../../config/validate/problems.ts';
import type { FoundApiRule } from './documents.ts';
import { configSchema, isIstioForm } from './handlers.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;

const service = z.looseObject({
  name: z.string().min(1),
  port: z.int().min(1).max(65535),
  namespace: z.string().nullish(),
  external: z.boolean().nullish(),
});
const timeout = z.int().min(1).max(3900).nullish();

const handler = z.looseObject({
  handler: z.string().min(1),
  config: z
    .looseObject({})
    .nullish()
    .transform((config) => config ?? {}),
});

const texts = z.array(z.string()).nullish();

const corsPolicy = z.looseObject({
  allowHeaders: texts,
  allowMethods: texts,
  allowOrigins: z.array(z.record(z.string(), z.string())).nullish(),
  allowCredentials: z.boolean().nullish(),
  exposeHeaders: texts,
  maxAge: z.string().nullish(),
});

const rule = z.looseObject({
  path: z.string().min(1),
  methods: z.array(z.enum(methods)).min(1),
  accessStrategies: z.array(handler).min(1),
  mutators: z
    .array(handler)
    .nullish()
    .transform((list) => list ?? []),
  service: service.nullish(),
  timeout,
});

const spec = z
  .looseObject({
    host: z.string().min(1).nullish(),
    hosts: z.array(z.string().min(1)).nullish(),
    gateway: z.string().min(1),
    service: service.nullish(),
    timeout,
    corsPolicy: corsPolicy.nullish(),
    rules: z.array(rule).min(1),
  })
  .superRefine((value, context) => {
    if (typeof value.host !== 'string' && (value.hosts ?? []).length === 0)
      context.addIssue({ code: 'custom', path: ['host'], message: 'expected a host' });
  });

const metadata = z.looseObject({
  name: z.string().min(1).max(253),
  namespace: z.string().nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
});

/** One handler of a rule: an access strategy or a mutator. */
export type Handler = z.output<typeof handler>;
/** One rule of the spec. */
export type SpecRule = z.output<typeof rule>;
/** The Service of a rule. */
export type ServiceReference = z.output<typeof service>;
/** The access of browsers of other origins. */
export type CorsPolicy = z.output<typeof corsPolicy>;

/** An APIRule in v1beta1. */
export interface ApiRule {
  /** `namespace/name`, for the report. */
  readonly label: string;
  readonly metadata: z.output<typeof metadata>;
  readonly spec: z.output<typeof spec>;
  /** The location of a value below `spec`. */
  readonly place: (path: readonly PropertyKey[]) => string;
  /** Whether the `jwtHandler` of the cluster is `istio`; only then can a rule have that form. */
  readonly isIstio: boolean;
}

/** Parses an APIRule; returns problems if it is not valid v1beta1. */
export function readApiRule(found: FoundApiRule): ApiRule | readonly Problem[] {
  const head = metadata.safeParse(found.metadata);
  const body = spec.safeParse(found.spec);
  const problems: Problem[] = [
    ...problemsOf(head.error, ['metadata'], found),
    ...problemsOf(body.error, ['spec'], found),
  ];
  if (!head.success || !body.success) return problems;
  const rules: SpecRule[] = body.data.rules.map((one, index) => ({
    ...one,
    accessStrategies: one.accessStrategies.map((strategy, at) =>
      withConfig(strategy, ['spec', 'rules', index, 'accessStrategies', at, 'config'], found, problems),
    ),
    mutators: one.mutators.map((mutator, at) =>
      withConfig(mutator, ['spec', 'rules', index, 'mutators', at, 'config'], found, problems),
    ),
  }));
  if (problems.length > 0) return problems;
  const { name, namespace } = head.data;
  const isIstio = rules
    .flatMap(({ accessStrategies }) => accessStrategies)
    .some((strategy) => strategy.handler === 'jwt' && isIstioForm(strategy.config));
  return {
    label: `${namespace ?? 'default'}/${name}`,
    metadata: head.data,
    spec: { ...body.data, rules },
    place: (path) => found.place(['spec', ...path]),
    isIstio,
  };
}

/** The known names below paths of the `spec`. */
export const knownNames = {
  spec: Object.keys(spec.shape),
  service: Object.keys(service.shape),
  rule: Object.keys(rule.shape),
  corsPolicy: Object.keys(corsPolicy.shape),
} as const;

function withConfig(
  original: Handler,
  path: readonly PropertyKey[],
  found: FoundApiRule,
  problems: Problem[],
): Handler {
  const parsed = configSchema(original.handler, original.config).safeParse(original.config);
  problems.push(...problemsOf(parsed.error, path, found));
  return parsed.success ? { ...original, config: parsed.data } : original;
}

/** The messages never quote a value, since it may be a credential. */
function problemsOf(
  error: z.ZodError | undefined,
  above: readonly PropertyKey[],
  { place }: FoundApiRule,
): Problem[] {
  return (error?.issues ?? []).map(({ path, message, code }) => ({
    path: [...above, ...path].reduce<string>(
      (text, part) =>
        typeof part === 'number' ? `${text}[${part}]` : `${text}${text === '' ? '' : '.'}${String(part)}`,
      '',
    ),
    source: place([...above, ...path]),
    message: code === 'custom' ? message : message.replace(/^Invalid input: /, ''),
  }));
}
