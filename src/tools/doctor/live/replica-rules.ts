/** Rules of `doctor` about several replicas of a running service. */
import { listAt } from '../envoy/message.ts';
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

/** The rules about several replicas. */
export const replicaRules: readonly Rule<readonly ServiceInput[]>[] = [sessionKeys];
