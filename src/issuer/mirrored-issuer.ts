/** The keys of an issuer in a process that does not fetch them: it has them from the one that does. */
import type { Config, IssuerConfig } from '../config/declare/options.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { IssuerKeys, KeySnapshot } from './issuer.ts';
import type { KeySet } from './keys/key-set.ts';
import { keySetRules, readKeySet } from './keys/read-key-set.ts';

/** What a mirrored issuer needs. */
export interface MirroredIssuerDependencies {
  readonly config: IssuerConfig;
  readonly timing: Config['keys'];
  readonly maxKeys: number;
  readonly clock: Clock;
  /**
   * Has the owner of the keys fetch them for an unknown key.
   *
   * @returns resolves when the keys are those that came of it: whether a fetch was due
   */
  readonly fetch: (keyId: string) => Promise<boolean>;
}

/** An issuer whose keys come from elsewhere. */
export interface MirroredIssuer extends IssuerKeys {
  readonly update: (snapshot: KeySnapshot) => void;
}

/** After an owner found no fetch due, it is asked again at the earliest after this, in milliseconds. */
const patience = 500;

/** Makes an issuer without keys. */
export function createMirroredIssuer(dependencies: MirroredIssuerDependencies): MirroredIssuer {
  const { config, timing, maxKeys, clock, fetch } = dependencies;
  const rules = keySetRules(config, maxKeys);
  let keySet: KeySet | undefined;
  let text: string | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY;
  let isFailing = false;
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
      (wasDue ? timing.minRefreshInterval : Math.min(patience, timing.minRefreshInterval));
  };
  const ask = (id: string): Promise<void> | undefined => {
    if (asking === undefined && clock.monotonic() < askAgainAt) return undefined;
    asking ??= askOwner(id);
    return asking;
  };

  return {
    update: (snapshot) => {
      if (snapshot.text !== undefined && snapshot.text !== text) {
        keySet = readKeySet(snapshot.text, rules, keySet).keySet;
        text = snapshot.text;
      }
      isFailing = snapshot.isFailing;
      if (snapshot.age !== undefined) loadedAt = clock.monotonic() - snapshot.age;
    },
    hasKeys: () => keys() !== undefined,
    findKeys: (id, algorithm) => keys()?.find(id, algorithm) ?? [],
    knowsKeyId,
    holds: (key) => keys()?.holds(key) ?? false,
    // What is being asked may have begun before the key was published.
    fetchForUnknownKey: (id) => asking?.then(() => (knowsKeyId(id) ? undefined : ask(id))) ?? ask(id),
  };
}
