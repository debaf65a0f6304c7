/** Translates mutators: the changes of a request before the workload gets it. */
import type { Handler } from '../read/apirule.ts';
import type { Report } from './findings.ts';

/** The request changes that APIRule v2 makes at the gateway. */
export interface RequestChanges {
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: Readonly<Record<string, string>>;
}

/** The context of a rule's mutators. */
export interface MutatorContext {
  readonly report: Report;
  /** The location of a mutator, with the names of the APIRule and the rule. */
  readonly source: (index: number) => string;
  /**
   * Whether the gateway applies them, which replaces `%…%` in values; if not, Oathkeeper does, which replaces `{{ …
   * }}`.
   */
  readonly isIstio: boolean;
  /** Whether v1beta1 applies mutators: not if the rule routes directly to the Service. */
  readonly isApplied: boolean;
}

/** Translates the mutators of a rule. Values are never reported, since they may be credentials. */
export function requestChanges(
  mutators: readonly Handler[],
  context: MutatorContext,
): RequestChanges | undefined {
  const { report, source } = context;
  let [headers, cookies]: [Record<string, string>, Record<string, string>] = [{}, {}];
  for (const [index, { handler, config }] of mutators.entries()) {
    const at = source(index);
    if (!context.isApplied) {
      report.add(
        'meaningless',
        handler,
        at,
        'v1beta1 applies no mutators for the handlers allow and no_auth',
      );
      continue;
    }
    if (handler === 'noop') {
      report.add('meaningless', handler, at, 'it changes nothing');
      continue;
    }
    if (handler !== 'header' && handler !== 'cookie') {
      report.refuse(handler, at, refusals[handler] ?? 'oidc-authz has no counterpart for this mutator');
      continue;
    }
    const values = (handler === 'header' ? config.headers : config.cookies) as
      | Record<string, string>
      | null
      | undefined;
    const names = Object.keys(values ?? {});
    const moving = names.filter((name) => !isStatic(values?.[name] ?? '', context.isIstio));
    for (const name of moving)
      report.refuse(
        handler,
        at,
        `the value of ${name} comes from the session; to send claims of the token upstream, set \`outputClaimToHeaders\``,
      );
    const staticValues = Object.fromEntries(
      Object.entries(values ?? {}).filter(([name]) => !moving.includes(name)),
    );
    if (Object.keys(staticValues).length === 0) continue;
    const where = handler === 'header' ? 'request.headers' : 'request.cookies';
    if (handler === 'cookie' && !context.isIstio)
      report.add(
        'changed',
        handler,
        at,
        `\`${where}\` replaces all cookies of the client; Oathkeeper keeps the others`,
      );
    else report.add('kept', handler, at, `\`${where}\`: ${Object.keys(staticValues).join(', ')}`);
    if (handler === 'header') headers = { ...headers, ...staticValues };
    else cookies = { ...cookies, ...staticValues };
  }
  if (Object.keys(headers).length + Object.keys(cookies).length === 0) return undefined;
  return {
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(Object.keys(cookies).length > 0 && { cookies }),
  };
}

const refusals: Readonly<Record<string, string>> = {
  id_token: 'oidc-authz makes no tokens; the workload gets that of the client',
  hydrator: 'oidc-authz fetches no data about a request',
};

function isStatic(value: string, isIstio: boolean): boolean {
  return isIstio || (!value.includes('{{') && !value.includes('%'));
}
