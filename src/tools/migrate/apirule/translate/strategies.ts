/**
 * Combines the access strategies of a rule. Oathkeeper tries them in order, and the first that finds its credential
 * decides.
 */

import type { Handler, SpecRule } from '../read/apirule.ts';
import { type Introspection, type IstioJwt, isIstioForm, type OryJwt } from '../read/handlers.ts';
import { type Access, sameAccess } from './access.ts';
import type { HandlerContext } from './handler-context.ts';
import { introspectionAccess } from './introspection.ts';
import { istioAccess, oryAccess } from './jwt.ts';

/** The access that a rule grants, and how v1beta1 routes it. */
export interface RuleAccess {
  readonly access: Access;
  /** The route of its requests: directly to the Service, or through Oathkeeper or Istio's policies. */
  readonly route: 'direct' | 'checked';
}

/** Makes the context of one strategy. */
export type ContextOf = (index: number) => HandlerContext;

const open: Access = { kind: 'open' };
const closed: Access = { kind: 'deny' };
const direct = new Set(['allow', 'no_auth']);
/** Strategies that decide about every bearer token or every request. */
const deciders = new Set(['jwt', 'oauth2_introspection', 'unauthorized']);
const opening = new Set(['allow', 'no_auth', 'noop', 'anonymous']);

/** Translates the access strategies of a rule. */
export function ruleAccess({ accessStrategies }: SpecRule, contextOf: ContextOf): RuleAccess {
  const handlers = accessStrategies.map(({ handler }) => handler);
  const route = handlers.every((handler) => direct.has(handler)) ? 'direct' : 'checked';
  const [first, ...others] = accessStrategies;
  if (first === undefined) return { access: closed, route };
  if (handlers.every((handler) => opening.has(handler))) {
    for (const [index, { handler }] of accessStrategies.entries()) reportOpen(handler, contextOf(index));
    return { access: open, route };
  }
  const guarding = accessStrategies.flatMap((strategy, index) => {
    const context = contextOf(index);
    if (!opening.has(strategy.handler))
      return [{ access: guardedAccess(strategy, context), strategy, context }];
    context.report.refuse(
      strategy.handler,
      context.source(),
      'v1beta1 rejects it together with a strategy that restricts access; only the restricting one is used',
    );
    return [];
  });
  if (others.length === 0) return { access: guarding[0]?.access ?? closed, route };
  const deciding = guarding.find(({ strategy }) => deciders.has(strategy.handler));
  for (const { access, strategy, context } of guarding)
    if (strategy !== deciding?.strategy)
      reportUnusedStrategy(strategy, access, deciding?.access ?? closed, context);
  return { access: deciding?.access ?? closed, route };
}

function reportOpen(handler: string, { report, source }: HandlerContext): void {
  if (handler === 'allow')
    report.add(
      'changed',
      handler,
      source(),
      'it becomes `noAuth: true` for the listed methods; allow opens all methods',
    );
  else if (handler === 'anonymous')
    report.add(
      'changed',
      handler,
      source(),
      'it becomes `noAuth: true`, and requests with a token are allowed too',
    );
  else report.add('kept', handler, source(), '`noAuth: true`');
}

function guardedAccess({ handler, config }: Handler, context: HandlerContext): Access {
  const { report, source } = context;
  if (handler === 'jwt')
    return isIstioForm(config)
      ? istioAccess(config as IstioJwt, context)
      : oryAccess(config as OryJwt, context);
  if (handler === 'oauth2_introspection') return introspectionAccess(config as Introspection, context);
  if (handler === 'unauthorized') {
    report.add('kept', handler, source(), '`deny: true`');
    return closed;
  }
  const reasons: Readonly<Record<string, string>> = {
    cookie_session: 'oidc-authz does not support sessions in cookies, only bearer tokens',
    oauth2_client_credentials:
      'oidc-authz does not exchange client names and secrets for tokens; clients must send a bearer token',
  };
  report.refuse(handler, source(), reasons[handler] ?? 'oidc-authz has no counterpart for this handler');
  return closed;
}

/** Reports a strategy that does not decide, since an earlier one handles all its tokens. */
function reportUnusedStrategy(
  strategy: Handler,
  access: Access,
  deciding: Access,
  { report, source }: HandlerContext,
): void {
  if (access.kind === 'token' && !sameAccess(access, deciding))
    report.add(
      'changed',
      strategy.handler,
      source(),
      'the first strategy of the rule that handles bearer tokens decides about all of them',
    );
}
