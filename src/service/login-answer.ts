/** Answers the paths of the login for a listener that only serves those. The host selects the rules, because no policy is named. */
import type { AnswerOwnPath } from '../check/login/own-paths.ts';
import { createClientAddress } from '../check/rules/client-address.ts';
import { createSelectRule } from '../check/rules/select-rule.ts';
import { createLoginPlaces, type LoginPlacesParts } from './login-places.ts';
import { generalRules, policyRules } from './rule-sets.ts';

/** Creates the function. Policies have no host with a login in common, so at most one of them answers a request. */
export function createLoginAnswer(parts: LoginPlacesParts): AnswerOwnPath {
  const { config } = parts;
  const { hosts, paths, clientAddress } = config;
  const places = createLoginPlaces(parts);
  const general = generalRules(config);
  const sets = general === undefined ? policyRules(config) : [general];
  const all =
    sets === undefined
      ? [places.ofService()]
      : sets.map((set) => {
          const select = createSelectRule(set.rules, createClientAddress(clientAddress), {
            ...set,
            hosts,
            paths,
          });
          return places.ofRules(set, select);
        });
  const answers = all.flatMap(({ answerOwnPath }) => answerOwnPath ?? []);
  return (request, trace) => {
    for (const answerOwnPath of answers) {
      const answer = answerOwnPath(request, trace);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
}
