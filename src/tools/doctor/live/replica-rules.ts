/** Rules of `doctor` about several replicas of a running service. */
import { metricPrefix } from '../../../observe/metric-definitions.ts';
import { listAt, textAt } from '../envoy/message.ts';
import type { Rule } from '../rule.ts';
import type { ServiceInput } from './ask-service.ts';

const sessionKeys: Rule<readonly ServiceInput[]> = {
  id: 'K18',
  title: 'Replicas with different session keys',
  severity: 'error',
  effect:
    'A replica cannot open the cookies that another one sealed with a key that it does not have. Logins fail, and sessions are lost.',
  fix: 'Give every replica the same file `sessions.keysFile`. After a change, wait until every replica has loaded it (docs/sessions.md#keys).',
  check: (services) => {
    const [first, ...others] = services.map((service) => ({
      url: service.url,
      keys: listAt(service.readiness, 'sessionKeys').join(', '),
    }));
    return others.flatMap(({ url, keys }) =>
      first === undefined || keys === first.keys
        ? []
        : [
            {
              place: { file: url, object: '', path: '/readyz' },
              cause: `Its session keys are ${keys || 'absent'}; those of ${first.url} are ${first.keys || 'absent'}.`,
            },
          ],
    );
  },
};

const stores: Rule<readonly ServiceInput[]> = {
  id: 'K48',
  title: 'Replicas that may use different stores',
  severity: 'warning',
  effect:
    'With different stores, a replica does not know the sessions, sign-outs and revocations of the others. People are asked to sign in again and again.',
  fix: 'Give every replica the same configuration. Wait until all of them have it: a change of `state.valkey` needs a restart (docs/state.md).',
  check: (services) => {
    const [first, ...others] = services.map((service) => ({
      url: service.url,
      store: textAt(service.readiness, 'state', 'store'),
      hash: service.samples.find(({ name }) => name === `${metricPrefix}config_hash_info`)?.labels.hash,
    }));
    if (first === undefined) return [];
    const has = ({ store }: { readonly store: string }) => store !== '';
    return others.flatMap((other) => {
      const place = { file: other.url, object: '', path: '/readyz' };
      if (has(first) !== has(other)) {
        const [one, none] = has(first) ? [first.url, other.url] : [other.url, first.url];
        const cause = `${one} uses a store, and ${none} uses none.`;
        return [{ place, cause, severity: 'error' as const }];
      }
      return has(first) && first.hash !== other.hash
        ? [{ place, cause: `It has another configuration than ${first.url}, and both use a store.` }]
        : [];
    });
  },
};

/** The rules about several replicas. */
export const replicaRules: readonly Rule<readonly ServiceInput[]>[] = [sessionKeys, stores];
