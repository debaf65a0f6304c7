/** The access strategies of a rule together: who is let in. Oathkeeper asks them in their order, and the first that finds its credential decides. */

import type { Handler, SpecRule } from '../read/apirule.ts';
import { type Introspection, type IstioJwt, isIstioForm, type OryJwt } from '../read/handlers.ts';
import { type Access, sameAccess } from './access.ts';
import type { HandlerContext } from './handler-context.ts';
import { introspectionAccess } from './introspection.ts';
import { istioAccess, oryAccess } from './jwt.ts';

/** What a rule lets in, and how v1beta1 routed it. */
export interface RuleAccess {
  readonly access: Access;
  /** How its requests went: straight to the Service, or first to Oathkeeper or Istio's policies. */
  readonly route: 'direct' | 'checked';
}

/** Makes the context of one strategy. */
export type ContextOf = (index: number) => HandlerContext;

const open: Access = { kind: 'open' };
const closed: Access = { kind: 'deny' };
const direct = new Set(['allow', 'no_auth']);
/** Those that decide about every bearer token, or every request. */
const deciders = new Set(['jwt', 'oauth2_introspection', 'unauthorized']);
const opening = new Set(['allow', 'no_auth', 'noop', 'anonymous']);

/** Reads the access strategies of a rule. */
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
      'it stands beside a strategy that guards, which v1beta1 itself refuses; only what guards is kept',
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
      'it becomes `noAuth: true`, which opens the methods that are listed; allow opened all of them',
    );
  else if (handler === 'anonymous')
    report.add(
      'changed',
      handler,
      source(),
      'it becomes `noAuth: true`, and requests that carry a token pass too',
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
    cookie_session: 'sessions in cookies are not understood here, only bearer tokens',
    oauth2_client_credentials:
      'client names and secrets are not exchanged for tokens here; clients must bring a bearer token',
  };
  report.refuse(handler, source(), reasons[handler] ?? 'nothing here does what this handler does');
  return closed;
}

/** What never decided, or does no more: a later strategy gets no token that an earlier one understands. */
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
      'the first strategy of the rule that understands bearer tokens decides about all of them',
    );
}
