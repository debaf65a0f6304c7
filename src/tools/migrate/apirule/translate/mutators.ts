/** Mutators: what is set on a request before the workload gets it. */
import type { Handler } from '../read/apirule.ts';
import type { Report } from './findings.ts';

/** What APIRule v2 sets on requests at the gateway. */
export interface RequestChanges {
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: Readonly<Record<string, string>>;
}

/** Where a rule's mutators stand, and who applied them. */
export interface MutatorContext {
  readonly report: Report;
  /** The place of a mutator, with the APIRule and the rule. */
  readonly source: (index: number) => string;
  /** Whether the gateway applied them, which reads `%…%` in values; else it was Oathkeeper, which reads `{{ … }}`. */
  readonly isIstio: boolean;
  /** Whether v1beta1 applied any: not where a rule leads straight to the Service. */
  readonly isApplied: boolean;
}

/** Reads the mutators of a rule. Values are never told: they may be credentials. */
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
        'v1beta1 applies no mutator where the handler is allow or no_auth',
      );
      continue;
    }
    if (handler === 'noop') {
      report.add('meaningless', handler, at, 'it changes nothing');
      continue;
    }
    if (handler !== 'header' && handler !== 'cookie') {
      report.refuse(handler, at, refusals[handler] ?? 'nothing here does what this mutator does');
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
        `the value of ${name} is made of the session; the claims of a token go upstream with \`outputClaimToHeaders\``,
      );
    const kept = Object.fromEntries(Object.entries(values ?? {}).filter(([name]) => !moving.includes(name)));
    if (Object.keys(kept).length === 0) continue;
    const where = handler === 'header' ? 'request.headers' : 'request.cookies';
    if (handler === 'cookie' && !context.isIstio)
      report.add(
        'changed',
        handler,
        at,
        `\`${where}\` replaces all cookies of the client; Oathkeeper left the others`,
      );
    else report.add('kept', handler, at, `\`${where}\`: ${Object.keys(kept).join(', ')}`);
    if (handler === 'header') headers = { ...headers, ...kept };
    else cookies = { ...cookies, ...kept };
  }
  if (Object.keys(headers).length + Object.keys(cookies).length === 0) return undefined;
  return {
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(Object.keys(cookies).length > 0 && { cookies }),
  };
}

const refusals: Readonly<Record<string, string>> = {
  id_token: 'no token is made here; the workload gets the one of the client',
  hydrator: 'nothing is fetched about a request here',
};

function isStatic(value: string, isIstio: boolean): boolean {
  return isIstio || (!value.includes('{{') && !value.includes('%'));
}
