/** The keys of an issuer in a worker process, which receives them from the process that fetches them. */
import type { Config, IssuerConfig } from '../config/declare/options.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { KeySnapshot, LoginSource } from './issuer.ts';
import type { KeySet } from './keys/key-set.ts';
import { describeKeys } from './keys/keys-description.ts';
import { keySetRules, readKeySet } from './keys/read-key-set.ts';
import { createRemovedKeys } from './keys/removed-keys.ts';

/** The dependencies of a mirrored issuer. */
export interface MirroredIssuerDependencies {
  readonly config: IssuerConfig;
  readonly timing: Config['keys'];
  readonly maxKeys: number;
  readonly clock: Clock;
  /**
   * Asks the owner of the keys to fetch an unknown key.
   *
   * @returns whether a fetch was due; resolves after the fetched keys have arrived here
   */
  readonly fetch: (keyId: string) => Promise<boolean>;
}

/** An issuer whose keys another process fetches. */
export interface MirroredIssuer extends LoginSource {
  readonly update: (snapshot: KeySnapshot) => void;
}

/** The pause before the owner is asked again after it found no fetch due, in milliseconds. */
const pauseAfterNoFetch = 500;

/** Creates an issuer without keys. */
export function createMirroredIssuer(dependencies: MirroredIssuerDependencies): MirroredIssuer {
  const { config, timing, maxKeys, clock, fetch } = dependencies;
  const rules = keySetRules(config, maxKeys);
  const removed = createRemovedKeys();
  let keySet: KeySet | undefined;
  let text: string | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY;
  let isFailing = false;
  let problem: string | undefined;
  let problemSince: number | undefined;
  let login: KeySnapshot['login'];
  let asking: Promise<void> | undefined;
  let askAgainAt = Number.NEGATIVE_INFINITY;

  const isRecent = () => clock.monotonic() - loadedAt <= timing.maxStale;
  const keys = () => (!isFailing || isRecent() ? keySet : undefined);
  const knowsKeyId = (id: string) => keys()?.knows(id) ?? false;

  const askOwner = async (id: string) => {
    const wasDue = await fetch(id);
    asking = undefined;
    askAgainAt =
      clock.monotonic() +
      (wasDue ? timing.minRefreshInterval : Math.min(pauseAfterNoFetch, timing.minRefreshInterval));
  };
  const ask = (id: string): Promise<void> | undefined => {
    if (asking === undefined && clock.monotonic() < askAgainAt) return undefined;
    asking ??= askOwner(id);
    return asking;
  };

  return {
    update: (snapshot) => {
      if (snapshot.text !== undefined && snapshot.text !== text) {
        const next = readKeySet(snapshot.text, rules, keySet).keySet;
        removed.replaced(keySet, next, clock.now());
        [keySet, text] = [next, snapshot.text];
      }
      ({ isFailing, problem, problemSince, login } = snapshot);
      if (snapshot.age !== undefined) loadedAt = clock.monotonic() - snapshot.age;
    },
    describeKeys: () =>
      describeKeys(
        keySet,
        loadedAt === Number.NEGATIVE_INFINITY ? undefined : clock.monotonic() - loadedAt,
        problem,
        problemSince,
        removed.list(),
      ),
    loginMetadata: () => login,
    hasKeys: () => keys() !== undefined,
    findKeys: (id, algorithm) => keys()?.find(id, algorithm) ?? [],
    knowsKeyId,
    holds: (key) => keys()?.holds(key) ?? false,
    published: () => (keys() === undefined ? undefined : text),
    // The current request may have started before the key was published.
    fetchForUnknownKey: (id) => asking?.then(() => (knowsKeyId(id) ? undefined : ask(id))) ?? ask(id),
  };
}
