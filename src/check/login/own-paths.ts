/** Answers requests to the paths of the login, before any rule is selected. The answer is never an allow. */
import type { LoginHost } from '../../config/login/read-login-host.ts';
import { hostCovers } from '../../config/rules/patterns.ts';
import { readHost } from '../../config/values/hosts.ts';
import type { LoginPlace, Logins, PlaceOfPath } from '../../login/logins.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Decision } from '../../model/decision.ts';
import type { Trace } from '../../model/trace.ts';
import { pathOf } from '../../runtime/path-of.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { withDeadline } from '../../runtime/time/deadline.ts';
import { internalError } from '../authenticate.ts';
import { tooLateForLogin } from './login-deadline.ts';
import { readOwnPath } from './read-own-path.ts';
import { unreadableHost, unreadablePath } from './unreadable-details.ts';

/** A place, and the hosts of its rule. */
export interface HostedPlace {
  readonly place: LoginPlace;
  /** `match.hosts`; undefined if the rule matches every host. */
  readonly hosts: readonly string[] | undefined;
}

/** The dependencies. */
export interface OwnPathsParts {
  readonly logins: Pick<Logins, 'isOwnPath' | 'answerOwnPath' | 'explainDenial'>;
  /** The name of the policy, or empty. */
  readonly policy: string;
  /** The places of the policy that are enforced. In shadow mode, a login must not take a path away from the workload. */
  readonly places: readonly HostedPlace[];
  /** Finds the place of the rule that matches a path. */
  readonly placeOf: PlaceOfPath;
  readonly readHost: (host: string) => LoginHost;
  readonly portsAreIgnored: boolean;
  /** How long an answer can wait for an issuer, in milliseconds. */
  readonly time: number;
  readonly clock: Clock;
}

/** Answers a request to a path of the login. Undefined for other requests, which the rules decide. */
export type AnswerOwnPath = (
  request: CheckRequest,
  trace?: Trace,
) => Decision | Promise<Decision> | undefined;

/** Creates the function. On hosts with a login, a path that servers can read differently is denied. */
export function createAnswerOwnPath(parts: OwnPathsParts): AnswerOwnPath {
  const { logins, policy, places, placeOf, readHost: readLoginHost, portsAreIgnored, time, clock } = parts;
  const placesOn = ({ host }: CheckRequest) => {
    const { name = '', port } = readHost(host) ?? {};
    const names = port === undefined ? [name] : [`${name}:${port}`, ...(portsAreIgnored ? [name] : [])];
    return places.filter(
      ({ hosts }) =>
        hosts === undefined || hosts.some((pattern) => names.some((one) => hostCovers(pattern, one))),
    );
  };
  /** For a path of the login: the first place of the host, with the issuers of all, since the login itself has no rule. */
  const placeOfHost = (request: CheckRequest): LoginPlace | undefined => {
    const all = placesOn(request).map(({ place }) => place);
    const place = all.find(({ when }) => when !== 'never') ?? all[0];
    return place && { ...place, issuers: [...new Set([place, ...all].flatMap(({ issuers }) => issuers))] };
  };
  const placeFor: PlaceOfPath = (request, path) =>
    logins.isOwnPath(path) ? placeOfHost(request) : placeOf(request, path);
  const tooLate = (request: CheckRequest): Decision => {
    const place = placeOfHost(request);
    const late = tooLateForLogin(time);
    return place === undefined ? late : logins.explainDenial(late, request, place);
  };
  const answer = (request: CheckRequest, trace: Trace | undefined) => {
    // The central host has the same policy, whichever the mesh names.
    const of = placeOfHost(request)?.policy ?? policy;
    const decision = logins.answerOwnPath(request, of, placeFor, trace);
    return decision instanceof Promise
      ? withDeadline(decision.catch(internalError), time, clock, () => tooLate(request)).then(neverAllowed)
      : neverAllowed(decision);
  };

  return (request, trace) => {
    const path = pathOf(request.path);
    const reading = readOwnPath(path, logins.isOwnPath);
    if (reading === 'other') return undefined;
    const host = readLoginHost(request.host);
    if (host === 'unreadable') return unreadableHost(request);
    if (host === 'other' || placesOn(request).length === 0) return undefined;
    return reading === 'ambiguous' ? unreadablePath(request) : answer(request, trace);
  };
}

/** A defect in the login must not become an allow. */
function neverAllowed(decision: Decision): Decision {
  return decision.outcome === 'allow'
    ? internalError(new TypeError('a path of the login was answered with an allow'))
    : decision;
}
