/** The parts of logins in the checks of a configuration. */
import type { Authenticate } from '../check/authenticate.ts';
import type { CheckLogin } from '../check/check.ts';
import { createDryLogins } from '../check/login/dry-logins.ts';
import { createSignIn } from '../check/login/sign-in.ts';
import type { RuledLogin } from '../check/ruled-check.ts';
import type { SelectRule } from '../check/rules/select-rule.ts';
import { createSessionForwards } from '../check/upstream-headers.ts';
import { loginTime } from '../config/login/login-time.ts';
import { createLoginPlaces, type LoginPlacesParts } from './login-places.ts';
import type { RuleSet } from './rule-sets.ts';

/** The dependencies. */
export interface LoginCheckParts extends LoginPlacesParts {
  readonly authenticate: Authenticate;
  /** Headers that any rule sets; they are removed. */
  readonly headers: readonly string[];
}

/** The logins of checks. */
export interface LoginChecks {
  readonly ofRules: (set: RuleSet, select: SelectRule) => RuledLogin;
  /** For a service without rules. */
  readonly ofService: () => CheckLogin;
}

/**
 * Creates them. While an incumbent decides, logins have no effects, because the decision of this service is only compared. In shadow
 * mode, no browser is sent to log in.
 */
export function createLoginChecks(dependencies: LoginCheckParts): LoginChecks {
  const { config, logins, authenticate, headers, clock } = dependencies;
  const { limits, shadow } = config;
  const { ofRules, ofService, isShadowed, readHost } = createLoginPlaces(dependencies);
  const parts = {
    logins: shadow.authorizer === '' ? logins : createDryLogins(logins),
    authenticate,
    readHost,
    time: loginTime(limits),
    clock,
  };
  const forwardOf = createSessionForwards(config, headers);
  const general = forwardOf();
  return {
    ofRules: (set, select) => {
      const { rules, mode } = set;
      const { places, answerOwnPath } = ofRules(set, select);
      const signIns = places.map(
        (place, index) => place && createSignIn(parts, place, isShadowed(rules[index], mode)),
      );
      const forwards = rules.map(({ outputClaimToHeaders }) => forwardOf(outputClaimToHeaders));
      return {
        answerOwnPath,
        signInOf: (rule) => signIns[rule],
        forwardOf: (rule) => forwards[rule] ?? general,
      };
    },
    ofService: () => {
      const {
        places: [place],
        answerOwnPath,
      } = ofService();
      if (place === undefined) throw new TypeError('a configuration without login has no place for a login');
      return {
        signIn: createSignIn(parts, place, isShadowed(undefined, config.mode)),
        answerOwnPath,
        forward: general,
      };
    },
  };
}
